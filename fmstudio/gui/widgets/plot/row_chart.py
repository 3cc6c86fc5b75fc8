"""A chart of rows beneath each other: shares of a whole, probabilities, figures by name."""

from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.chart import DOWN, Chart


class RowChart(Chart):
    """As high as its rows. `above` and `beneath` are the pixels around a row's line of text; `head`: above the rows."""

    keys = DOWN
    above: ClassVar[int] = 4
    beneath: ClassVar[int] = 5

    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__(theme, name, title, empty="")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def draw_row(self, painter: QPainter, number: int, place: QRectF) -> None:
        """Paint one row."""
        raise NotImplementedError

    @property
    def head(self) -> float:
        """What is above the rows."""
        return 0.0

    def row_height(self) -> float:
        """The height of each row."""
        return self.above + self.line() + self.beneath

    def place(self, number: int) -> QRectF:
        """Where a row is."""
        return QRectF(0, self.head + number * self.row_height(), self.width(), self.row_height())

    def mark_at(self, place: QPointF) -> int:
        number = int((place.y() - self.head) // self.row_height())
        return number if 0 <= number < self.count else -1

    def anchor(self, number: int) -> QPointF:
        return self.place(number).bottomLeft()

    def refresh(self) -> None:
        super().refresh()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self.hint[0], round(self.head + max(1, self.count) * self.row_height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.least[0], self.sizeHint().height())

    def draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in range(self.count):
            painter.setFont(self.theme.font("caption"))
            self.draw_row(painter, number, self.place(number))

    def draw_over(self, painter: QPainter) -> None:
        if self.pointer >= 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("text", 0.08))
            painter.drawRoundedRect(self.place(self.pointer).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


def draw_part(painter: QPainter, room: QRectF, part: float, colour: QColor, least: float = 1.5) -> None:
    """A bar that fills a part of its room from the left; little is not nothing."""
    if part > 0:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        bar = QRectF(room.left(), room.top(), max(least, room.width() * min(1.0, part)), room.height())
        painter.drawRoundedRect(bar, least + 0.5, least + 0.5)
