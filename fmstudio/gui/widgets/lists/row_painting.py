"""Paints rows of lists: a ground where one is chosen or pointed at, and lines of text, each cut to the room."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fmstudio.gui.theme import Theme


@dataclass(frozen=True, slots=True)
class Line:
    """A text in a role and a colour, at the top, in the middle or at the bottom of its row."""

    text: str
    role: str = "caption"
    token: str = "secondary"
    place: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignTop


class RowPainter(QStyledItemDelegate):
    """Rows of one height: a ground, and the lines that the model tells as its UserRole."""

    def __init__(self, theme: Theme, height: int) -> None:
        super().__init__()
        self._theme, self._height = theme, height

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(120, self._height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        _paint_row(self._theme, painter, option, index.data(Qt.ItemDataRole.UserRole))


def _paint_row(theme: Theme, painter: QPainter, option: QStyleOptionViewItem, lines: Sequence[Line]) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(option.rect).adjusted(0, 1, 0, -1)
    paint_ground(theme, painter, area, option.state, bool(option.state & QStyle.StateFlag.State_Selected))
    for line in lines:
        paint_text(painter, area.adjusted(8, 6, -8, -6), line.text, theme.font(line.role), theme.color(line.token),
                   line.place)  # fmt: skip
    painter.restore()


def paint_ground(theme: Theme, painter: QPainter, area: QRectF, state: QStyle.StateFlag, chosen: bool) -> None:
    """The ground of a row, and a frame where the keyboard is."""
    if chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_soft" if chosen else "hover"))
        painter.drawRoundedRect(area, 6, 6)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 1))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def paint_text(
    painter: QPainter, area: QRectF, text: str, font: QFont, colour: QColor,
    place: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter, cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:  # fmt: skip
    """One line at the left of an area."""
    painter.setFont(font)
    painter.setPen(colour)
    shown = QFontMetricsF(font).elidedText(text, cut, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | place, shown)
