"""What the window knows of the engine's jobs: one state for each, built from the events in their order."""

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QMetaMethod, QObject, QTimer, Signal

from fmstudio.jobs import (
    Artefact,
    Event,
    Failed,
    Finished,
    JobRequest,
    Meter,
    Note,
    Paused,
    Priority,
    Progress,
    Queued,
    Resumed,
    Started,
    Waiting,
)

log = logging.getLogger(__name__)
Status = Literal["queued", "running", "paused", "stopping", "completed", "stopped", "cancelled", "failed"]
ENDED: tuple[Status, ...] = ("completed", "stopped", "cancelled", "failed")


@dataclass(eq=False, slots=True)
class JobState:
    """One job as the window sees it.

    `waiting` says what it waits for, `reason` and `details` why it failed; `result` is what it returned.
    """

    id: str
    request: JobRequest
    status: Status = "queued"
    progress: Progress | None = None
    meter: Meter = field(default_factory=Meter)
    notes: list[Note] = field(default_factory=list)
    artefacts: list[Artefact] = field(default_factory=list)
    waiting: str = ""
    reason: str = ""
    details: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    started: float | None = None
    ended: float | None = None

    @property
    def title(self) -> str:
        """What it was asked for, in words."""
        return self.request.title

    @property
    def active(self) -> bool:
        """Whether it is still queued, running, held or about to stop."""
        return self.status not in ENDED

    @property
    def fraction(self) -> float | None:
        """Part done from 0 to 1, or None where nobody knows."""
        return 1.0 if self.status == "completed" else self.meter.fraction

    @property
    def seconds(self) -> float:
        """Seconds since it began, to its end if it has ended."""
        return (self.ended or time.monotonic()) - self.started if self.started else 0.0

    @property
    def rate(self) -> tuple[float, str] | None:
        """The pace and its unit: what the job reports, else units of progress a second, but for progress in seconds."""
        if self.progress is None:
            return None
        if self.progress.rate is not None:
            return self.progress.rate, self.progress.rate_unit
        measured = self.meter.rate
        return None if measured is None or self.progress.unit == "s" else (measured, f"{self.progress.unit}/s")

    def take(self, event: Event) -> None:
        """Bring the state up to date with the job's next event."""
        self.waiting = event.reason if isinstance(event, Waiting) else ""
        match event:
            case Queued():
                self.status = "queued"
            case Started():
                self.status, self.started = "running", time.monotonic()
            case Progress():
                self.progress = event
                self.meter.update(event)
            case Paused():
                self.status = "paused"
            case Resumed():
                self.status = "running" if self.started else "queued"
                self.meter.restart()
            case Note():
                self.notes.append(event)
            case Artefact():
                self.artefacts.append(event)
            case Finished():
                self.status, self.result, self.ended = event.outcome, event.result, time.monotonic()
            case Failed():
                self.status, self.reason, self.details = "failed", event.reason, event.details
                self.ended = time.monotonic()


