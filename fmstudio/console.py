"""Drives a job in a terminal: a progress bar and lines of text on stderr, or one JSON object a line on stdout."""

import dataclasses
import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from fmstudio import jobs
from fmstudio.jobs import Driver, Event, JobContext, JobRequest
from fmstudio.jobs.driver import Cancelled
from fmstudio.workspace import Workspace


class Listener(Protocol):
    """Whoever is told of a job's events."""

    def see(self, event: Event) -> None: ...


def drive(request: JobRequest, listener: Listener, workspace: Workspace | None = None) -> jobs.Finished | jobs.Failed:
    """Run a job to its end in this thread. Ctrl-C stops it and keeps what there is; a second one cancels it."""
    driver = Driver(request, workspace)
    with _ctrl_c(driver.context):
        try:
            for event in driver:
                listener.see(event)
        except Cancelled:  # while an event was shown; within a step the driver has seen to it
            event = driver.cancel()
            listener.see(event)
    assert isinstance(event, (jobs.Finished, jobs.Failed))
    return event


@contextmanager
def _ctrl_c(context: JobContext) -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        if context.stopping:
            raise Cancelled
        context.stop()
        print("Stopping; press Ctrl-C again to cancel.", file=sys.stderr)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class JsonLines:
    """Each event as one line of JSON on stdout, for scripts."""

    def see(self, event: Event) -> None:
        """Print the event."""
        if isinstance(event, jobs.Started):
            return  # the command says so itself, by having been called
        print(json.dumps(as_plain(event), default=_plain_value), flush=True)
        if isinstance(event, jobs.Failed):
            print(event.reason, file=sys.stderr)


def as_plain(event: Event) -> dict[str, Any]:
    """An event as plain data. What a finished job returned stands beside its outcome."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    if isinstance(event, jobs.Finished):
        values = {"outcome": event.outcome, **event.result}
    if isinstance(event, jobs.Failed):
        del values["details"]
    return {"event": name, **values}


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"shape": value.shape, "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


class Terminal:
    """A progress bar and notes on stderr; streamed text on stdout. Use it in a `with` statement.

    stream: the text deltas of this name go to stdout as they come.
    """

    def __init__(self, title: str, stream: str = "output") -> None:
        self._console = Console(stderr=True)
        self._stream = stream
        self._streaming = False
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(), console=self._console, transient=True,
        )  # fmt: skip
        self._title = title
        self._task = self._bar.add_task(title, total=None, rate="")

    def __enter__(self) -> "Terminal":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def see(self, event: Event) -> None:
        """Show the event."""
        match event:
            case jobs.Progress():
                self._show_progress(event)
            case jobs.Note():
                style = "yellow" if event.level == "warning" else None
                self._console.print(event.text, style=style, highlight=False, markup=False)
            case jobs.Metrics():
                self._show_metrics(event)
            case jobs.TextDelta(name=self._stream):
                self._write(event.text)
            case jobs.Failed():
                self._console.print(event.reason, style="red", highlight=False, markup=False, soft_wrap=True)
            case jobs.Finished() if self._streaming:
                print()

    def _show_progress(self, event: jobs.Progress) -> None:
        if self._streaming:
            return  # a bar would be drawn into the text
        rate = f"{event.rate:,.0f} {event.rate_unit}" if event.rate else ""
        title = f"{self._title} · {event.message}" if event.message else self._title
        self._bar.update(self._task, completed=event.done, total=event.total, rate=rate, description=title)

    def _show_metrics(self, event: jobs.Metrics) -> None:
        shown = {name: value for name, value in event.values.items() if name.endswith("/validation")}
        if shown:
            text = "  ".join(f"{name.replace('/', ' ')} {value:.4g}" for name, value in shown.items())
            self._console.print(f"step {event.step:,}  {text}", highlight=False)

    def _write(self, text: str) -> None:
        if not self._streaming:
            self._bar.stop()
            self._streaming = True
        print(text, end="", flush=True)
