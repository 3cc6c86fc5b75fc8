"""A small question to the data stage, of which only the latest answer counts."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, Finished, Progress, Sample


class Question(QObject):
    """Asks one thing at a time: a newer question cancels the older one, whose late answers nobody hears.

    answered(data): what a Sample brought; there may be several until `ended`. failed(reason, details).
    """

    answered = Signal(object)
    progressed = Signal(object)
    failed = Signal(str, str)
    ended = Signal()

    def __init__(self, studio: Studio, target: str, patience: int = 0) -> None:
        """patience: milliseconds without another `ask` before a question is taken as meant."""
        super().__init__()
        self._studio, self._target = studio, target
        self._arguments: dict[str, Any] = {}
        self._job = ""
        self._waiting = QTimer(self, singleShot=True, interval=patience)
        self._waiting.timeout.connect(self._submit)

    @property
    def pending(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._job) or self._waiting.isActive()

    def ask(self, **arguments: Any) -> None:
        """Ask now, or when there was no other question for as long as the patience is."""
        self._arguments = arguments
        if self._waiting.interval():
            self._waiting.start()
        else:
            self._submit()

    def forget(self) -> None:
        """Ask nothing any more."""
        self._waiting.stop()
        if self._job:
            job, self._job = self._job, ""
            self._studio.cancel(job)

    def _submit(self) -> None:
        self.forget()
        job = self._studio.query(self._target, lambda event: self._hear(job, event), **self._arguments)
        self._job = job

    def _hear(self, job: str, event: Event) -> None:
        if job != self._job:
            return
        match event:
            case Sample():
                self.answered.emit(event.data)
            case Progress():
                self.progressed.emit(event)
            case Failed():
                self._job = ""
                self.failed.emit(event.reason, event.details)
                self.ended.emit()
            case Finished():
                self._job = ""
                self.ended.emit()
