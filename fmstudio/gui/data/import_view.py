"""The making of a dataset while it runs and after it: progress in place, then what came of it and what was skipped."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import DRAW, IMPORT
from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.files.skipped_files import SkippedFiles
from fmstudio.gui.widgets.jobs.job_strip import JobStrip
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.workspace.contents import counted

_MIDDLE = " was skipped: "
_REMARKS = 8  # that are shown


class ImportView(QWidget):
    """Follows one import or drawing at a time; `follow` may come back to any of this session.

    opened, train: a person wants to see the new dataset, or to train on it. again: to change the import and try again.
    """

    opened = Signal(str)
    train = Signal(str)
    again = Signal(object)
    dismissed = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("import-view")
        self._studio, self._job = studio, ""
        theme = studio.theme
        self.card = Card("", "import-card")
        self.card.title.show()
        self.strip = JobStrip(studio, "import-strip")
        self.strip.title.hide()
        self.sentence = label("", "secondary", "import-sentence", wrap=True)
        self.remarks = label("", "secondary", "import-remarks", wrap=True)
        self.remarks.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error = ErrorBox(theme, "import-error", dismissable=False)
        self.skipped = SkippedFiles(theme, "import-skipped")
        self._open = button("Look at it", "import-open", theme, "mdi6.text-box-search-outline", clicked=self._look)
        self._train = button("Train on it", "import-train", theme, "mdi6.school-outline", clicked=self._go_training)
        self._again = button("Change and try again", "import-again", theme, "mdi6.pencil-outline", clicked=self._retry)
        self._dismiss = button("Dismiss", "import-dismiss", theme, role="quiet", clicked=self._close)
        self._lay_out()
        studio.jobs.changed.connect(self._changed)

    def _lay_out(self) -> None:
        row = hbox(self._open, self._train, self._again, self._dismiss, ...)
        for part in (self.strip, self.sentence, self.remarks, self.error):
            self.card.body.addWidget(part)
        self.card.body.addLayout(row)
        content = boxed(vbox(self.card, self.skipped, ..., gap=16))
        self.setLayout(vbox(scroll_area(content, "import-view-scroll")))

    @property
    def job(self) -> str:
        """The import that is shown."""
        return self._job

    def follow(self, job: str) -> None:
        """Show this import from now on."""
        self._job = job
        self._changed(job)

    def _changed(self, job: str) -> None:
        state = self._studio.jobs.get(job) if job == self._job else None
        if state is None:
            return
        name = state.request.subject
        self.strip.show_job(state)
        self.strip.title.hide()
        self.strip.setVisible(state.active)
        self.card.title.setText(_headline(state, name))
        self.sentence.setText(_sentence(state))
        self.sentence.setVisible(bool(self.sentence.text()))
        self.remarks.setText("\n".join(remarks(state)))
        self.remarks.setVisible(bool(self.remarks.text()))
        self.skipped.show_files(_skipped(state))
        self._show_end(state)

    def _show_end(self, state: JobState) -> None:
        if state.status == "failed":
            self.error.show_error(state.reason, state.details)
        else:
            self.error.clear()
        made = bool(state.result.get("dataset"))
        self._open.setVisible(made)
        self._train.setVisible(made)
        again = "Import again…" if made else "Change and try again"
        self._again.setText(again)
        self._again.setAccessibleName(again)
        self._again.setVisible(not state.active and (not made or (bool(remarks(state)) and _is_import(state))))
        self._dismiss.setVisible(not state.active and not made)

    def _dataset(self) -> str:
        return str(self._studio.jobs[self._job].result.get("dataset", ""))

    def _look(self) -> None:
        self.opened.emit(self._dataset())

    def _go_training(self) -> None:
        self.train.emit(self._dataset())

    def _retry(self) -> None:
        self.again.emit(self._studio.jobs[self._job].request.arguments)

    def _close(self) -> None:
        self.dismissed.emit(self._job)


def _is_import(state: JobState) -> bool:
    return state.request.target == IMPORT


def _headline(state: JobState, name: str) -> str:
    if state.active:
        return f"{'Drawing' if state.request.target == DRAW else 'Adding'} “{name}”"
    if state.result.get("dataset"):
        return f"“{name}” is here"
    return f"“{name}” was not added"


def _sentence(state: JobState) -> str:
    if state.active:
        return state.progress.message if state.progress else "Waiting for its turn…"
    result: Mapping[str, Any] = state.result
    if not result.get("dataset"):
        return "" if state.status == "failed" else "It was cancelled; nothing of it is kept."
    made = _what_was_made(result)
    skipped = len(result["skipped"])
    left_out = f" {formatting.plural(skipped, 'file')} could not be used." if skipped else " No file was skipped."
    part = " It was stopped before its end; what was there by then is kept." if state.status == "stopped" else ""
    return made + left_out + part


def remarks(state: JobState) -> list[str]:
    """How files were read: what was guessed, mended and taken. What was skipped has a list of its own."""
    told = [note.text for note in state.notes if _MIDDLE not in note.text]
    more = len(told) - _REMARKS
    return told[:_REMARKS] + ([f"… and {formatting.plural(more, 'remark')} more of this kind."] if more > 0 else [])


def _what_was_made(result: Mapping[str, Any]) -> str:
    size = formatting.size(result["bytes"])
    if "pictures" in result:
        return f"{formatting.plural(result['pictures'], 'picture')}, {size}."
    if "documents" in result:
        return f"{formatting.plural(result['documents'], 'document')}, {size} of text."
    return f"{counted(result['counts'])}, {size}."


def _skipped(state: JobState) -> list[Mapping[str, str]]:
    """The whole list at the end; before that what the notes have told so far."""
    if "skipped" in state.result:
        return list(state.result["skipped"])
    told = [note.text.rstrip(".").partition(_MIDDLE) for note in state.notes if _MIDDLE in note.text]
    return [{"source": source, "reason": reason} for source, _, reason in told]
