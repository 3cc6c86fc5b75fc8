"""What a job says while it works: small frozen records that a window, a console or a test can each read.

A job yields the first seven kinds. Its driver adds the rest, which tell a job's own life.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np  # loaded when there are numbers: the window opens sooner without it

Outcome = Literal["completed", "stopped", "cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` (None where nobody knows) in `unit`s, and what it is doing now.

    `rate` and `rate_unit` are given where the unit that people care about is another one (tokens/s while steps count).
    """

    done: float
    total: float | None = None
    unit: str = "steps"
    message: str = ""
    rate: float | None = None
    rate_unit: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Numbers measured at a training step. `seconds` is the time spent training so far, without evaluation."""

    step: int
    values: Mapping[str, float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Something to look at, replaced by the next of its `name`: an array (never a tensor), a text or a plain structure.

    `kind` tells a viewer how to read `data`: "text" is a str, "images" a uint8 array (count, height, width, channels),
    "table" a list of dicts, any other a structure that its panel knows.
    """

    name: str
    kind: str
    data: "np.ndarray | str | list[Any] | dict[str, Any]"
    step: int = 0

    @property
    def structure(self) -> dict[str, Any]:
        """The data of a structure; raises TypeError where it is something else."""
        if not isinstance(self.data, dict):
            raise TypeError(f"The sample {self.name!r} of the kind {self.kind!r} is no structure.")
        return self.data

    @property
    def rows(self) -> list[Any]:
        """The data of a table; raises TypeError where it is something else."""
        if not isinstance(self.data, list):
            raise TypeError(f"The sample {self.name!r} of the kind {self.kind!r} is no table.")
        return self.data


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text to append to the stream called `name`."""

    text: str
    name: str = "output"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence for the log."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class Artefact:
    """A thing the job has made and that now exists in full: a dataset, a run, a checkpoint, a model, a file."""

    kind: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The job makes no step until something outside has come (see `JobContext.wake`); `reason` is a sentence of what.

    It takes no time from others meanwhile.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The engine holds the job and will begin it when its turn comes."""


@dataclass(frozen=True, slots=True)
class Started:
    """The job's first step begins."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The job is held between two steps."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A held job goes on."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job ended as asked. `result` is what its generator returned."""

    outcome: Outcome = "completed"
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised. `reason` is one line a person can act on, `details` the traceback for the log. Always last."""

    reason: str
    details: str = ""


Lifecycle = Queued | Started | Paused | Resumed | Finished | Failed
Event = Progress | Metrics | Sample | TextDelta | Note | Artefact | Waiting | Lifecycle
