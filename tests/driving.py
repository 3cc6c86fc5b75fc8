"""How tests iterate a job: to its end, or to a point of their choice."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from fmstudio.jobs import Event, JobContext
from fmstudio.jobs.context import Job

Result = TypeVar("Result")


def returned(steps: Generator[Any, None, Result]) -> Result:
    """What a generator returns at its end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def run_job(job: Job) -> tuple[list[Event], dict[str, Any]]:
    """All events of a job and what it returned."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return events, dict(end.value or {})


def run_until(job: Job, reached: Callable[[Event], bool]) -> list[Event]:
    """The events of a job up to the first that `reached` is true of; the job is left there."""
    events: list[Event] = []
    for event in job:
        events.append(event)
        if reached(event):
            return events
    raise AssertionError("the job ended before it got there")


def of_kind(events: list[Event], kind: type) -> list[Any]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


__all__ = ["JobContext", "of_kind", "returned", "run_job", "run_until"]
