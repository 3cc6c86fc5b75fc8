"""Making training data of the feedback log: of which kind, how many examples that gives, and why some are left out."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox, QDialog, QPlainTextEdit, QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.jobs import EXAMPLES, MAKE
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.training_data import MadeDataset, left_out_words
from fmstudio.jobs import Finished
from fmstudio.workspace.contents import counted

KINDS = (("instructions", "Instructions"), ("preferences", "Preferences"))
MEANINGS = {
    "instructions": "A model learns to answer so: what was corrected, with its correction, and what got thumbs up or a "
    "score of 4 or 5.",
    "preferences": "A model learns which answers are better: a correction over its output, the better of two answers "
    "to the same prompt, and single answers that were found good or bad.",
}


class MakingDialog(QDialog):
    """Not modal: `open()` it, it deletes itself when closed."""

    def __init__(self, studio: Studio, filters: Mapping[str, str], text: str, parent: QWidget | None = None) -> None:
        """filters, text: what the panel shows now, of which the data can be made alone."""
        super().__init__(parent)
        self.setObjectName("feedback-making")
        self.setWindowTitle("Make training data")
        self.resize(640, 560)
        self._theme = studio.theme
        self._filters, self._text = dict(filters), text
        self._name_is_mine = False
        self._question = JobFollower(self, studio, EXAMPLES)
        self._making = JobFollower(self, studio, MAKE, "joins")
        self._build(studio)
        self._lay_out()
        self._connect()
        self._ask()

    def _build(self, studio: Studio) -> None:
        self.kind = Segments(KINDS, "making-kind", "What kind of training data")
        self.meaning = label("", "secondary", "making-meaning", wrap=True)
        self.only_shown = QCheckBox("Only the entries that are shown now")
        self.only_shown.setObjectName("making-only-shown")
        narrowed = bool(self._filters or self._text.strip())
        self.only_shown.setVisible(narrowed)
        self.only_shown.setChecked(narrowed)
        self.count = label("Counting…", "strong", "making-count")
        self.left_out = label("", "caption", "making-left-out", wrap=True)
        self.first = QPlainTextEdit()
        self.first.setObjectName("making-first")
        self.first.setAccessibleName("The first examples")
        self.first.setReadOnly(True)
        self.first.setProperty("role", "log")
        self.name = TextField("making-name", "Name of the dataset")
        self.error = ErrorBox(self._theme, "making-error")
        self.made = MadeDataset(studio, "making-made")
        self.go = button("Make dataset", "making-go", self._theme, "mdi6.database-plus-outline", "primary", self._make)
        self.close_button = button("Close", "making-close", self._theme, clicked=self.accept)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                label("Teach a model by what you thought of outputs", "section"),
                hbox(self.kind, ..., gap=10),
                self.meaning,
                self.only_shown,
                self.count,
                self.left_out,
                (self.first, 1),
                vbox(label("Name of the dataset", "body"), self.name, gap=4),
                self.error,
                self.made,
                hbox(..., self.close_button, self.go),
                gap=10,
                margins=(24, 20, 24, 16),
            )
        )

    def _connect(self) -> None:
        self.kind.changed.connect(lambda _: self._ask())
        self.only_shown.toggled.connect(lambda _: self._ask())
        self.name.edited.connect(self._named)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        self.go.clicked.connect(self._make)
        self._making.finished.connect(self._made)
        self._making.failed.connect(self.error.show_error)
        self._making.busy_changed.connect(self._judge)
        self.made.left.connect(self.accept)
        self.finished.connect(self._closed)

    # What it would make.

    def _wanted(self) -> dict[str, Any]:
        chosen = self.only_shown.isChecked()
        return {
            "kind": self.kind.value(), "filters": self._filters if chosen else {}, "text": self._text if chosen else "",
        }  # fmt: skip

    def _ask(self) -> None:
        self.meaning.setText(MEANINGS[self.kind.value()])
        self.made.hide()
        self.error.clear()
        self._some = False
        self._judge()
        self._question.ask(**self._wanted())

    def _show(self, preview: Mapping[str, Any]) -> None:
        counts = counted(preview["counts"])
        self._some = bool(counts)
        self.count.setText(counts or "Nothing can be made yet: rate or correct some outputs first.")
        self.left_out.setText(left_out_words(preview["left_out"]))
        self.left_out.setVisible(bool(preview["left_out"]))
        self.first.setPlainText("\n\n――――\n\n".join(preview["first"]))
        if not self._name_is_mine:
            self.name.set_value(preview["name"])
        self._judge()

    def _failed(self, reason: str, details: str) -> None:
        self.count.clear()
        self.error.show_error(reason, details)

    def _named(self) -> None:
        self._name_is_mine = True
        self._judge()

    def _judge(self, *_: object) -> None:
        self.go.setEnabled(self._some and bool(self.name.value().strip()) and not self._making.busy)

    # Making it.

    def _make(self) -> None:
        name = self.name.value().strip()
        self.error.clear()
        self._making.ask(f"Make “{name}”", name=name, **self._wanted())

    def _made(self, event: Finished) -> None:
        if event.result:
            self.made.tell(event.result)
            self._name_is_mine = False
            self._question.ask(**self._wanted())  # the next one has a name that is free

    def _closed(self) -> None:
        self._question.forget()
        self.deleteLater()
