"""Small real jobs that the engine's tests run, named by their target as any job is.

A request is plain data, so what a test and its job share is found by a name: `shared(name)`.
"""

import threading
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Metrics, Note, Progress, Waiting

Steps = Generator[Event, None, dict[str, Any] | None]


@dataclass
class Shared:
    """What a test and its jobs look at together."""

    log: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    cleaned: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    context: JobContext | None = None
    clock: float = 0.0


_SHARED: defaultdict[str, Shared] = defaultdict(Shared)


def shared(name: str) -> Shared:
    """The one of a test, by its name."""
    return _SHARED[name]


def count(context: JobContext, to: int, test: str = "", name: str = "") -> Steps:
    """Counts, says so, and cleans up."""
    done, log = 0, shared(test).log
    try:
        while done < to and not context.stopping:
            done += 1
            log.append(name)
            yield Metrics(done, {"count": float(done)})
        return {"counted": done}
    finally:
        log.append(f"{name} cleaned up")


def works(context: JobContext, test: str, name: str, seconds: float, steps: int) -> Steps:
    """Makes steps that take so long on the test's own clock."""
    for step in range(steps):
        shared(test).clock += seconds
        shared(test).log.append(name)
        yield Progress(step)
    return None


def forever(context: JobContext, test: str) -> Steps:
    """Never ends by itself and takes no notice of being stopped."""
    try:
        while True:
            shared(test).begun.set()
            yield Progress(1)
    finally:
        shared(test).cleaned.set()


def stuck(context: JobContext, test: str) -> Steps:
    """One step that lasts until the test lets it end."""
    yield Progress(0)
    shared(test).begun.set()
    shared(test).go.wait()
    yield Progress(1)
    return None


def until_told(context: JobContext, test: str) -> Steps:
    """Steps until `go` is set, so that a test can do something while it runs."""
    while not shared(test).go.is_set():
        shared(test).log.append("background")
        shared(test).begun.set()
        yield Progress(len(shared(test).log))
    return None


def waits(context: JobContext, test: str, wake_before: bool = False) -> Steps:
    """Waits until `go` is set, looking again each time that it goes on."""
    mine = shared(test)
    mine.context = context
    mine.begun.set()
    try:
        while not mine.go.is_set() and not context.stopping:
            if wake_before:
                mine.go.set()
                context.wake()
            mine.log.append("waits")
            yield Waiting("The post is on its way.")
        return {"came": mine.go.is_set()}
    finally:
        mine.cleaned.set()


def where(context: JobContext, workspace: Any, name: str) -> Steps:
    """Says which workspace it was given."""
    yield Note(name)
    return {"workspace": workspace}


def given(context: JobContext, **arguments: Any) -> Steps:
    """Returns what it was given."""
    yield Note("here")
    return arguments


ERRORS = {
    error.__name__: error for error in (RuntimeError, MemoryError, KeyboardInterrupt, SystemExit, ZeroDivisionError)
}


def raises(context: JobContext, error: str) -> Steps:
    """Says one thing and then raises."""
    yield Note("so far so good")
    raise ERRORS[error]("wrong\nindeed")


def raises_a_sentence(context: JobContext) -> Steps:
    """Fails with a sentence for the person."""
    yield Note("so far so good")
    raise StudioError("The cup is empty; fill it.")


def raises_in_clean_up(context: JobContext) -> Steps:
    """Cannot clean up after itself."""
    try:
        while True:
            yield Progress(0)
    finally:
        raise RuntimeError("cannot tidy")
