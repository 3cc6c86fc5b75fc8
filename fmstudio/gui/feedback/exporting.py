"""Writing the feedback log to a file: which form, how many lines that makes and why others are left out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QPlainTextEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import EXPORT, PREVIEW
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.training_data import left_out_words
from fmstudio.jobs import Finished

FORMATS = (("instructions", "Instruction tuning"), ("preferences", "Preference tuning"), ("log", "Whole log"))
FORMS = (("plain", "Plain texts"), ("conversational", "Conversations"))
MEANINGS = {
    "instructions": "prompt and completion: what was corrected, with its correction, and what got thumbs up or a score "
    "of 4 or 5.",
    "preferences": "prompt, chosen and rejected: a correction over its output, and the better of two outputs to the "
    "same prompt.",
    "log": "Everything, ratings and settings included, to be imported again without loss.",
}


class ExportDialog(QDialog):
    """Not modal: `open()` it, it deletes itself when closed. `written` tells the job's result."""

    written = Signal(dict)

    def __init__(self, studio: Studio, filters: Mapping[str, str], text: str, parent: QWidget | None = None) -> None:
        """filters, text: what the panel shows now, of which the export can be a part."""
        super().__init__(parent)
        self.setObjectName("feedback-export")
        self.setWindowTitle("Export feedback")
        self.resize(620, 520)
        self._theme = studio.theme
        self._filters, self._text = dict(filters), text
        self._question = JobFollower(self, studio, PREVIEW)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        self._writing = JobFollower(self, studio, EXPORT, "joins")
        self._writing.finished.connect(self._written)
        self.finished.connect(self._closed)
        self._build()
        self._writing.failed.connect(self.error.show_error)
        self._writing.busy_changed.connect(self.save.setDisabled)
        self._lay_out()
        self._ask()

    def _build(self) -> None:
        self.format = Segments(FORMATS, "feedback-format", "What to write")
        self.form = Segments(FORMS, "feedback-form", "Form of prompts and answers")
        self.meaning = label("", "secondary", "feedback-meaning", wrap=True)
        self.only_shown = QCheckBox("Only the entries that are shown now")
        self.only_shown.setObjectName("feedback-only-shown")
        narrowed = bool(self._filters or self._text.strip())
        self.only_shown.setVisible(narrowed)
        self.only_shown.setChecked(narrowed)
        self.count = label("Counting…", "strong", "feedback-count")
        self.left_out = label("", "caption", "feedback-left-out", wrap=True)
        self.first = QPlainTextEdit()
        self.first.setObjectName("feedback-first-lines")
        self.first.setAccessibleName("The first lines of the file")
        self.first.setReadOnly(True)
        self.first.setProperty("role", "log")
        self.error = ErrorBox(self._theme, "feedback-export-error")
        self.told = label("", "caption", "feedback-export-done")
        self.save = button("Save as…", "feedback-save", self._theme, "mdi6.export-variant", "primary", self.choose_file)
        self.close_button = button("Close", "feedback-export-close", self._theme, clicked=self.accept)
        for each in (self.format, self.form):
            each.changed.connect(lambda _: self._ask())
        self.only_shown.toggled.connect(lambda _: self._ask())

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                label("One JSON object a line, as trl and other trainers read it", "section"),
                hbox(self.format, ..., self.form, gap=10),
                self.meaning,
                self.only_shown,
                self.count,
                self.left_out,
                (self.first, 1),
                self.error,
                hbox((self.told, 1), self.close_button, self.save),
                gap=10,
                margins=(24, 20, 24, 16),
            )
        )

    # What it would write.

    def _wanted(self) -> dict[str, Any]:
        chosen = self.only_shown.isChecked()
        return {
            "format": self.format.value(), "form": self.form.value(),
            "filters": self._filters if chosen else {}, "text": self._text if chosen else "",
        }  # fmt: skip

    def _ask(self) -> None:
        self.form.setVisible(self.format.value() != "log")
        self.meaning.setText(MEANINGS[self.format.value()])
        self.told.clear()
        self.error.clear()
        self.save.setEnabled(False)
        self._question.ask(**self._wanted())

    def _show(self, preview: Mapping[str, Any]) -> None:
        self.count.setText(f"{formatting.plural(preview['written'], 'line')} to be written")
        self.left_out.setText(left_out_words(preview["left_out"]))
        self.left_out.setVisible(bool(preview["left_out"]))
        self.first.setPlainText("\n\n".join(preview["first"]))
        self.save.setEnabled(preview["written"] > 0)
        self.save.setToolTip("" if preview["written"] else "Rate or correct some outputs first.")

    def _failed(self, reason: str, details: str) -> None:
        self.count.clear()
        self.error.show_error(reason, details)

    # Writing it.

    def choose_file(self) -> None:
        """Ask where, then write."""
        proposed = f"feedback-{self.format.value()}.jsonl"
        chosen, _ = QFileDialog.getSaveFileName(self, "Export feedback", proposed, "JSON lines (*.jsonl)")
        if chosen:
            self.export(Path(chosen))

    def export(self, path: Path) -> None:
        """Write to a path that is known."""
        self._writing.ask(f"Write “{path.name}”", path=str(path), **self._wanted())

    def _written(self, event: Finished) -> None:
        if event.result:
            lines = formatting.plural(event.result["written"], "line")
            self.told.setText(f"{lines} written to {Path(event.result['path']).name}.")
            self.written.emit(dict(event.result))

    def _closed(self) -> None:
        self._question.forget()
        self.deleteLater()
