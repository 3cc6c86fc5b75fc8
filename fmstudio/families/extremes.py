"""The held-back rows that a model finds hardest and easiest: a hard one is often a mistake in the data."""

from collections.abc import Sequence
from typing import Any, Protocol

EXTREMES = 6
"""Rows that are shown of each end."""


class Numbered(Protocol):
    """A row that can be found again in its dataset. question: what it asks, in one line. number: from 1."""

    @property
    def dataset(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def question(self) -> str: ...


def extremes(judged: Sequence[tuple[Numbered, float]]) -> list[dict[str, Any]]:
    """The rows of the highest loss and then those of the lowest, as a table; where there are few, half of them."""
    ordered = sorted(judged, key=lambda each: each[1], reverse=True)
    worst = ordered[: min(EXTREMES, -(-len(ordered) // 2))]
    best = ordered[len(worst) :][-EXTREMES:]
    return [
        {"dataset": row.dataset, "number": row.number, "question": row.question, "loss": loss, "side": side}
        for side, rows in (("worst", worst), ("best", best[::-1]))
        for row, loss in rows
    ]
