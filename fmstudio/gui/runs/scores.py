"""What a discriminator says of pictures while it trains."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

POOLED = 64
"""Pictures that make a histogram: where a batch is smaller, the scores of the batches before it are shown with it."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a discriminator says of some pictures at a step; `collapse` is a sentence where the generator collapsed."""

    real: np.ndarray
    generated: np.ndarray
    collapse: str = ""
    step: int = 0

    @property
    def told_apart(self) -> float:
        """The share of pairs of which the real picture scores higher (the area under the ROC curve): 0.5 is a draw."""
        if not len(self.real) or not len(self.generated):
            return float("nan")
        generated = np.sort(self.generated)
        below = np.searchsorted(generated, self.real, "left") + np.searchsorted(generated, self.real, "right")
        return float(below.mean() / 2 / len(generated))


class ScorePool:
    """The latest scores of each side, with those of as few batches before as make enough of them.

    Scores of all pictures may drift together from step to step, which no player gains by; so the batches before are
    moved to where the latest one is.
    """

    def __init__(self) -> None:
        self._batches: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, data: Mapping[str, Any], step: int) -> Scores:
        """Take the scores of a batch, {"real", "generated", "collapse"}, and return all that are shown with it."""
        batch = (np.asarray(data["real"], float).ravel(), np.asarray(data["generated"], float).ravel())
        missing = -(-POOLED // max(1, len(batch[0]))) - 1
        self._batches = [*self._batches[len(self._batches) - min(missing, len(self._batches)) :], batch]
        here = np.concatenate(batch).mean()
        shifts = [here - np.concatenate(each).mean() for each in self._batches]
        real, generated = (
            np.concatenate([each[side] + shift for each, shift in zip(self._batches, shifts, strict=True)])
            for side in (0, 1)
        )
        return Scores(real, generated, str(data.get("collapse", "")), step)
