"""The one thread that does the work: it advances one job at a time by one step, in the order that `turns` tells.

Because every job is a generator, the engine needs no second thread to let a person talk to a model while another one
trains: the interactive job simply goes first at the next step, and the two never fight for cores.
"""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fmstudio.jobs.driver import Driver
from fmstudio.jobs.events import Event, Paused, Queued, Resumed, Started
from fmstudio.jobs.mailbox import Mailbox
from fmstudio.jobs.request import JobRequest
from fmstudio.jobs.turns import Turn, Turns


@dataclass(eq=False, slots=True)
class _Entry:
    id: str
    driver: Driver
    turn: Turn
    paused: bool = False
    cancelled: bool = False

    @property
    def runnable(self) -> bool:
        return not self.paused and not self.driver.waits


class Engine:
    """Runs jobs one step at a time on its own thread and posts their events to a mailbox.

    Every method may be called from any thread and returns at once. Calls that name a job which has ended do nothing:
    the person's click and the job's end may cross.
    """

    def __init__(self, mailbox: Mailbox, workspace: Any = None, clock: Callable[[], float] = time.monotonic) -> None:
        """workspace: what jobs work in, given to those that want it."""
        self._mailbox, self._workspace, self._clock = mailbox, workspace, clock
        self._turns = Turns(clock)
        self._entries: dict[str, _Entry] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def submit(self, request: JobRequest) -> str:
        """Queue a job and return its id; raises RequestError where it is not plain data."""
        driver = Driver(request, self._workspace, self._look_again)
        with self._changed:
            entry = _Entry(f"job-{next(self._numbers)}", driver, Turn(request.priority))
            self._entries[entry.id] = entry
            self._mailbox.post(entry.id, Queued())
            self._changed.notify()
            return entry.id

    def pause(self, job: str) -> None:
        """Hold the job after its present step."""
        with self._changed:
            entry = self._entries.get(job)
            if entry and not entry.paused:
                entry.paused = True
                self._mailbox.post(job, Paused())

    def resume(self, job: str) -> None:
        """Let a held job go on."""
        with self._changed:
            entry = self._entries.get(job)
            if entry and entry.paused:
                entry.paused = False
                self._mailbox.post(job, Resumed())
                self._changed.notify()

    def stop(self, job: str) -> None:
        """Ask the job to finish here and keep what there is. One that has not begun has nothing to keep: it goes."""
        with self._changed:
            entry = self._entries.get(job)
            if entry:
                entry.cancelled = entry.cancelled or not entry.driver.begun
                entry.paused = False
                entry.driver.context.stop()

    def cancel(self, job: str) -> None:
        """End the job and let it clean up after itself."""
        with self._changed:
            entry = self._entries.get(job)
            if entry:
                entry.cancelled = True
                entry.driver.context.stop()

    @property
    def busy(self) -> bool:
        """Whether any job is queued, running or held."""
        with self._changed:
            return bool(self._entries)

    def titles(self) -> list[str]:
        """What the jobs that have not ended are called, in order of arrival."""
        with self._changed:
            return [entry.driver.request.title for entry in self._entries.values()]

    def close(self, timeout: float | None = 30.0) -> bool:
        """Stop every job, let each keep what it has, and end the thread.

        Returns whether it ended in time. Where it did not, a job still runs (see `titles`), so what it works on must
        stay open.
        """
        with self._changed:
            self._closing = True
            for job in list(self._entries):
                self.stop(job)
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _look_again(self) -> None:
        """A job was woken, by whatever thread."""
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        while (entry := self._next_entry()) is not None:
            self._advance(entry)

    def _next_entry(self) -> _Entry | None:
        with self._changed:
            while True:
                # Closing a cancelled job is quick, and a person is waiting to see it go.
                cancelled = next((entry for entry in self._entries.values() if entry.cancelled), None)
                if cancelled:
                    return cancelled
                runnable = {entry.turn: entry for entry in self._entries.values() if entry.runnable}
                if runnable:
                    return runnable[self._turns.choose(runnable)]
                if self._closing:
                    return None
                self._changed.wait()

    def _advance(self, entry: _Entry) -> None:
        """One step of one job. Whatever it raises ends that job alone: the engine goes on with the next."""
        before = self._clock()
        event = entry.driver.cancel() if entry.cancelled else next(entry.driver)
        if isinstance(event, Started):
            self._mailbox.post(entry.id, event)
            event = next(entry.driver)
        self._turns.took(entry.turn, self._clock() - before)
        self._post(entry, event)

    def _post(self, entry: _Entry, event: Event) -> None:
        if entry.driver.ended:
            with self._changed:
                del self._entries[entry.id]
        self._mailbox.post(entry.id, event)
