"""Numbers as people write them: 1,240 tok/s, 0.85 M, 12.4 MB, 2 min 10 s. Never 0.8234523."""

import math
from datetime import datetime
from typing import TypeGuard

from fmstudio.wording import plural as plural

_DASH = "–"
_SHORT_UNITS = {"tokens/s": "tok/s", "steps/s": "steps/s", "bytes/s": "B/s"}


def count(value: float | None) -> str:
    """A whole number with separators: 12,345."""
    return _DASH if not _known(value) else f"{value:,.0f}"


def number(value: float | None, digits: int = 3) -> str:
    """A measured number to `digits` significant figures: 2.35, 0.0412, 1,240, 3.0e-4."""
    if not _known(value):
        return _DASH
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e9:
        return scientific(value, digits - 1)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}"


def scientific(value: float, digits: int = 2) -> str:
    """A number as it is written in recipes: 3e-4, 2.5e-5."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def setting_number(value: float) -> str:
    """A setting's value, exact and short: 0.1, 3e-4, 64, 1e-5."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.10g}"
    return scientific(value, 10)


def millions(value: float | None) -> str:
    """A count of parameters or tokens: 820, 12.4 k, 0.85 M, 1.24 B."""
    if not _known(value):
        return _DASH
    for limit, divisor, unit in ((1e3, 1, ""), (1e5, 1e3, " k"), (1e9, 1e6, " M"), (math.inf, 1e9, " B")):
        if abs(value) < limit:
            return _scaled(value / divisor, unit)
    raise AssertionError("unreachable")


def size(value: float | None) -> str:
    """Bytes in decimal units: 512 B, 12.4 MB."""
    if not _known(value):
        return _DASH
    for power, unit in enumerate(("B", "kB", "MB", "GB")):
        if abs(value) < 999.5 * 1000**power:
            return _scaled(value / 1000**power, f" {unit}")
    return _scaled(value / 1e12, " TB")


def duration(seconds: float | None) -> str:
    """A time span: 0.4 s, 41 s, 2 min 10 s, 3 h 05 min."""
    if not _known(seconds):
        return _DASH
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600:02} h"


def clock(seconds: float | None) -> str:
    """Time left in the fewest signs: 0:41, 12:05, 1:02:05."""
    if not _known(seconds):
        return _DASH
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(value: float | None, unit: str) -> str:
    """A pace: 1,240 tok/s, 3.4 MB/s, 2.1 steps/s."""
    if not _known(value):
        return _DASH
    if unit == "bytes/s":
        return f"{size(value)}/s"
    return f"{number(value) if value < 100 else count(value)} {_SHORT_UNITS.get(unit, unit)}"


def percent(fraction: float | None) -> str:
    """How far something is: 64 %. Only what is really done shows as 100 %."""
    if not _known(fraction):
        return _DASH
    return f"{math.floor(fraction * 100 + 1e-9)} %"


def share(fraction: float | None) -> str:
    """A part of a whole, to the nearest per cent: 67 % for two of three. Only the whole is 100 %."""
    if not _known(fraction):
        return _DASH
    nearest = math.floor(fraction * 100 + 0.5 + 1e-9)
    return f"{99 if nearest == 100 and fraction < 1 else nearest} %"


def when(timestamp: str, present: datetime | None = None) -> str:
    """An ISO timestamp as a person says it: just now, 5 min ago, today 14:02, 3 Mar, 3 Mar 2024."""
    try:
        moment = datetime.fromisoformat(timestamp).astimezone()
    except ValueError:
        return timestamp
    present = (present or datetime.now()).astimezone()
    seconds = (present - moment).total_seconds()
    if 0 <= seconds < 60:
        return "just now"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if moment.date() == present.date():
        return f"today {moment:%H:%M}"
    day = f"{moment.day} {moment:%b}"
    return day if moment.year == present.year else f"{day} {moment.year}"


def breakable(path: str) -> str:
    """A path that may go on in the next line after each of its parts."""
    for end in "/\\_-":
        path = path.replace(end, f"{end}\N{ZERO WIDTH SPACE}")
    return path


def _scaled(value: float, unit: str) -> str:
    if unit in ("", " B") and value == int(value):
        return f"{value:.0f}{unit}"
    return f"{value:.{2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0}f}{unit}"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
