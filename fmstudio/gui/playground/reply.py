"""One answer of a model: the job that writes it, and what it tells on the way."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, Finished, JobRequest, Note, Priority, Progress, Sample, TextDelta

GENERATE = "fmstudio.adapt.generation:generate"
_CALM = 30  # milliseconds: pieces that come closer together than an eye sees are shown at once


class Reply(QObject):
    """prompted(prompt): the exact text that the model was given, with its tokens. grew(piece). paced(progress).

    ended(result): as fmstudio.adapt.generation:generate returns it; "finish" tells why it ended. failed(reason,
    details). One reply is written once; ask another for the next.
    """

    prompted = Signal(dict)
    grew = Signal(str)
    paced = Signal(object)
    noted = Signal(str)
    ended = Signal(dict)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._job = ""
        self._unwatch: Callable[[], None] = _nothing
        self._pieces: list[str] = []
        self._unsaid: list[str] = []
        self.prompt: dict[str, Any] = {}
        self._calm = QTimer(self, singleShot=True, interval=_CALM)
        self._calm.timeout.connect(self._say)

    @property
    def busy(self) -> bool:
        """Whether more is to come."""
        return bool(self._job)

    @property
    def text(self) -> str:
        """What has been written so far."""
        return "".join(self._pieces)

    def ask(self, title: str, **arguments: Any) -> None:
        """Begin; the arguments are those of the job."""
        self._job = self._studio.submit(JobRequest(title, GENERATE, arguments, Priority.INTERACTIVE))
        self._unwatch = self._studio.jobs.watch(self._job, self._hear)

    def stop(self) -> None:
        """End here and keep what there is."""
        if self._job:
            self._studio.stop(self._job)

    def abandon(self) -> None:
        """End it and say nothing any more."""
        job, self._job = self._job, ""
        if job:
            self._unwatch()
            self._calm.stop()
            self._studio.cancel(job)

    def _hear(self, event: Event) -> None:
        match event:
            case Sample(name="prompt"):
                self.prompt = dict(event.data)
                self.prompted.emit(self.prompt)
            case TextDelta():
                self._take(event.text)
            case Progress():
                self.paced.emit(event)
            case Note():
                self.noted.emit(event.text)
            case Finished():
                self._end(event.result)
            case Failed():
                self._job = ""
                self._say()
                self.failed.emit(event.reason, event.details)

    def _take(self, piece: str) -> None:
        self._pieces.append(piece)
        self._unsaid.append(piece)
        if not self._calm.isActive():
            self._calm.start()

    def _say(self) -> None:
        self._calm.stop()
        if self._unsaid:
            piece, self._unsaid = "".join(self._unsaid), []
            self.grew.emit(piece)

    def _end(self, result: Mapping[str, Any]) -> None:
        self._job = ""
        self._say()
        # A job that was stopped before it began has nothing to return.
        self.ended.emit({"text": self.text, "finish": "stopped", **result})


def _nothing() -> None:
    """There is nothing to let go of before a job is asked for."""


def can_replay(result: Mapping[str, Any]) -> bool:
    """Whether an answer was kept with everything that makes it again."""
    return bool(result.get("settings") and result.get("model")) and ("messages" in result or "prompt" in result)


def replayed(result: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that make an answer again: the same model, messages, settings and seed."""
    said = {"messages": result["messages"]} if result.get("messages") else {"prompt": result["prompt"]}
    backend = result.get("backend") or "auto"
    return {"model": result["model"], "settings": dict(result["settings"]), "backend": backend, "log": False, **said}
