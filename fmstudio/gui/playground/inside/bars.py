"""What could come next, the likeliest first: a row a token with bars for its probability, to be clicked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.row_chart import RowChart, draw_part
from fmstudio.gui.widgets.text.token_view import visible

_PAD, _TEXT = 6, 0.34  # of the width: the tokens


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: a token and its number from 0 to 1 (or a cosine), a second number beneath it, and whether it was taken."""

    text: str
    value: float
    second: float | None = None
    taken: bool = False
    tip: str = ""


def chance(value: float) -> str:
    """A probability as a person reads it: 43.1 %, 0.52 %, < 0.01 %."""
    share = value * 100
    if 0 < share < 0.01:
        return "< 0.01 %"
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %" if share >= 1 else f"{share:.2f} %"


class ChoiceBars(RowChart):
    """chosen(row): a click, Enter or Space on a row. Up and Down go through the rows."""

    chosen = Signal(int)
    hint, least = (240, 24), (160, 24)

    def __init__(self, theme: Theme, name: str, title: str, percent: bool = True) -> None:
        super().__init__(theme, name, title)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._percent = percent
        self.rows: list[Choice] = []

    @property
    def count(self) -> int:
        return len(self.rows)

    def show_rows(self, rows: Sequence[Choice]) -> None:
        """Show rows in this order."""
        self.rows = list(rows)
        self.refresh()

    def describe(self, number: int) -> str:
        each = self.rows[number]
        return each.tip or f"“{visible(each.text)}” {self._number(each.value)}"

    def summary(self) -> str:
        return "; ".join(self.describe(number) for number in range(min(10, self.count)))

    def table(self) -> Table:
        rows = [(each.text, each.value, math.nan if each.second is None else each.second) for each in self.rows]
        return Table(["token", "value", "second"], rows)

    def press(self, number: int) -> None:
        self.chosen.emit(number)

    def _number(self, value: float) -> str:
        return chance(value) if self._percent else f"{value:.3f}".replace("-", "−")

    def draw_row(self, painter: QPainter, number: int, place: QRectF) -> None:
        row, line = self.rows[number], Qt.AlignmentFlag.AlignVCenter
        figures = painter.fontMetrics().horizontalAdvance("< 0.01 %") + 4
        painter.setPen(self.theme.color("text"))
        right = QRectF(place.right() - figures - _PAD, place.top(), figures, place.height())
        painter.drawText(right, line | Qt.AlignmentFlag.AlignRight, self._number(row.value))
        text_width = place.width() * _TEXT
        painter.setFont(self.theme.font("mono"))
        written = painter.fontMetrics().elidedText(visible(row.text), Qt.TextElideMode.ElideRight, int(text_width - 18))
        left = QRectF(_PAD, place.top(), text_width, place.height())
        painter.drawText(left, line, ("▸ " if row.taken else "  ") + written)
        room = QRectF(text_width + _PAD, place.center().y() - 5, right.left() - text_width - 2 * _PAD, 10)
        self._bars(painter, row, room)

    def _bars(self, painter: QPainter, row: Choice, room: QRectF) -> None:
        if row.second is None:
            token = "accent" if row.value >= 0 else "error"
            draw_part(painter, room, abs(row.value), self.theme.color(token, 1.0 if row.taken else 0.6))
            return
        half = room.height() / 2
        draw_part(painter, room.adjusted(0, 0, 0, -half), row.value, self.theme.color("accent", 0.75))
        draw_part(painter, room.adjusted(0, half, 0, 0), row.second, self.theme.color("generated", 0.9))
