"""A picture model's training as the laboratory looks at it: a run with, for a GAN, what the discriminator says.

One state stands for a run that trains now, one that ended long ago, and the steps that a person takes by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmstudio.gui.runs.state import RunState, stored_run
from fmstudio.jobs import Event, Sample
from fmstudio.workspace import RunRecord, Workspace

MOST_SHEETS = 300
"""Sheets that are kept; beyond them every second of the older half goes, so that the beginning stays in sight."""


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


class PictureRun(RunState):
    """`changed` says "scores" too, when there are new ones. Its samples are arrays (count, height, width, channels)."""

    scores: Scores | None = None
    _batches: tuple[tuple[np.ndarray, np.ndarray], ...] = ()

    def take(self, event: Event) -> None:
        """The next event of its job. Views hear of it at the next `flush`."""
        super().take(event)
        if isinstance(event, Sample) and event.kind == "scores":
            real, generated = self._pooled(event.data)
            self.scores = Scores(real, generated, str(event.data.get("collapse", "")), event.step)
            self._tell("scores")
        elif isinstance(event, Sample) and len(self.samples) > MOST_SHEETS:
            steps = sorted(self.samples)
            for step in steps[1 : len(steps) // 2 : 2]:
                del self.samples[step]

    def _pooled(self, data: Mapping[str, Any]) -> list[np.ndarray]:
        """The latest scores of each side, with those of as few batches before as make enough of them.

        Scores of all pictures may drift together from step to step, which no player gains by; so the batches before
        are moved to where the latest one is.
        """
        batch = tuple(np.asarray(data[name], float).ravel() for name in ("real", "generated"))
        missing = -(-POOLED // max(1, len(batch[0]))) - 1
        self._batches = (*self._batches[len(self._batches) - min(missing, len(self._batches)) :], batch)
        here = np.concatenate(batch).mean()
        moved = [[side + here - np.concatenate(each).mean() for side in each] for each in self._batches]
        return [np.concatenate(side) for side in zip(*moved, strict=True)]

    def last(self, name: str) -> float:
        """The latest value of a metric, NaN where there is none."""
        return self.series[name].last if name in self.series else float("nan")


def kept_run(workspace: Workspace, record: RunRecord) -> PictureRun:
    """A run as the workspace keeps it: curves and pictures. Nobody keeps the scores."""
    stored = stored_run(workspace, record)
    run = PictureRun(record.name, stored.recipe)
    for name in ("id", "status", "step", "steps", "seconds", "series", "samples", "model"):
        setattr(run, name, getattr(stored, name))
    return run
