"""What a running job may ask of whoever drives it: whether to stop, and to be woken when something has come."""

import queue
from collections.abc import Callable, Generator, Mapping
from typing import Any

from fmstudio.jobs.events import Event

Job = Generator[Event, None, Mapping[str, Any] | None]


def _nobody() -> None:
    """Who is told of a wake where nobody needs to be."""


class JobContext:
    """The link between one job and its driver. *Stop* and *wake* may come from any thread, and from a signal handler.

    *Stop* means finish here and keep what there is, so a job looks at `stopping` after each `yield`. *Pause* needs
    nothing from the job: it is just not advanced. *Cancel* closes the generator, so clean-up belongs in `finally`.

    A job that waits for something outside yields `Waiting` and is not advanced until `wake` is called by whoever has
    brought it (a thread that reads a pipe, say), or the job is stopped. A wake that comes before the `yield` is not
    lost. One wake may stand for several, and one may be left over from before: so a job looks for itself what has
    come, and yields `Waiting` again where nothing has.
    """

    def __init__(self, on_wake: Callable[[], None] = _nobody) -> None:
        """on_wake: called with each wake, from the thread that it comes from."""
        self._stopping = False
        self._on_wake = on_wake
        # A signal handler may interrupt anything, and of all that threads wait for only this queue bears that.
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()

    @property
    def stopping(self) -> bool:
        """Whether the person asked the job to finish here and keep what there is."""
        return self._stopping

    def stop(self) -> None:
        """Ask the job to finish at its next step, which comes at once where it waits."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Let a job that waits go on."""
        if self._wakes.empty():
            self._wakes.put(None)
        self._on_wake()

    # For drivers.

    @property
    def woken(self) -> bool:
        """Whether a wake has come that no wait has used yet."""
        return not self._wakes.empty()

    def wait(self) -> None:
        """Return when a wake has come, and use it up."""
        self._wakes.get()
        while not self._wakes.empty():
            self._wakes.get_nowait()
