"""The one way to run a job: it steps the generator and turns its life into events, from Started to the last.

The engine's thread drives many jobs at once, the console one; a process of its own and a server do the same.
"""

import importlib
import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.jobs.context import Job, JobContext
from fmstudio.jobs.events import Event, Failed, Finished, Started, Waiting
from fmstudio.jobs.request import WORKSPACE, JobRequest, from_plain, plain_arguments

log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """Raised in the midst of a step, as by a signal handler, it cancels the job there."""


class Driver(Iterator[Event]):
    """One job from its first event, Started, to its last, Finished or Failed; each `next` makes one step.

    While the job `waits` for something outside, `next` waits for it too; who has others to drive asks before.
    """

    def __init__(self, request: JobRequest, workspace: Any = None, on_wake: Callable[[], None] | None = None) -> None:
        """workspace: given to targets that have a parameter of that name. on_wake: see `JobContext`.

        Raises RequestError where the request is not plain data.
        """
        self.request, self._workspace = request, workspace
        self._arguments = plain_arguments(request)
        self.context = JobContext(on_wake) if on_wake else JobContext()
        self._job: Job | None = None
        self._begun = self._ended = self._yielded_waiting = False

    @property
    def begun(self) -> bool:
        """Whether its first step was asked for."""
        return self._begun

    @property
    def ended(self) -> bool:
        """Whether its last event has come."""
        return self._ended

    @property
    def waits(self) -> bool:
        """Whether the next step has to wait for something outside."""
        return self._yielded_waiting and not self.context.woken

    def __next__(self) -> Event:
        if self._ended:
            raise StopIteration
        if not self._begun:
            self._begun = True
            return Started()
        try:
            event = self._step()
        except StopIteration as last:
            return self._end(Finished("stopped" if self.context.stopping else "completed", last.value or {}))
        except Cancelled:
            return self.cancel()
        except BaseException as error:  # noqa: BLE001 - MemoryError and KeyboardInterrupt too fail only their job
            return self._end(failure(error))
        self._yielded_waiting = isinstance(event, Waiting)
        return event

    def _step(self) -> Event:
        if self._yielded_waiting:
            self.context.wait()
        if self._job is None:
            self._job = start(self.request.target, self.context, self._workspace, from_plain(self._arguments))
        return next(self._job)

    def cancel(self) -> Event:
        """Close the generator, which cleans up after itself, and return the last event."""
        self._begun = True
        try:
            if self._job is not None:
                self._job.close()
        except BaseException as error:  # noqa: BLE001 - whatever its clean-up raises
            return self._end(failure(error))
        return self._end(Finished("cancelled"))

    def _end(self, event: Finished | Failed) -> Event:
        # The generator's frame may hold a model; it goes before anyone hears of the end and starts the next job.
        self._job, self._ended = None, True
        if isinstance(event, Failed):
            log.info("%s failed: %s\n%s", self.request.title, event.reason, event.details)
        return event


def start(target: str, context: JobContext, workspace: Any, arguments: dict[str, Any]) -> Job:
    """Import a request's target and return its generator, not yet begun; the workspace is given where it is wanted."""
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    wants_workspace = WORKSPACE in inspect.signature(function).parameters
    job: Job = function(context, **({WORKSPACE: workspace} if wants_workspace else {}), **arguments)
    return job


def failure(error: BaseException) -> Failed:
    """The event for what a job raised: its sentence if it was written for a person, else one that names the kind."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, StudioError):
        return Failed(str(error), details)
    if isinstance(error, MemoryError):
        return Failed("The machine ran out of memory; close other programs or choose smaller settings.", details)
    first_line = (str(error).strip().splitlines() or ["no message"])[0]
    return Failed(f"Unexpected {type(error).__name__}: {first_line}", details)
