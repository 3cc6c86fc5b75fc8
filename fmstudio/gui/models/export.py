"""Exporting a model for other programs, and the proof that it works there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.jobs import Finished, JobRequest, Priority, Progress

EXPORT = "fmstudio.deployment.huggingface:export"


class ModelExport(Card):
    """Takes no room until a model is exported; then tells how it goes and what the proof found."""

    def __init__(self, studio: Studio) -> None:
        super().__init__("", "export-card")
        self.set_padding(12, 8, 8, 8)
        self._exporting = JobFollower(self, studio, newest="joins")
        self._exporting.progressed.connect(self._progressed)
        self._exporting.failed.connect(self._failed)
        self._exporting.finished.connect(self._finished)
        self._path = ""
        self.sentence = label("", "body", "export-sentence", wrap=True)
        self.error = ErrorBox(studio.theme, "export-error")
        self.folder = button("Open folder", "export-open", studio.theme, "mdi6.folder-open-outline", clicked=self._open)
        row = hbox(
            (self.sentence, 1),
            self.folder,
            icon_button("mdi6.close", "Dismiss", "export-close", studio.theme, self.hide),
        )
        self.body.addLayout(row)
        self.body.addWidget(self.error)
        self.hide()

    def ask(self, model: str, window: QWidget) -> None:
        """Ask for a folder, and export into one of the model's name in it."""
        folder = QFileDialog.getExistingDirectory(window, f"Export “{model}” into a new folder inside …")
        if folder:
            self.begin(model, Path(folder) / model)

    def begin(self, model: str, to: Path) -> None:
        """Export a model as a Hugging Face folder."""
        self.error.clear()
        self.folder.hide()
        self._say(f"Exporting “{model}” to {to} …")
        arguments = {"model": model, "to": str(to)}
        self._exporting.request(JobRequest(f"Export “{model}”", EXPORT, arguments, Priority.INTERACTIVE, model))

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.show()

    def _progressed(self, progress: Progress) -> None:
        if progress.message:
            self._say(f"Exporting “{self._exporting.asked['model']}”: {progress.message} …")

    def _failed(self, reason: str, details: str) -> None:
        self._say("")
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        if event.outcome != "completed":
            self.hide()
            return
        asked = self._exporting.asked
        self._path = str(event.result.get("path", asked["to"]))
        self.folder.show()
        self._say(proof_in_words(asked["model"], event.result, self._path))

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._path))


def proof_in_words(model: str, result: Mapping[str, Any], path: str) -> str:
    """Where the model went, and what the export found when it opened the copy as another program would."""
    return f"“{model}” is exported to {path}. {result.get('proof', '')}".strip()
