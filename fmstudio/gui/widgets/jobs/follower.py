"""Asks the engine for work and tells its owner what comes of it: one follower for every question, drag, walk and reply.

A small question is asked while someone types or drags, an answer takes seconds and is shown in the job bar, a deletion
must happen whatever is asked after it. What differs between these is said once, where the follower is made.
"""

from collections.abc import Mapping
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.jobs import (
    Artefact,
    Event,
    Failed,
    Finished,
    JobRequest,
    Note,
    Priority,
    Progress,
    Sample,
    TextDelta,
)

Newest = Literal["cancels", "waits", "joins"]
TYPING = 250
"""A good patience for what someone types: milliseconds without another question before one is taken as meant."""


class JobFollower(QObject):
    """Follows the jobs that it asks for. What a replaced job still says is never heard, nor anything after its owner.

    newest: what becomes of the present job when another is asked for.
        "cancels": it is given up.
        "waits": it is answered first, then the newest, and those between are dropped. Under a steady drag "cancels"
            would end each job before its answer comes, and nothing would be seen until the hand rests.
        "joins": all go on, and `asked` is what the event that is being told belongs to.

    heard(event): every event. Then by its kind: answered(data) and sampled(sample) of the same Sample; progressed,
    wrote(text delta), noted, made(artefact); and at its end finished(event) or failed(reason, details), then ended.
    busy_changed(bool): whether an answer is to come.
    """

    heard = Signal(object)
    answered = Signal(object)
    sampled = Signal(object)
    progressed = Signal(object)
    wrote = Signal(object)
    noted = Signal(object)
    made = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    ended = Signal()
    busy_changed = Signal(bool)

    def __init__(
        self,
        owner: QObject,
        studio: Studio,
        target: str = "",
        newest: Newest = "cancels",
        *,
        title: str = "",
        priority: Priority = Priority.INTERACTIVE,
        patience: int = 0,
        once: bool = False,
        at_once: str = "",
    ) -> None:
        """target: what `ask` asks for; `request` asks for any.

        title: what the job bar calls the job; without one it is a small question, which the job bar does not show.
        patience: milliseconds without another question before one is taken as meant.
        once: asking the same again is no question, until it has failed or is forgotten.
        at_once: the argument that nobody types, such as the model: where it is another one there is no patience, and
        what was asked before is given up.
        """
        super().__init__(owner)
        self._studio, self._target, self._newest = studio, target, newest
        self._title, self._priority = title, priority
        self._once, self._at_once = once, at_once
        self._wanted: JobRequest | None = None  # the newest question
        self._waits = False  # whether that one waits for the present job's answer
        self._jobs: dict[str, Mapping[str, Any]] = {}  # the jobs that are followed, with what each was asked
        self._told_busy = False
        self.asked: Mapping[str, Any] = {}
        self._rest = QTimer(self, singleShot=True, interval=patience)
        self._rest.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._jobs) or self._rest.isActive()

    @property
    def state(self) -> JobState | None:
        """The job that was begun last and has not ended, as the job bar knows it."""
        return self._studio.jobs.get(next(reversed(self._jobs), ""))

    # Asking.

    def ask(self, title: str = "", /, **arguments: Any) -> None:
        """Ask, by the policy; title: what the job bar calls this one."""
        title = title or self._title
        name, shown = title or self._target, bool(title)
        self.request(JobRequest(name, self._target, arguments, self._priority, visible=shown))

    def ask_instead(self, **arguments: Any) -> None:
        """Ask at once and give up the present job: another model, another dataset."""
        self.forget()
        self.ask(**arguments)
        if self._rest.isActive():
            self._begin()

    def request(self, request: JobRequest) -> None:
        """Ask for any job, by the policy."""
        before = self._wanted.arguments if self._wanted else {}
        if self._once and self._wanted and request.arguments == before:
            return
        chosen = self._at_once and request.arguments.get(self._at_once) != before.get(self._at_once)
        if chosen:
            self.forget()
        self._wanted = request
        if self._rest.interval() and not chosen:
            self._rest.start()
        else:
            self._begin()

    def _begin(self) -> None:
        """The newest question is meant."""
        self._rest.stop()
        if self._newest == "waits" and self._jobs:
            self._waits = True
            return
        if self._newest == "cancels":
            self._give_up()
        assert self._wanted is not None
        self.asked, self._waits = self._wanted.arguments, False
        job = self._studio.submit(self._wanted)
        self._jobs[job] = self.asked
        self._studio.jobs.watch(job, lambda event: self._hear(job, event))
        self._tell_busy()

    def forget(self) -> None:
        """Ask nothing any more, and hear no more of what was asked."""
        self._rest.stop()
        self._wanted, self._waits = None, False
        self._give_up()
        self._tell_busy()

    def stop(self) -> None:
        """Let what was asked end with what it has."""
        self._rest.stop()
        self._waits = False
        for job in tuple(self._jobs):
            self._studio.stop(job)

    def _give_up(self) -> None:
        jobs, self._jobs = self._jobs, {}
        for job in jobs:
            self._studio.cancel(job)

    # Hearing.

    def _hear(self, job: str, event: Event) -> None:
        if job not in self._jobs or not isValid(self):
            return
        self.asked = self._jobs[job]
        ends = isinstance(event, (Finished, Failed))
        if ends:
            del self._jobs[job]
        self.heard.emit(event)
        self._tell(event)
        if ends:
            self.ended.emit()
        if self._waits and not self._jobs:
            self._begin()
        self._tell_busy()

    def _tell(self, event: Event) -> None:
        match event:
            case Sample():
                self.answered.emit(event.data)
                self.sampled.emit(event)
            case Progress():
                self.progressed.emit(event)
            case TextDelta():
                self.wrote.emit(event)
            case Note():
                self.noted.emit(event)
            case Artefact():
                self.made.emit(event)
            case Finished():
                self.finished.emit(event)
            case Failed():
                if not self._jobs and not self._waits:
                    self._wanted = None  # the same may be asked again
                self.failed.emit(event.reason, event.details)

    def _tell_busy(self) -> None:
        if bool(self._jobs) != self._told_busy:
            self._told_busy = bool(self._jobs)
            self.busy_changed.emit(self._told_busy)
