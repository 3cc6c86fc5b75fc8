"""The tokens nearest to one in the space of input embeddings, found by typing the beginning of it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QStringListModel, Qt, QTimer
from PySide6.QtWidgets import QCompleter, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.inside.bars import Choice, ChoiceBars
from fmstudio.gui.playground.inside.jobs import COMPLETE, NEIGHBOURS
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import scrolled_column, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import TextField
from fmstudio.gui.widgets.jobs.follower import TYPING, JobFollower
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.text.token_view import visible
from fmstudio.jobs import Sample

BEGIN = " king"


class InsideNeighbours(QWidget):
    """A click on a neighbour looks at its own neighbours."""

    def __init__(self, studio: Studio, name: str = "inside-neighbours") -> None:
        super().__init__()
        self.setObjectName(name)
        self.model = ""
        self.found: Mapping[str, Any] = {}
        self._token: int | str = BEGIN
        self.field = TextField(f"{name}-token", "Token to find neighbours of")
        self.field.setPlaceholderText("Type a word or a piece of one")
        self.field.set_value(BEGIN.strip())
        self._rows: list[Mapping[str, Any]] = []
        self._texts = QStringListModel()
        self.completer = QCompleter(self._texts, self.field)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.setWidget(self.field)
        self.error = ErrorBox(studio.theme, f"{name}-error", dismissable=False)
        self.title = label("", "strong", f"{name}-title", wrap=True)
        self.facts = label("", "caption", f"{name}-facts", wrap=True)
        self.bars = ChoiceBars(studio.theme, f"{name}-bars", "Nearest tokens by cosine: choose one", percent=False)
        self._asking = JobFollower(self, studio, NEIGHBOURS, "waits", patience=TYPING, once=True, at_once="model")
        self._completing = JobFollower(self, studio, COMPLETE, "waits", patience=120, once=True, at_once="model")
        self._lay_out(name)
        self._connect()

    def _lay_out(self, name: str) -> None:
        column, area = scrolled_column(f"{name}-scroll")
        column.addWidget(self.bars)
        column.addStretch(1)
        self.setLayout(
            vbox(
                label("Nearest tokens", "section", f"{name}-section"),
                self.field,
                self.error,
                self.title,
                self.facts,
                (area, 1),
                gap=6,
            )
        )

    def _connect(self) -> None:
        self.field.edited.connect(self._typed)
        self.field.returnPressed.connect(self._entered)
        self.completer.activated.connect(self._completed)
        self.bars.chosen.connect(self._choose)
        self._asking.sampled.connect(self._show)
        self._asking.failed.connect(self._failed)
        self._completing.sampled.connect(self._complete)

    def use(self, model: str) -> None:
        """Look into this model's vocabulary."""
        if model != self.model:
            if isinstance(self._token, int):  # a number means another token there
                self._token = self.found.get("text", BEGIN)
            self.model, self.found = model, {}
        if model:
            self._asking.ask(model=model, token=self._token)

    # Typing.

    def _typed(self) -> None:
        if self.model and self.field.value().strip():
            self._completing.ask(model=self.model, typed=self.field.value())

    def _complete(self, sample: Sample) -> None:
        if sample.structure["typed"] != self.field.value():
            return
        self._rows = sample.structure["rows"]
        self._texts.setStringList([visible(row["text"]) for row in self._rows])
        if self._rows and self.field.hasFocus():
            self.completer.complete()

    def _completed(self, text: str) -> None:
        row = next((row for row in self._rows if visible(row["text"]) == text), None)
        if row is not None:
            # The completer writes its choice into the field after this.
            QTimer.singleShot(0, self, lambda: self.field.set_value(row["text"].strip()))
            self._ask(row["id"])

    def _entered(self) -> None:
        """The word as it stands within a text, behind a blank, where that is one token; else as it was typed."""
        typed = self.field.value()
        wanted = [" " + typed.strip(), typed.strip(), typed]
        row = next((row for text in wanted for row in self._rows if row["text"] == text), None)
        self._ask(row["id"] if row else typed)

    def _choose(self, row: int) -> None:
        token = self.found["rows"][row]
        self.field.set_value(visible(token["text"]))
        self._ask(token["id"])

    def _ask(self, token: int | str) -> None:
        self._token = token
        if self.model:
            self._asking.forget()
            self._asking.ask(model=self.model, token=token)

    # Answers.

    def _show(self, sample: Sample) -> None:
        self.error.clear()
        self.found = found = sample.structure
        kind = " · special" if found["special"] else ""
        self.title.setText(f"“{visible(found['text'])}” · id {found['id']}{kind}")
        lines = [
            f"Cosine to {formatting.count(found['vocabulary'] - 1)} other tokens, from −1 to 1; the mean of all is "
            f"{found['mean']:.3f}.".replace("-", "−")
        ]
        if len(found["pieces"]) > 1:
            pieces = " ".join(f"“{visible(piece['text'])}”" for piece in found["pieces"])
            lines.insert(0, f"That is {len(found['pieces'])} tokens: {pieces}. The last one is shown.")
        self.facts.setText("\n".join(lines))
        self.bars.show_rows([_row(row) for row in found["rows"]])

    def _failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)


def _row(row: Mapping[str, Any]) -> Choice:
    tip = f"“{visible(row['text'])}” · id {row['id']} · cosine {row['cosine']:.3f}".replace("-", "−")
    return Choice(row["text"], row["cosine"], tip=tip + "\nClick for its own neighbours.")
