"""Making training data of a batch: which answers a model is to learn, and under which name they are kept."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QDialog, QWidget

from fmstudio.gui.playground.batch.jobs import MAKE
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.training_data import MadeDataset, left_out_words
from fmstudio.jobs import Finished
from fmstudio.workspace import WorkspaceError

ANSWERS = (("given", "All answers"), ("right", "Right ones"), ("expected", "Expected ones"))
MEANINGS = {
    "given": "Each prompt with the answer that this model gave: another, smaller model can learn to answer so.",
    "right": "Each prompt whose answer is the expected one, with that answer.",
    "expected": "Each prompt with the answer that was expected: where another was given, it is put right.",
}


class BatchMakingDialog(QDialog):
    """Not modal: `open()` it, it deletes itself when closed."""

    def __init__(self, studio: Studio, batch: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("batch-making")
        self.setWindowTitle("Make training data")
        self.resize(560, 300)
        self._studio, self._batch = studio, batch
        self._making = JobFollower(self, studio, MAKE, "joins")
        self._build()
        self._lay_out()
        self.go.clicked.connect(self._make)
        self._making.finished.connect(self._made)
        self._making.failed.connect(self.error.show_error)
        self._making.busy_changed.connect(self._judge)
        self.answers.changed.connect(self._explain)
        self.name.edited.connect(self._judge)
        self.made.left.connect(self.accept)
        self.finished.connect(self.deleteLater)
        self._suggest()
        self._explain()

    def _build(self) -> None:
        theme = self._studio.theme
        self.answers = Segments(ANSWERS, "batch-making-answers", "Which answers are learnt")
        self.answers.setVisible(bool(self._batch.get("expected")))
        self.meaning = label("", "secondary", "batch-making-meaning", wrap=True)
        self.name = TextField("batch-making-name", "Name of the dataset")
        self.left_out = label("", "caption", "batch-making-left-out", wrap=True)
        self.error = ErrorBox(theme, "batch-making-error")
        self.made = MadeDataset(self._studio, "batch-making-made")
        self.go = button("Make dataset", "batch-making-go", theme, "mdi6.database-plus-outline", "primary", self._make)
        self.close_button = button("Close", "batch-making-close", theme, clicked=self.accept)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                label("Teach a model these answers", "section"),
                hbox(self.answers, ..., gap=10),
                self.meaning,
                vbox(label("Name of the dataset", "body"), self.name, gap=4),
                ...,
                self.left_out,
                self.error,
                self.made,
                hbox(..., self.close_button, self.go),
                gap=10,
                margins=(24, 20, 24, 16),
            )
        )

    def _suggest(self) -> None:
        """A name that is free."""
        wanted = "".join(letter if letter.isalnum() else "-" for letter in str(self._batch.get("prompt")))
        try:
            self.name.set_value(self._studio.workspace.free_name("datasets", f"{wanted.strip('-')[:60]}-answers"))
        except WorkspaceError:  # the prompt's name makes none
            self.name.set_value("")

    def _explain(self, *_: object) -> None:
        self.meaning.setText(MEANINGS[self.answers.value()])
        self.error.clear()
        self.made.hide()
        self.left_out.hide()
        self._judge()

    def _judge(self, *_: object) -> None:
        self.go.setEnabled(bool(self.name.value().strip()) and not self._making.busy)

    def _make(self) -> None:
        name = self.name.value().strip()
        self.error.clear()
        self._making.ask(f"Make “{name}”", batch=self._batch["id"], name=name, answers=self.answers.value())

    def _made(self, event: Finished) -> None:
        if event.result:
            self.made.tell(event.result)
            left_out = event.result["left_out"]
            self.left_out.setText(left_out_words(left_out))
            self.left_out.setVisible(bool(left_out))
            self._suggest()
