"""The examples of a prompt as a small table: what was asked, and what was answered to it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui.playground.composer import PromptField
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.tab_order import follow, stops
from fmstudio.workspace.prompts import Example

_LINES = 4


class ExampleRow(QWidget):
    """One example. wanted(what): "up", "down" or "remove" was pressed."""

    edited = Signal()
    wanted = Signal(str)
    refused = Signal(str)
    submitted = Signal()

    def __init__(self, theme: Theme, example: Example) -> None:
        super().__init__()
        self.setObjectName("example")
        self.input = _field("example-input", "What is asked", example.input)
        self.output = _field("example-output", "What is answered", example.output)
        layout = hbox()
        self.setLayout(layout)
        for field in (self.input, self.output):
            field.textChanged.connect(self.edited)
            field.refused.connect(self.refused)
            field.submitted.connect(self.submitted)
            layout.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
        self.buttons: dict[str, QWidget] = {}
        for what, icon, tooltip in (
            ("up", "mdi6.arrow-up", "Move this example up"),
            ("down", "mdi6.arrow-down", "Move this example down"),
            ("remove", "mdi6.close", "Remove this example"),
        ):
            made = icon_button(icon, tooltip, f"example-{what}", theme, partial(self.wanted.emit, what))
            made.setProperty("role", "tiny")
            self.buttons[what] = made
        layout.addLayout(_stacked(*self.buttons.values()))

    @property
    def example(self) -> Example:
        """What is written."""
        return Example(self.input.toPlainText(), self.output.toPlainText())


def _field(name: str, title: str, text: str) -> PromptField:
    field = PromptField(name, title, lines=_LINES)
    field.setPlainText(text)
    field.setPlaceholderText(title)
    return field


def _stacked(*widgets: QWidget) -> QVBoxLayout:
    return vbox(*widgets, ..., gap=0)


class ExamplesTable(QWidget):
    """edited: a person changed, added, moved or removed an example. submitted, refused: as of each field."""

    edited = Signal()
    refused = Signal(str)
    submitted = Signal()

    def __init__(self, theme: Theme, name: str = "prompt-examples") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Examples")
        self._theme = theme
        self.rows: list[ExampleRow] = []
        self.add_button = button("Add example", f"{name}-add", theme, "mdi6.plus", "quiet", self.add)
        caption = label("shown to the model as they are", "caption", f"{name}-caption", wrap=True)
        head = hbox(label("Examples", "body", f"{name}-title"), ..., self.add_button)
        self._layout = vbox(head, caption, gap=4)
        self.setLayout(self._layout)

    def examples(self) -> tuple[Example, ...]:
        """What is written, in order."""
        return tuple(row.example for row in self.rows)

    def show_examples(self, examples: Sequence[Example]) -> None:
        """Show these; nobody is told."""
        if tuple(examples) == self.examples():
            return
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = []
        for example in examples:
            self._append(example)
        self._allow()

    def add(self) -> None:
        """An empty one at the end, to be written."""
        self._append(Example("", ""))
        self._allow()
        self.rows[-1].input.setFocus()
        self.edited.emit()

    def _append(self, example: Example) -> None:
        row = ExampleRow(self._theme, example)
        row.edited.connect(self.edited)
        row.refused.connect(self.refused)
        row.submitted.connect(self.submitted)
        row.wanted.connect(lambda what: self._do(row, what))
        self.rows.append(row)
        self._layout.addWidget(row)

    def _do(self, row: ExampleRow, what: str) -> None:
        place = self.rows.index(row)
        if what == "remove":
            self.rows.remove(row)
            row.hide()
            row.deleteLater()
        else:
            self._move(row, place + (1 if what == "down" else -1))
        self._allow()
        self.edited.emit()

    def _move(self, row: ExampleRow, place: int) -> None:
        self.rows.remove(row)
        self.rows.insert(place, row)
        self._layout.removeWidget(row)
        self._layout.insertWidget(place + 1, row)  # the head comes first

    def _allow(self) -> None:
        for place, row in enumerate(self.rows):
            row.buttons["up"].setEnabled(place > 0)
            row.buttons["down"].setEnabled(place + 1 < len(self.rows))
        follow(self.add_button, [stop for row in self.rows for stop in stops(row)])
