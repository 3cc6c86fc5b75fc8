"""Exporting a model for other programs: the formats that it can have, and the proof that it works there."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, empty, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.jobs import Finished, JobRequest, Priority, Progress

OFFERED = "fmstudio.deployment.exporting:offered"
EXPORT = "fmstudio.deployment.exporting:export"
Format = Mapping[str, Any]
"""As the job tells it: "name", "title", "description", "suffix"."""

_CHOICE = 168


class ModelExport(Card):
    """Takes no room until a model is exported; then asks for the format where there are several, tells how it goes and
    what the proof found.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__("", "export-card")
        self.set_padding(12, 8, 8, 8)
        self._theme = studio.theme
        self._asking = JobFollower(self, studio, OFFERED)
        self._asking.answered.connect(self._offer)
        self._asking.failed.connect(self._failed)
        self._exporting = JobFollower(self, studio, newest="joins")
        self._exporting.progressed.connect(self._progressed)
        self._exporting.failed.connect(self._failed)
        self._exporting.finished.connect(self._finished)
        self._path = Path()
        self._window: QWidget | None = None
        self.sentence = label("", "body", "export-sentence", wrap=True)
        self.error = ErrorBox(studio.theme, "export-error")
        self.folder = button("Open folder", "export-open", studio.theme, "mdi6.folder-open-outline", clicked=self._open)
        row = hbox(
            (self.sentence, 1),
            self.folder,
            icon_button("mdi6.close", "Dismiss", "export-close", studio.theme, self.hide),
        )
        self._choices = vbox(gap=4)
        self.choices = boxed(self._choices)
        self.body.addLayout(row)
        self.body.addWidget(self.choices)
        self.body.addWidget(self.error)
        self.hide()

    def ask(self, model: str, window: QWidget) -> None:
        """Ask how to export a model, and where to; a model that can have one format only is asked where to at once."""
        self._window = window
        self._asking.ask(model=model)

    def _offer(self, told: Mapping[str, Any]) -> None:
        model, formats = str(told["model"]), list(told["formats"])
        self._clear()
        if len(formats) == 1:
            self._ask_where(model, formats[0])
        elif formats:
            self._say(f"Export “{model}” as …")
            self._show_choices(model, formats)
        else:
            self.show()
            self.error.show_error(f"“{model}” is a file that other programs open as it is; copy it.")

    def _show_choices(self, model: str, formats: Sequence[Format]) -> None:
        for each in formats:
            made = button(each["title"], f"export-as-{each['name']}", self._theme)
            made.clicked.connect(partial(self._ask_where, model, each))
            made.setToolTip(str(each["description"]))
            made.setMinimumWidth(_CHOICE)
            told = label(str(each["description"]), "caption", wrap=True)
            self._choices.addWidget(boxed(hbox(made, (told, 1), gap=12)))
        self.choices.show()
        first = self.choices.findChild(QWidget, f"export-as-{formats[0]['name']}")
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask_where(self, model: str, format: Format, *_: object) -> None:
        """Ask for a file, or for a folder and export into one of the model's name in it."""
        suffix, title = str(format["suffix"]), f"Export “{model}”"
        if suffix:
            kinds = f"{format['title']} (*{suffix})"
            chosen = QFileDialog.getSaveFileName(self._window, title, f"{model}{suffix}", kinds)[0]
            to = Path(chosen if chosen.lower().endswith(suffix) else chosen + suffix)
        else:
            chosen = QFileDialog.getExistingDirectory(self._window, f"{title} into a new folder inside …")
            to = Path(chosen) / model
        if chosen:
            self.begin(model, to, str(format["name"]))

    def begin(self, model: str, to: Path, format: str) -> None:
        """Export a model."""
        self._clear()
        self._say(f"Exporting “{model}” to {to} …")
        arguments = {"model": model, "to": str(to), "format": format}
        self._exporting.request(JobRequest(f"Export “{model}”", EXPORT, arguments, Priority.INTERACTIVE, model))

    def _clear(self) -> None:
        self.error.clear()
        self.folder.hide()
        empty(self._choices)
        self.choices.hide()

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.show()

    def _progressed(self, progress: Progress) -> None:
        if progress.message:
            self._say(f"Exporting “{self._exporting.asked['model']}”: {progress.message} …")

    def _failed(self, reason: str, details: str) -> None:
        self._clear()
        self._say("")
        self.error.show_error(reason, details)

    def _finished(self, event: Finished) -> None:
        if event.outcome != "completed":
            self.hide()
            return
        asked = self._exporting.asked
        self._path = Path(str(event.result.get("path", asked["to"])))
        self.folder.show()
        self._say(proof_in_words(asked["model"], event.result, str(self._path)))

    def _open(self) -> None:
        folder = self._path if self._path.is_dir() else self._path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def proof_in_words(model: str, result: Mapping[str, Any], path: str) -> str:
    """Where the model went, and what the export found when it opened the copy as another program would."""
    return f"“{model}” is exported to {path}. {result.get('proof', '')}".strip()
