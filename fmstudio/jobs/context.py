"""What a job is asked for (the request) and what it can ask while it works (the context)."""

import importlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from fmstudio.jobs.events import Event

Job = Generator[Event, None, Mapping[str, Any] | None]


class Priority(IntEnum):
    """Which job goes first. A lower number overtakes a higher one at the next step.

    Equals go in turn of arrival, but interactive jobs alternate step by step: someone waits for each of them.
    """

    INTERACTIVE = 0
    NORMAL = 1
    BACKGROUND = 2


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to be done, as plain data.

    `target` is "package.module:function". It is imported where the job runs and called as
    `function(context, **arguments)`; it returns a generator of events. So whoever asks for work needs to import none
    of what does it. `subject` names what the job is about (a run, a dataset) for whoever wants to follow it.
    A request with `visible=False` is too small to be shown in the job bar.
    """

    title: str
    target: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    priority: Priority = Priority.NORMAL
    subject: str = ""
    visible: bool = True


class JobContext:
    """What a running job may ask of whoever drives it: whether to stop.

    *Stop* means finish here and keep what there is, so a job looks at `stopping` after each `yield`. *Pause* needs
    nothing from the job: it is just not advanced. *Cancel* closes the generator, so clean-up belongs in `finally`.
    """

    def __init__(self) -> None:
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the person asked the job to finish here and keep what there is."""
        return self._stopping

    def stop(self) -> None:
        """Ask the job to finish at its next step."""
        self._stopping = True


def start(request: JobRequest, context: JobContext) -> Job:
    """Import what serves the request and return its generator, not yet begun."""
    module, _, name = request.target.partition(":")
    job: Job = getattr(importlib.import_module(module), name)(context, **request.arguments)
    return job
