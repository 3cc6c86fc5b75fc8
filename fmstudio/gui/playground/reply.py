"""One answer of a model: the job that writes it, and what it tells on the way."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.text.streamed_text import Ending
from fmstudio.jobs import Finished, JobRequest, Sample, TextDelta

GENERATE = "fmstudio.adapt.generation:generate"


class Reply(JobFollower):
    """Follows one answer at a time. grew(piece); `text` is what has been written so far.

    prompted(prompt): the exact text that the model was given, with its tokens. replied(result): as
    fmstudio.adapt.generation:generate returns it; "finish" tells why it ended.
    """

    prompted = Signal(dict)
    grew = Signal(str)
    replied = Signal(dict)

    def __init__(self, owner: QObject, studio: Studio) -> None:
        super().__init__(owner, studio, GENERATE)
        self.text = ""
        self.sampled.connect(self._tell_prompt)
        self.wrote.connect(self._grow)
        self.finished.connect(self._tell_result)

    def request(self, request: JobRequest) -> None:
        """Ask for an answer."""
        self.text = ""
        super().request(request)

    def _tell_prompt(self, sample: Sample) -> None:
        if sample.name == "prompt":
            self.prompted.emit(sample.structure)

    def _grow(self, delta: TextDelta) -> None:
        self.text += delta.text
        self.grew.emit(delta.text)

    def _tell_result(self, event: Finished) -> None:
        # A job that was stopped before it began has nothing to return.
        self.replied.emit({"text": self.text, "finish": "stopped", **event.result})


def ending_of(result: Mapping[str, Any]) -> Ending:
    """How the text of a result came to its end."""
    finish = result.get("finish")
    return finish if finish in ("stopped", "failed") else "completed"


def can_replay(result: Mapping[str, Any]) -> bool:
    """Whether an answer was kept with everything that makes it again."""
    return bool(result.get("settings") and result.get("model")) and ("messages" in result or "prompt" in result)


def replayed(result: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that make an answer again: the same model, messages, settings and seed."""
    said = {"messages": result["messages"]} if result.get("messages") else {"prompt": result["prompt"]}
    backend = result.get("backend") or "auto"
    return {"model": result["model"], "settings": dict(result["settings"]), "backend": backend, "log": False, **said}
