"""What a model learns from, shown on a real piece of one's own data before anything is trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, empty, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.files.kinds import EXAMPLES
from fmstudio.gui.widgets.labels import ElidedLabel, button, label, scroll_area
from fmstudio.gui.widgets.pictures.tiles import PictureTiles
from fmstudio.gui.widgets.text.token_view import TokenView, visible

NEXT_TOKEN = (
    "At every place of the text the model sees all tokens up to there and must say which one comes next. "
    "The text itself is the answer, so nobody has to label anything."
)


_LINES = "Upper line: what the model sees. Lower line: what it must say at that place."
LARGEST = 96  # pixels of a picture's side


class ObjectiveView(QWidget):
    """Input tokens with their targets beneath, shifted by one, and the same as lessons in words.

    rows_wanted: a person wants to see whole rows as the model reads them.
    """

    rows_wanted = Signal()

    def __init__(self, theme: Theme, go_to_data: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("objective")
        self.error = ErrorBox(theme, "objective-error", dismissable=False)
        self.card = Card("What the model learns", "objective-card")
        self.sentence = label(NEXT_TOKEN, "body", "objective-sentence", wrap=True)
        self.tokens = TokenView(theme, "objective-tokens")
        self.source = label("", "caption", "objective-source", wrap=True)
        self.hint = label("", "secondary", "objective-hint", wrap=True)
        self.card.body.addWidget(self.sentence)
        self.card.body.addSpacing(8)
        self.card.body.addWidget(self.hint)
        self._captions = _captions()
        self.card.body.addWidget(self._captions)
        self.card.body.addWidget(self.tokens)
        self.rows = PictureRows(theme)
        self.card.body.addWidget(self.rows)
        self.card.body.addWidget(self.source)
        self._to_data = button("Go to Data", "objective-go-to-data", theme, "mdi6.database-outline", clicked=go_to_data)
        self._to_rows = button(
            "Whole rows, as the model reads them", "objective-rows", theme, "mdi6.text-box-search-outline", "link",
            self.rows_wanted.emit,
        )  # fmt: skip
        self._has_rows = False
        self.card.add_control(self._to_rows)
        self.card.add_control(self._to_data)
        self.lessons = Lessons()
        content = boxed(vbox(self.error, self.card, self.lessons, ..., gap=16))
        self.setLayout(vbox(scroll_area(content, "objective-scroll", reads=True)))
        self.clear("Choose a dataset at the left, and a real piece of it will be shown here.")

    def set_family(self, family: Mapping[str, Any]) -> None:
        """The family's own words on its objective; examples to fine-tune on can be seen row by row."""
        self.sentence.setText(family.get("objective") or NEXT_TOKEN)
        self._has_rows = family.get("data_kind") in EXAMPLES

    def await_line(self, dataset: str) -> None:
        """Where no line is shown, say that one is being read instead of asking for what has been chosen."""
        if not self.hint.isHidden():
            self.clear(f"Reading a piece of “{dataset}”…")
            self._to_data.hide()

    def clear(self, hint: str) -> None:
        """Show no line, and say why."""
        self.error.clear()
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.tokens.setVisible(not hint)
        self.rows.hide()
        self.source.setVisible(not hint)
        self._to_data.setVisible(bool(hint))
        self._to_rows.setVisible(self._has_rows and not hint)
        self.lessons.setVisible(not hint)
        self._captions.setVisible(not hint)

    def show_example(self, example: Mapping[str, Any]) -> None:
        """Show a piece of data as the job `objective` gives it: inputs and targets, or rows of pictures."""
        self.clear("")
        if "rows" in example:
            self._show_pictures(example)
            return
        self.tokens.set_tokens(example["inputs"], example["targets"])
        self.tokens.fit_height(2)
        self.source.setText(f"A real line of your data: {example['source']}")
        self.lessons.show_example(example)

    def _show_pictures(self, example: Mapping[str, Any]) -> None:
        for each in (self.tokens, self.lessons, self._captions):
            each.hide()
        self.rows.show_rows(example["rows"])
        self.rows.show()
        self.source.setText(f"Real pictures of your data: {example['source']}")

    def show_error(self, reason: str, details: str) -> None:
        """Say why nothing can be shown."""
        self.clear("Nothing can be shown yet.")
        self.error.show_error(reason, details)


class PictureRows(QWidget):
    """Rows of pictures, each beneath what it shows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("objective-pictures")
        self._theme = theme
        self._layout = vbox(gap=4)
        self.setLayout(self._layout)

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show rows of {"title", "pictures", "captions"}."""
        empty(self._layout)
        for number, row in enumerate(rows):
            title = label(str(row["title"]), "caption", f"objective-row-{number}", wrap=True)
            tiles = PictureTiles(self._theme, f"objective-pictures-{number}", str(row["title"]))
            tiles.selectable, tiles.largest = False, LARGEST
            tiles.set_pictures(row["pictures"], row.get("captions", ()), columns=len(row["pictures"]))
            self._layout.addWidget(title)
            self._layout.addWidget(tiles)
            self._layout.addSpacing(8)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give each row the height that its pictures have at this width."""
        for tiles in self.findChildren(PictureTiles):
            tiles.fit_height(self.width())


def _captions() -> QWidget:
    row = QFrame()
    row.setObjectName("objective-rows")
    row.setLayout(vbox(label(_LINES, "caption", wrap=True)))
    return row


class Lessons(Card):
    """A few of the line's lessons as “given this → say that”."""

    SHOWN = 5

    def __init__(self) -> None:
        super().__init__(
            "The same line as lessons", "lessons-card", "one window of tokens gives as many lessons as it is long"
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(3, 1)  # the answers stand near, however wide the window is
        self._rows: list[tuple[QLabel, QLabel, QLabel]] = []
        for row in range(self.SHOWN):
            given = ElidedLabel("", "mono", f"lesson-{row}-given", from_end=True)
            arrow, answer = label("→", "secondary"), label("", "mono")
            answer.setMinimumWidth(120)
            for column, part in enumerate((given, arrow, answer)):
                self._grid.addWidget(part, row, column)
            self._rows.append((given, arrow, answer))
        self.body.addLayout(self._grid)
        self.body.addStretch(1)

    def show_example(self, example: Mapping[str, Any]) -> None:
        """Spread the lessons over the line."""
        inputs, targets = example["inputs"], example["targets"]
        for row, parts in enumerate(self._rows):
            place = 1 + row * max((len(inputs) - 2) // self.SHOWN, 1)
            shown = place < len(inputs)
            for part in parts:
                part.setVisible(shown)
            if shown:
                given = "".join(str(token["text"]) for token in inputs[: place + 1])
                parts[0].setText(visible(given[-60:]))
                parts[2].setText(visible(str(targets[place]["text"])))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The lessons that are shown."""
        return [(given.text(), answer.text()) for given, _, answer in self._rows if not given.isHidden()]