class JobBoard(QObject):
    """All jobs of this session, oldest first. Small queries that are not shown are forgotten when they end.

    calm: the least milliseconds between two `changed` of a job whose numbers alone have changed. A job reports some
    thirty times a second; an eye reads a few, and each redraw is taken from the training. A new status is told at once.

    A listener that raises keeps no other from hearing: `listener_failed` tells it once, with a sentence and the
    traceback. Where nobody is connected to that, `sys.excepthook` does.
    """

    added = Signal(str)
    changed = Signal(str)
    event = Signal(str, object)  # type: ignore[assignment]  # of jobs; that of QObject is for its own events
    ended = Signal(str)
    listener_failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None, calm: int = 0) -> None:
        super().__init__(parent)
        self._unsaid: set[str] = set()
        self._calm = QTimer(self, interval=calm, singleShot=True)
        self._calm.timeout.connect(self._say)
        self._states: dict[str, JobState] = {}
        self._watchers: dict[str, list[Callable[[Event], None]]] = {}
        self._broken: list[Callable[[Event], None]] = []

    def add(self, id: str, request: JobRequest) -> JobState:
        """Begin to follow a job that was just submitted."""
        state = self._states[id] = JobState(id, request)
        self.added.emit(id)
        return state

    def watch(self, id: str, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each event of one job until it ends, or until the function returned here is called."""
        listeners = self._watchers.setdefault(id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def deliver(self, letters: Iterable[tuple[str, Event]]) -> None:
        """Take events in order: the state first, then whoever watches. `changed` comes once a job and delivery."""
        touched: dict[str, bool] = {}
        for job, event in letters:
            state = self._states.get(job)
            if state is None:
                continue
            before = state.status
            state.take(event)
            touched[job] = touched.get(job, False) or state.status != before
            for listener in tuple(self._watchers.get(job, ())):
                self._tell(listener, event)
            self.event.emit(job, event)
        for job, has_new_status in touched.items():
            if has_new_status or not self._calm.interval():
                self._unsaid.discard(job)
                self.changed.emit(job)
            else:
                self._unsaid.add(job)
            state = self._states.get(job)
            if state is not None and not state.active:
                self._end(state)
        if self._unsaid and not self._calm.isActive():
            self._calm.start()

    def _tell(self, listener: Callable[[Event], None], event: Event) -> None:
        """Call a listener; whatever it raises is told the first time, and nobody else is the poorer."""
        try:
            listener(event)
        except Exception as error:
            if listener in self._broken:
                return
            self._broken.append(listener)
            log.warning("A listener could not take %s", type(event).__name__, exc_info=True)
            if self.isSignalConnected(QMetaMethod.fromSignal(self.listener_failed)):
                reason = f"The window could not show what a job told ({type(error).__name__}: {error})."
                self.listener_failed.emit(reason, "".join(traceback.format_exception(error)))
            else:
                sys.excepthook(type(error), error, error.__traceback__)

    def _say(self) -> None:
        """Tell of the jobs whose numbers have changed since the last time."""
        unsaid, self._unsaid = self._unsaid, set()
        for job in unsaid:
            self.changed.emit(job)

    def _end(self, state: JobState) -> None:
        gone = self._watchers.pop(state.id, [])
        self._broken = [listener for listener in self._broken if listener not in gone]
        self.ended.emit(state.id)
        if not state.request.visible:
            self._states.pop(state.id, None)

    def mark_stopping(self, id: str) -> None:
        """Show at once that a person asked a job to stop; its end follows when the job reaches its next step."""
        state = self._states.get(id)
        if state and state.active:
            state.status = "stopping"
            self.changed.emit(id)

    def __getitem__(self, id: str) -> JobState:
        return self._states[id]

    def __contains__(self, id: str) -> bool:
        return id in self._states

    def get(self, id: str) -> JobState | None:
        """A job's state, or None where it is not known (any more)."""
        return self._states.get(id)

    def all(self, visible: bool = True) -> list[JobState]:
        """The jobs of this session, oldest first; without the small queries unless asked for."""
        return [state for state in self._states.values() if state.request.visible or not visible]

    def active(self) -> list[JobState]:
        """The shown jobs that have not ended, in the order in which the engine takes them; those that are held last."""
        active = [state for state in self.all() if state.active]
        return sorted(
            active, key=lambda state: (state.status == "paused", state.request.priority, state.started is None)
        )

    def waiting(self) -> list[JobState]:
        """The shown jobs that have not begun."""
        return [state for state in self.active() if state.started is None]

    def interactive(self) -> JobState | None:
        """The shown interactive job that Esc would stop: the latest that is active."""
        found = [state for state in self.active() if state.request.priority == Priority.INTERACTIVE]
        return found[-1] if found else None

    def clear_ended(self) -> None:
        """Forget the jobs that have ended."""
        for state in [state for state in self._states.values() if not state.active]:
            del self._states[state.id]
            self.changed.emit(state.id)
