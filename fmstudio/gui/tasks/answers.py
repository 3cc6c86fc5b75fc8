"""The answers behind a cell: what was asked, and what base and adapter said, right or wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QItemSelection
from PySide6.QtWidgets import QWidget

from fmstudio.gui.tasks.jobs import BASE
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import IconLabel, label
from fmstudio.gui.widgets.lists.table import LINE, Column, GivenRows, TableView
from fmstudio.gui.widgets.segments import Segments

_KINDS = (
    ("all", "All"),
    ("gained", "Only the adapter right"),
    ("lost", "Only the base right"),
    ("wrong", "Both wrong"),
)
_MOST_LINES = 9


@dataclass(frozen=True, slots=True)
class Pair:
    """One question with the answers of base and adapter; of the base alone both are the same."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """gained, lost, wrong, or right where both are."""
        if not self.after["fault"]:
            return "gained" if self.before["fault"] else "right"
        return "wrong" if self.before["fault"] else "lost"


class TaskAnswers(Card):
    """Hidden until a cell is chosen. A row is a question; the one that is chosen stands below in full."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Answers", "task-answers")
        self.pairs: list[Pair] = []
        self.only = Segments(_KINDS, "task-answers-only", "Which answers")
        self.only.changed.connect(lambda _value: self._show())
        self.add_control(self.only)
        self.model = GivenRows((), theme)
        self.rows = TableView(self.model, "task-answers-rows", "Questions and answers")
        self.rows.selectionModel().selectionChanged.connect(self._chosen)
        self.asked = label("", "body", "task-answers-asked", wrap=True)
        self.wanted = label("", "secondary", "task-answers-expected", wrap=True)
        self.sides = {side: _Side(theme, side) for side in ("before", "after")}
        texts = vbox(self.asked, self.wanted, hbox(*((each, 1) for each in self.sides.values()), gap=16), gap=8)
        self.whole = boxed(texts)
        self.body.setSpacing(12)
        self.body.addWidget(self.rows)
        self.body.addWidget(self.whole)
        self.hide()

    def show_answers(self, found: Mapping[str, Any], title: str, names: tuple[str, str]) -> None:
        """Show the answers of a cell. names: of the base and of the adapter, the same of the base alone."""
        alone = found["model"] == BASE
        self.pairs = [Pair(*each) for each in zip(found["base"], found["answers"], strict=False)]
        self.title.setText(title)
        self.title.show()
        self.only.setVisible(not alone)
        self.only.set_value("all")
        for side, name in zip(self.sides.values(), names, strict=True):
            side.name.setText(name)
        self.sides["before"].setVisible(not alone)
        self._columns = _columns(names, alone)
        self.show()
        self._show()

    def _show(self) -> None:
        wanted = self.only.value()
        shown = [pair for pair in self.pairs if wanted in ("all", pair.kind)]
        self.model.show(shown, self._columns)
        self.set_caption(f"{len(shown):,} of {len(self.pairs):,}")
        self.rows.setFixedHeight((min(_MOST_LINES, max(1, len(shown))) + 1) * LINE + 8)
        self.whole.setVisible(bool(shown))
        if shown:
            self.rows.selectRow(0)

    def _chosen(self, chosen: QItemSelection) -> None:
        if not chosen.indexes():
            return
        pair: Pair = self.model.row(chosen.indexes()[0].row())
        self.asked.setText(pair.after["asked"])
        self.wanted.setText(f"Right would be: {pair.after['expected']}")
        self.sides["before"].show_answer(pair.before)
        self.sides["after"].show_answer(pair.after)


class _Side(QWidget):
    """What one model said, whether that is right, and why not."""

    def __init__(self, theme: Theme, side: str) -> None:
        super().__init__()
        name = f"task-answers-{side}"
        self.setObjectName(name)
        self.icon = IconLabel(theme, "mdi6.check", "success")
        self.name = label("", "strong", f"{name}-model")
        self.fault = label("", "caption", f"{name}-fault")
        self.text = label("", "mono", f"{name}-text", wrap=True)
        self.setLayout(vbox(hbox(self.icon, self.name, self.fault, ...), self.text, ..., gap=4))

    def show_answer(self, answer: Mapping[str, Any]) -> None:
        """Show one answer."""
        fault = answer["fault"]
        self.icon.show_icon("mdi6.close" if fault else "mdi6.check", "error" if fault else "success")
        self.fault.setText(f"wrong: {fault}" if fault else "right")
        self.text.setText(answer["answer"] or "(nothing)")


def _columns(names: tuple[str, str], alone: bool) -> Sequence[Column]:
    asked = Column("Asked", lambda pair: pair.after["asked"].split("\n\n")[-1])
    sides = [_column(name, side) for name, side in zip(names, ("before", "after"), strict=True)]
    return [asked, *(sides[1:] if alone else sides)]


def _column(name: str, side: str) -> Column:
    return Column(
        name,
        lambda pair: f"{'✗' if getattr(pair, side)['fault'] else '✓'}  {getattr(pair, side)['answer']}",
        token=lambda pair: "error" if getattr(pair, side)["fault"] else "success",
    )
