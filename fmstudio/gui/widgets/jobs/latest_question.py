"""A question that a drag asks many times a second: one is being answered, the newest waits, those between are dropped.

A newer question never cancels the one that is being answered. Under a steady drag each would then be cancelled before
its answer comes, and nothing would be seen until the hand rests.
"""

from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, Finished, JobRequest, Priority, Progress, Sample


class LatestQuestion(QObject):
    """answered(sample): the whole event. failed(reason, details). busy_changed(bool): whether an answer is to come."""

    answered = Signal(object)
    heard = Signal(object)
    progressed = Signal(object)
    failed = Signal(str, str)
    busy_changed = Signal(bool)

    def __init__(self, studio: Studio, target: str, title: str = "") -> None:
        """title: what the job bar calls it, for questions that take long enough to be shown there and stopped."""
        super().__init__()
        self._studio, self._target, self.title = studio, target, title
        self.asked: dict[str, Any] = {}
        self._waiting: dict[str, Any] | None = None
        self._job = ""

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._job)

    def ask(self, **arguments: Any) -> None:
        """Ask now, or as soon as the present question is answered."""
        if self._job:
            self._waiting = arguments
        else:
            self._submit(arguments)

    def ask_instead(self, **arguments: Any) -> None:
        """Ask now and give up the present question: another model, another dataset."""
        self.forget()
        self.ask(**arguments)

    def forget(self) -> None:
        """Ask nothing any more; a late answer is not heard."""
        self._waiting = None
        if self._job:
            job, self._job = self._job, ""
            self._studio.cancel(job)
            self.busy_changed.emit(False)

    def stop(self) -> None:
        """Let the present question end with what it has."""
        self._waiting = None
        if self._job:
            self._studio.stop(self._job)

    def _submit(self, arguments: dict[str, Any]) -> None:
        self.asked, self._waiting = arguments, None
        request = JobRequest(
            self.title or self._target, self._target, arguments,
            Priority.INTERACTIVE, visible=bool(self.title),
        )  # fmt: skip
        job = self._job = self._studio.submit(request)
        self._studio.jobs.watch(job, lambda event: self._hear(job, event))
        self.busy_changed.emit(True)

    def _hear(self, job: str, event: Event) -> None:
        if job != self._job:
            return
        match event:
            case Sample():
                self.answered.emit(event)
            case Progress():
                self.progressed.emit(event)
            case Finished() | Failed():
                self._end(event)
            case _:
                self.heard.emit(event)

    def _end(self, event: Finished | Failed) -> None:
        self._job = ""
        waiting, self._waiting = self._waiting, None
        if isinstance(event, Failed):
            self.failed.emit(event.reason, event.details)
        if waiting is not None and not self._job:
            self._submit(waiting)
        elif not self._job:
            self.busy_changed.emit(False)
