"""Small real jobs that the engine's tests run, named by their target as any job is."""

import threading
from collections.abc import Generator
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Metrics, Note, Progress

Steps = Generator[Event, None, dict[str, Any] | None]


def count(context: JobContext, to: int, log: list[str] | None = None, name: str = "") -> Steps:
    """Counts, says so, and cleans up."""
    done = 0
    try:
        while done < to and not context.stopping:
            done += 1
            if log is not None:
                log.append(name)
            yield Metrics(done, {"count": float(done)})
        return {"counted": done}
    finally:
        if log is not None:
            log.append(f"{name} cleaned up")


def forever(context: JobContext, begun: threading.Event, cleaned: threading.Event) -> Steps:
    """Never ends by itself and takes no notice of being stopped."""
    try:
        while True:
            begun.set()
            yield Progress(1)
    finally:
        cleaned.set()


def until_told(context: JobContext, log: list[str], go: threading.Event, begun: threading.Event) -> Steps:
    """Steps until `go` is set, so that a test can do something while it runs."""
    while not go.is_set():
        log.append("background")
        begun.set()
        yield Progress(len(log))
    return None


def raises(context: JobContext, error: BaseException) -> Steps:
    """Says one thing and then raises."""
    yield Note("so far so good")
    raise error


def raises_a_sentence(context: JobContext) -> Steps:
    """Fails with a sentence for the person."""
    yield Note("so far so good")
    raise StudioError("The cup is empty; fill it.")
