"""Paints an entry of a library: a ground where it is chosen or pointed at, and lines of text, each cut to the room."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyleOptionViewItem

from fmstudio.gui.theme import Theme


@dataclass(frozen=True, slots=True)
class Line:
    """A text in a role and a colour, at the top, in the middle or at the bottom of its row."""

    text: str
    role: str = "caption"
    token: str = "secondary"
    place: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignTop


def paint_row(theme: Theme, painter: QPainter, option: QStyleOptionViewItem, lines: Sequence[Line]) -> None:
    """Paint one row of a list."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(option.rect).adjusted(0, 1, 0, -1)
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    if chosen or option.state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_soft" if chosen else "hover"))
        painter.drawRoundedRect(area, 6, 6)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 1))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    for line in lines:
        _paint_line(theme, painter, area.adjusted(8, 6, -8, -6), line)
    painter.restore()


def _paint_line(theme: Theme, painter: QPainter, area: QRectF, line: Line) -> None:
    font = theme.font(line.role)
    painter.setFont(font)
    painter.setPen(theme.color(line.token))
    shown = QFontMetricsF(font).elidedText(line.text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | line.place, shown)


def plain_list(name: str, accessible_name: str) -> QListView:
    """A list without a frame whose rows are all of one height."""
    made = QListView()
    made.setObjectName(name)
    made.setAccessibleName(accessible_name)
    made.setUniformItemSizes(True)
    made.setMouseTracking(True)
    made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    made.setStyleSheet("QListView { border: none; background: transparent; }")
    return made


def mark_row(list: QListView, row: int) -> None:
    """Choose a row without telling anyone; −1 chooses none."""
    if row >= 0:
        list.setCurrentIndex(list.model().index(row, 0))
    else:
        list.clearSelection()
