"""A program in a process of its own, whose lines a job reads without holding up the thread that drives it."""

import queue
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from fmstudio.jobs.context import JobContext
from fmstudio.jobs.events import Event, Waiting

_PATIENCE = 0.02
"""Seconds in which one who goes on without having been woken, as by a plain loop over the job, looks no second time."""


class Child:
    """A program that runs. Its standard output is read line by line on a thread, which wakes the job."""

    def __init__(self, context: JobContext, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self._context, self._process, self._errors = context, process, errors
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, name=f"lines of process {process.pid}", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(line)
            self._context.wake()
        self._heard.put(b"")
        self._context.wake()

    def line(self, reason: str) -> Generator[Event, None, str | None]:
        """Its next line, waited for with `reason`; None where there is none left, or the job is stopped."""
        while not self._context.stopping:
            try:
                line = self._heard.get_nowait()
            except queue.Empty:
                yield Waiting(reason)
                try:
                    line = self._heard.get(timeout=_PATIENCE)
                except queue.Empty:
                    continue
            return line.decode("utf-8", "replace") if line else None
        return None

    def errors(self) -> str:
        """What it has written to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")

    def end(self) -> None:
        """End the program if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        self._thread.join()


@contextmanager
def child(context: JobContext, command: Sequence[str]) -> Iterator[Child]:
    """Run a program; it has ended when the block has, however that ends."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL)
        with process:
            running = Child(context, process, errors)
            try:
                yield running
            finally:
                running.end()
