"""How a model's outputs were judged: over time, and model by model with how sure one can be."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from fmstudio.feedback.entries import chosen
from fmstudio.intervals import NORMAL, wilson
from fmstudio.jobs import Event, JobContext, Sample
from fmstudio.workspace import FeedbackFilter, Workspace

_COUNTS = (
    "count(*), sum(thumbs = 1), sum(thumbs = -1), sum(score > 0), sum(score), sum(score * score), sum(corrected), "
    "sum(thumbs != 0 OR score != 0 OR corrected)"
)
_DAYS = 62
"""Up to so many days are shown day by day; a longer time week by week."""


def statistics(
    context: JobContext, workspace: Workspace, filters: Mapping[str, str] | None = None, text: str = ""
) -> Iterator[Event]:
    """{unit: "day"|"week", periods, models, all}: each a row of counts, share of thumbs up and mean score.

    A period is named by its first day. Dates are those of UTC, as they are kept; an entry whose date SQLite cannot
    read is in no period.
    """
    which = chosen(filters or {}, text)
    log = workspace.feedback
    span = log.tally("julianday(max(created)) - julianday(min(created))", which)
    days = float(span[0][1] or 0) if span else 0.0
    unit = "day" if days <= _DAYS else "week"
    by = "date(created)" if unit == "day" else "date(created, 'weekday 0', '-6 days')"  # the Monday of its week
    whole = log.tally(_COUNTS, which)
    yield Sample(
        "statistics",
        "statistics",
        {
            "unit": unit,
            "periods": [row for row in _rows(workspace, which, by) if row["name"]],
            "models": sorted(_rows(workspace, which, "model"), key=lambda row: -row["entries"]),
            "all": _judged("all", *whole[0][1:]) if whole else _judged("all", 0, 0, 0, 0, 0, 0, 0, 0),
        },
    )


def _rows(workspace: Workspace, which: FeedbackFilter, by: str) -> list[dict[str, Any]]:
    return [_judged(*row) for row in workspace.feedback.tally(_COUNTS, which, by)]


def _judged(
    name: str, entries: int, up: int, down: int, scored: int, total: int, squares: int, corrected: int, rated: int
) -> dict[str, Any]:
    """One row: counts, the share of thumbs up and the mean score, each with its 95 % interval (None without any)."""
    thumbs = (up or 0) + (down or 0)
    mean = total / scored if scored else None
    return {
        "name": name, "entries": entries, "rated": rated or 0, "up": up or 0, "down": down or 0,
        "scored": scored or 0, "corrected": corrected or 0,
        "share_up": up / thumbs if thumbs else None, "share_interval": wilson(up or 0, thumbs),
        "mean_score": mean, "score_interval": _mean_interval(scored or 0, total or 0, squares or 0),
    }  # fmt: skip


def _mean_interval(count: int, total: float, squares: float) -> tuple[float, float] | None:
    """The 95 % interval of a mean score within its range of 1 to 5; of fewer than two scores nothing can be said.

    By Student's t, whose 97.5th percentile is approximated from the normal's (Cornish-Fisher, Abramowitz & Stegun
    26.7.5).
    """
    if count < 2:
        return None
    mean, freedom = total / count, count - 1
    deviation = math.sqrt(max(0.0, (squares - count * mean * mean) / freedom))
    half = _student(freedom) * deviation / math.sqrt(count)
    return max(1.0, mean - half), min(5.0, mean + half)


def _student(freedom: int) -> float:
    z = NORMAL
    if freedom <= 2:  # the series is too coarse there; these are exact
        return (12.7062, 4.3027)[freedom - 1]
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    return z + first + second + third
