"""What an adapter answers to the same questions as its base, side by side, at whichever validation one asks for."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.train.steps import NOTHING, OfSteps, Rows
from fmstudio.gui.widgets.boxes import discard, hbox, vbox
from fmstudio.gui.widgets.labels import label, rule


class RunAnswers(OfSteps):
    """A row a question: the question, the base's answer, the present one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("answers", "Answers of the base and of what has become of it")
        self._theme = theme
        self._area = QScrollArea()
        self._area.setObjectName("answers-scroll")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(QWidget())
        about = label("The same held-back questions each time.", "caption", "answers-about", wrap=True)
        self.setLayout(vbox(hbox((about, 1), self.step), (self._area, 1), gap=4, margins=(12, 6, 6, 6)))

    def rows_of(self, run: RunState) -> Mapping[int, Rows]:
        """The answers."""
        return run.answers

    def show_step(self, step: int, rows: Rows) -> None:
        """As a table, where one was in it."""
        place = self._area.verticalScrollBar().value()
        before = self._area.takeWidget()
        self._area.setWidget(self._made(step, rows))
        discard(before)
        self._area.verticalScrollBar().setValue(place)

    def _made(self, step: int, rows: Rows) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        for column, (title, share) in enumerate((("Question", 3), ("Base", 4), (f"At step {step:,}", 4))):
            grid.addWidget(label(title, "caption"), 0, column)
            grid.setColumnStretch(column, share)
        for number, row in enumerate(rows):
            grid.addWidget(rule(), 2 * number + 1, 0, 1, 3)
            for column, part in enumerate(("question", "base", "now")):
                text = str(row.get(part, "")) or NOTHING
                role = "secondary" if column == 0 or text == NOTHING else "body"
                cell = label(text, role, f"answer-{number}-{part}", wrap=True)
                cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                cell.setAlignment(Qt.AlignmentFlag.AlignTop)
                grid.addWidget(cell, 2 * number + 2, column)
        grid.setRowStretch(2 * len(rows) + 1, 1)
        return table
