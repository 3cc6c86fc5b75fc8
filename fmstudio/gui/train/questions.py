"""What Train asks of the stages before a run begins: what can be trained, what it costs, what it learns from."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.runs.jobs import DESCRIBE, ESTIMATE, OBJECTIVE, PROBE
from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event, Failed, JobRequest, Priority, Progress, Sample

PATIENCE = 250  # milliseconds without a keystroke before the settings are taken as meant


class RunQuestions(QObject):
    """Small jobs and their answers. Of several questions of a kind only the latest answer counts.

    failed(question, reason, details): "families", "estimate", "probe" or "objective" could not be answered.
    """

    described = Signal(dict)
    estimated = Signal(dict)
    probed = Signal(dict)
    probing = Signal(str)
    illustrated = Signal(dict)
    failed = Signal(str, str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._latest: dict[str, str] = {}
        self._recipe: Mapping[str, Any] = {}
        self._illustrated: Mapping[str, Any] = {}
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(PATIENCE)
        self._waiting.timeout.connect(self._ask_estimate)

    def describe(self) -> None:
        """Ask what can be trained."""
        self._ask("families", DESCRIBE)

    def estimate(self, recipe: Mapping[str, Any]) -> None:
        """Ask for sizes, once the settings rest."""
        self._recipe = recipe
        self._waiting.start()

    def _ask_estimate(self) -> None:
        self._ask("estimate", ESTIMATE, recipe=self._recipe)

    def probe(self, recipe: Mapping[str, Any]) -> None:
        """Ask for the pace. This one takes seconds, so the job bar shows it."""
        self.probing.emit("Trying…")
        arguments = {"recipe": recipe}
        request = JobRequest("Try one step", PROBE, arguments, Priority.INTERACTIVE)
        self._submit("probe", request)

    def illustrate(self, recipe: Mapping[str, Any]) -> None:
        """Ask for a real line of the data, unless the present answer is still true."""
        asked = {"family": recipe["family"], "init": recipe["init"], "model": recipe.get("model", {})}
        asked |= {section: recipe.get(section, {}) for section in ("data", "tokenizer")}
        if asked != self._illustrated:
            self._illustrated = asked
            self._ask("objective", OBJECTIVE, recipe=recipe)

    def _ask(self, question: str, target: str, **arguments: Any) -> None:
        self._submit(question, JobRequest(target, target, arguments, Priority.INTERACTIVE, visible=False))

    def _submit(self, question: str, request: JobRequest) -> None:
        if outdated := self._latest.get(question):
            self._studio.cancel(outdated)
        job = self._studio.submit(request)
        self._latest[question] = job
        self._studio.jobs.watch(job, lambda event: self._hear(question, job, event))

    def _hear(self, question: str, job: str, event: Event) -> None:
        if self._latest.get(question) != job:
            return
        match event:
            case Sample(data=dict(answer)):
                answers = {"families": self.described, "estimate": self.estimated, "probe": self.probed}
                answers.get(question, self.illustrated).emit(answer)
            case Progress() if question == "probe":
                self.probing.emit(event.message.capitalize() or "Trying…")
            case Failed():
                self._illustrated = {} if question == "objective" else self._illustrated
                self.failed.emit(question, event.reason, event.details)
