"""Numbers as plots write them: few characters beside an axis, fixed decimals in a readout, seconds as a clock."""

import math

_WRITTEN_OUT = 9_999.5
_LETTERS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def compact(value: float) -> str:
    """A number in few characters: 12,400 as "12.4k", 0.0003 as "3e-4"; below ten thousand all figures, as in text."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    size = abs(value)
    for unit, letter in _LETTERS if size >= _WRITTEN_OUT else ():
        if size >= unit * 0.99999:
            return f"{_plain(value / unit)}{letter}"
    if size < 1e-3:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{_plain(float(mantissa))}e−{-int(exponent)}".replace("-", "−")
    return _plain(value)


def precise(value: float) -> str:
    """A number as a readout gives it: fixed decimals where that is usual, so that readings can be compared."""
    if 1e-2 <= abs(value) < 1e3:
        return f"{value:.{3 if abs(value) < 100 else 1}f}".replace("-", "−")
    return compact(value)


def _plain(value: float) -> str:
    """At most four significant digits, no trailing zeros."""
    text = f"{value:.4g}" if abs(value) < 999.5 else f"{value:,.0f}"
    return text.replace("-", "−")


def clock(seconds: float) -> str:
    """Seconds as a short time on an axis: 40 s, 2:30, 1:05:00."""
    whole = round(seconds)
    if whole < 60:
        return f"{_plain(round(seconds, 2))} s" if seconds else "0"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
