"""The one thread that does the work: it advances the runnable job of the highest priority by one step at a time.

Because every job is a generator, the engine needs no second thread to let a person talk to a model while another one
trains: the interactive job simply goes first at the next step, and the two never fight for cores.
"""

import itertools
import logging
import threading
import traceback
from dataclasses import dataclass, field

from fmstudio.errors import StudioError
from fmstudio.jobs.context import Job, JobContext, JobRequest, Priority, start
from fmstudio.jobs.events import Event, Failed, Finished, Outcome, Paused, Queued, Resumed, Started
from fmstudio.jobs.mailbox import Mailbox

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Entry:
    id: str
    number: int
    request: JobRequest
    context: JobContext = field(default_factory=JobContext)
    generator: Job | None = None
    paused: bool = False
    cancelled: bool = False
    moved: int = 0  # when it made its last step, counted in steps of the engine

    @property
    def runnable(self) -> bool:
        return self.cancelled or not self.paused

    @property
    def turn(self) -> tuple[int, int, int]:
        # A cancelled job goes first: closing it is quick and a person is waiting to see it go.
        priority = -1 if self.cancelled else int(self.request.priority)
        # Interactive jobs take turns: an answer that streams for a minute must not keep the next question waiting.
        return priority, self.moved if priority == Priority.INTERACTIVE else 0, self.number


class Engine:
    """Runs jobs one step at a time on its own thread and posts their events to a mailbox.

    Every method may be called from any thread and returns at once. Calls that name a job which has ended do nothing:
    the person's click and the job's end may cross.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._entries: dict[str, _Entry] = {}
        self._numbers = itertools.count(1)
        self._steps = itertools.count(1)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def submit(self, request: JobRequest) -> str:
        """Queue a job and return its id."""
        with self._changed:
            number = next(self._numbers)
            entry = _Entry(f"job-{number}", number, request)
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
                entry.context.stop()
                entry.cancelled = entry.cancelled or entry.generator is None
                entry.paused = False
                self._changed.notify()

    def cancel(self, job: str) -> None:
        """End the job and let it clean up after itself."""
        with self._changed:
            entry = self._entries.get(job)
            if entry:
                entry.context.stop()
                entry.cancelled = True
                self._changed.notify()

    @property
    def busy(self) -> bool:
        """Whether any job is queued, running or held."""
        with self._changed:
            return bool(self._entries)

    def close(self, timeout: float | None = 30.0) -> bool:
        """Stop every job, let each keep what it has, and end the thread. Returns whether it ended in time."""
        with self._changed:
            self._closing = True
            for job in list(self._entries):
                self.stop(job)
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (entry := self._next_entry()) is not None:
            self._advance(entry)

    def _next_entry(self) -> _Entry | None:
        with self._changed:
            while True:
                runnable = [entry for entry in self._entries.values() if entry.runnable]
                if runnable:
                    return min(runnable, key=lambda entry: entry.turn)
                if self._closing:
                    return None
                self._changed.wait()

    def _advance(self, entry: _Entry) -> None:
        """One step of one job. Whatever it raises ends that job alone: the engine goes on with the next."""
        try:
            entry.moved = next(self._steps)
            if entry.cancelled:
                if entry.generator is not None:
                    entry.generator.close()
                self._end(entry, Finished("cancelled"))
                return
            if entry.generator is None:
                self._mailbox.post(entry.id, Started())
                entry.generator = start(entry.request, entry.context)
            self._mailbox.post(entry.id, next(entry.generator))
        except StopIteration as end:
            outcome: Outcome = "stopped" if entry.context.stopping else "completed"
            self._end(entry, Finished(outcome, end.value or {}))
        except BaseException as error:  # noqa: BLE001 - MemoryError and KeyboardInterrupt too fail only their job
            self._end(entry, failure(error))

    def _end(self, entry: _Entry, event: Event) -> None:
        with self._changed:
            del self._entries[entry.id]
        # The generator's frame may hold a model; it goes before anyone hears of the end and starts the next job.
        entry.generator = None
        if isinstance(event, Failed):
            log.info("%s failed: %s\n%s", entry.request.title, event.reason, event.details)
        self._mailbox.post(entry.id, event)


def failure(error: BaseException) -> Failed:
    """The event for what a job raised: its sentence if it was written for a person, else one that names the kind."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, StudioError):
        return Failed(str(error), details)
    if isinstance(error, MemoryError):
        return Failed("The machine ran out of memory; close other programs or choose smaller settings.", details)
    first_line = (str(error).strip().splitlines() or ["no message"])[0]
    return Failed(f"Unexpected {type(error).__name__}: {first_line}", details)
