"""A row as the model reads it: its exact tokens, coloured by whether they are learnt."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import ROW
from fmstudio.gui.data.tuning.bar import ReadByBar
from fmstudio.gui.data.tuning.chosen_model import ChosenModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.text.token_view import Look, TokenView
from fmstudio.gui.widgets.titled import titled

LOOKS = {
    "read": Look("segments", told="Read, not learnt"),
    "learnt": Look("token_1", line="training", told="Learnt: the model is to say this"),
    "mark": Look("surface", frame="border", told="A control mark of the model's own, read and not learnt"),
    "end": Look("accent_fill", "on_accent", told="Learnt: the model is to end its answer here"),
}
_LEGEND = (("read", "read"), ("mark", "control\xa0mark"), ("learnt", "learnt"), ("end", "learnt\xa0end"))
_NARROW = 720  # pixels, below which two texts stand beneath each other


class RowView(QWidget):
    """Asks only while it is in sight. stepped: another row, from 0, is looked at."""

    stepped = Signal(int)

    def __init__(self, studio: Studio, chosen: ChosenModel) -> None:
        super().__init__()
        self.setObjectName("row-view")
        self._studio, self._chosen, theme = studio, chosen, studio.theme
        self.dataset, self.row, self._rows = "", 0, 0
        self._asked: dict[str, Any] = {}
        self.number = NumberField("row-number", "Number of the row", whole=True, minimum=1)
        self.number.setFixedWidth(96)
        self.of = label("", "secondary", "row-of")
        self.previous = icon_button("mdi6.chevron-up", "Row before", "row-previous", theme, lambda: self._step(-1))
        self.next = icon_button("mdi6.chevron-down", "Next row", "row-next", theme, lambda: self._step(1))
        row = titled("Row", self.number, "", self.of, self.previous, self.next)
        self.bar = ReadByBar(theme, chosen, "row", row)
        self.legend = TokenView(theme, "row-legend", show_ids=False, looks=LOOKS)
        self.legend.set_tokens([{"id": "", "text": text, "look": look} for look, text in _LEGEND])
        self.legend.fit_height(1)
        self.note = label("", "caption", "row-note", wrap=True)
        self.nothing = label("", "secondary", "row-nothing", wrap=True)
        self.catalogue = button(
            "Open the catalogue", "row-catalogue", theme, "mdi6.bookshelf", clicked=self._to_catalogue
        )
        self.error = ErrorBox(theme, "row-error", dismissable=False)
        self.texts = [TextTokens(theme, f"row-text-{number}") for number in range(2)]
        self._question = JobFollower(self, studio, ROW, "waits")
        self._lay_out()
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._failed)
        self.number.edited.connect(self._typed)
        chosen.changed.connect(self._ask)

    def _lay_out(self) -> None:
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._beside.setSpacing(12)
        self._beside.setContentsMargins(0, 0, 0, 0)
        for each in self.texts:
            self._beside.addWidget(each, 1)
            each.hide()
        self._cards = boxed(self._beside)
        nothing = hbox((self.nothing, 1), self.catalogue)
        self.setLayout(vbox(self.bar, self.error, nothing, (self._cards, 1), self.legend, self.note, gap=12))
        self.catalogue.hide()

    # What is shown.

    def show_dataset(self, name: str, row: int | None = None) -> None:
        """Show a row of this dataset, from 0; without one the row that was looked at."""
        if name != self.dataset:
            self.dataset, self.row = name, 0
        if row is not None:
            self.row = row
        self.bar.offer_turns(self._kind() == "instructions")
        self._chosen.begin()
        self._ask()

    def _kind(self) -> str:
        records = {record.name: record.kind for record in self._studio.workspace.datasets()}
        return records.get(self.dataset, "")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        if not self.dataset or not self.isVisible() or not self._chosen.listed:
            return
        none = not self._chosen.model
        self.nothing.setText("There is no language model here yet that could read this row." if none else "")
        for each in (self.nothing, self.catalogue):
            each.setVisible(none)
        if none:
            self._clear()
            return
        content = self._studio.workspace.dataset(self.dataset).details.get("content")
        asked = {
            "dataset": self.dataset, "index": self.row, "model": self._chosen.model, "turns": self._chosen.turns,
        }  # fmt: skip
        if {**asked, "content": content} != self._asked:
            self._asked = {**asked, "content": content}
            self._question.ask(**asked)

    def _show(self, found: Mapping[str, Any]) -> None:
        if (found["dataset"], found["index"]) != (self.dataset, self.row):
            return
        self.error.clear()
        self._rows = found["rows"]
        self.number.set_value(self.row + 1)
        self.of.setText(f"of {formatting.count(self._rows)}")
        self.previous.setEnabled(self.row > 0)
        self.next.setEnabled(self.row + 1 < self._rows)
        for view, text in zip(self.texts, [*found["texts"], None], strict=False):
            view.setVisible(text is not None)
            if text is not None:
                view.show_text(text)
        self.legend.show()
        self.note.setText(found["note"])
        self.note.setVisible(bool(found["note"]))

    def _failed(self, reason: str, details: str) -> None:
        self._clear()
        self.error.show_error(reason, details)

    def _clear(self) -> None:
        self._asked = {}
        self.error.clear()
        self.note.clear()
        self.legend.hide()
        for view in self.texts:
            view.hide()

    # Going to another row.

    def _step(self, by: int) -> None:
        self._go(self.row + by)

    def _typed(self) -> None:
        number = self.number.value()
        if isinstance(number, int) and 1 <= number <= self._rows:
            self._go(number - 1)

    def _go(self, row: int) -> None:
        if 0 <= row < self._rows and row != self.row:
            self.row = row
            self._ask()
            self.stepped.emit(row)

    def _to_catalogue(self) -> None:
        self._studio.navigate("data", catalogue=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _NARROW
        self._beside.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)


class TextTokens(Card):
    """The tokens of one conversation, with how many there are and how many of them are learnt."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(" ", name)
        self.set_padding(16, 12, 12, 8)
        self.problem = label("", "warning", f"{name}-problem", wrap=True)
        self.tokens = TokenView(theme, f"{name}-tokens", looks=LOOKS)
        self.tokens.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.body.addWidget(self.problem)
        self.body.addWidget(self.tokens, 1)

    def show_text(self, text: Mapping[str, Any]) -> None:
        """Show a text as the job `row` tells it."""
        self.title.setText(text["title"])
        counted = f"{formatting.plural(text['count'], 'token')}, {formatting.count(text['learnt'])} learnt"
        self.set_caption(counted if text["count"] else "")
        self.problem.setText(text["problem"])
        self.problem.setVisible(bool(text["problem"]))
        shown = [{**token, "look": look_of(token)} for token in text["tokens"]]
        if text["left_out"]:
            middle = len(shown) // 2
            more = f"…\xa0{formatting.count(text['left_out'])}\xa0more\xa0tokens\xa0…"
            shown.insert(middle, {"id": "", "text": more, "look": "mark"})
        self.tokens.set_tokens(shown)


def look_of(token: Mapping[str, Any]) -> str:
    """The name of a token's look."""
    if token["end"]:
        return "end"
    return "learnt" if token["learnt"] else "mark" if token["mark"] else "read"
