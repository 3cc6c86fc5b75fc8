"""One question to a collection and its answer, followed from what was found to the last token."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.playground.retrieval.jobs import ASK
from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, Finished, JobRequest, Priority, Progress, Sample, TextDelta

_TITLE = 40  # letters of the question that the job bar shows


class Asking(QObject):
    """told(name, data): what was found, the prompt, the citations. written(name, piece): "answer" or "plain"."""

    told = Signal(str, object)
    written = Signal(str, str)
    progressed = Signal(object)
    finished = Signal(dict)
    failed = Signal(str, str)
    busy_changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio, self._job = studio, ""
        self.question = ""

    @property
    def busy(self) -> bool:
        """Whether an answer is being written."""
        return bool(self._job)

    def ask(self, question: str, **arguments: Any) -> None:
        """Ask this instead of whatever is being answered."""
        self.forget()
        self.question = question
        title = question if len(question) <= _TITLE else question[:_TITLE].rstrip() + "…"
        asked = {"question": question, **arguments}
        job = self._job = self._studio.submit(JobRequest(f"Answer “{title}”", ASK, asked, Priority.INTERACTIVE))
        self._studio.jobs.watch(job, lambda event: self._hear(job, event))
        self.busy_changed.emit()

    def stop(self) -> None:
        """End here with what is written."""
        if self._job:
            self._studio.stop(self._job)

    def forget(self) -> None:
        """Give the question up; nothing of its answer is heard any more."""
        if self._job:
            job, self._job = self._job, ""
            self._studio.cancel(job)
            self.busy_changed.emit()

    def _hear(self, job: str, event: Event) -> None:
        if job != self._job:
            return
        match event:
            case Sample():
                self.told.emit(event.name, event.data)
            case TextDelta():
                self.written.emit(event.name, event.text)
            case Progress():
                self.progressed.emit(event)
            case Finished() | Failed():
                self._end(event)

    def _end(self, event: Finished | Failed) -> None:
        self._job = ""
        if isinstance(event, Failed):
            self.failed.emit(event.reason, event.details)
        else:
            result: Mapping[str, Any] = event.result
            self.finished.emit(dict(result))
        self.busy_changed.emit()
