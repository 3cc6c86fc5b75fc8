"""Paints the entries of a list, each as a card or a row of a few lines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.entry import Entry, Line
from fmstudio.gui.widgets.lists.table import ROW, Index

_BOX = 16
_GAP = 8  # between cards


class EntryPainter(QStyledItemDelegate):
    """Paints an entry: its ground, icon, lines, bar and box."""

    def __init__(
        self, theme: Theme, lines: int, cards: bool, bare: bool, more: bool, entry_of: Callable[[Any], Entry]
    ) -> None:
        super().__init__()
        self._theme, self._lines, self._cards, self._entry_of = theme, lines, cards, entry_of
        self._inset = 0 if bare else 4
        self.more = more
        self.more_room = 0  # lines more than the entries have

    def _height(self, role: str) -> float:
        return QFontMetricsF(self._theme.font(role)).height()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        texts = self._height("strong") + (self._lines - 1 + self.more_room) * (self._height("caption") + 2)
        return QSize(120, round(texts) + (28 + _GAP if self._cards else 16))

    def more_lines(self, entry: Entry, width: int) -> int:
        """How many lines more than it has an entry takes in a list of this width."""
        room = width - (28 if self._cards else 2 * self._inset + 16)
        room -= (26 if entry.icon else 0) + (_BOX + 8 if entry.checked is not None or self.more else 0)
        return sum(len(self.broken(line, room)) - 1 for line in entry.lines)

    def broken(self, line: Line, width: float) -> list[str]:
        """The text of a line as it stands: a caption that is too long in two lines, the second cut to the room."""
        metrics = QFontMetricsF(self._theme.font(line.role))
        if line.role != "caption" or line.aside or metrics.horizontalAdvance(line.text) <= width:
            return [metrics.elidedText(line.text, line.cut, width)]
        words = line.text.split(" ")
        first = 1
        while first < len(words) and metrics.horizontalAdvance(" ".join(words[: first + 1])) <= width:
            first += 1
        if first == len(words) or metrics.horizontalAdvance(words[0]) > width:
            return [metrics.elidedText(line.text, line.cut, width)]
        rest = " ".join(words[first:]).removeprefix("· ")
        return [" ".join(words[:first]).removesuffix(" ·"), metrics.elidedText(rest, line.cut, width)]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        entry = self._entry_of(row) if row is not None else Entry("", (Line("Loading…", "body"),))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._ground(painter, QRectF(option.rect), option.state)
        if entry.icon:
            name, token = entry.icon
            self._theme.icon(name, token).paint(painter, int(area.left()), int(area.top()), 18, 18)
            area.adjust(26, 0, 0, 0)
        if entry.checked is not None:
            self._box(painter, self.box(QRectF(option.rect)), entry)
            area.adjust(0, 0, -_BOX - 8, 0)
        elif self.more:
            end = self.box(QRectF(option.rect)).toRect()
            self._theme.icon("mdi6.dots-horizontal", "secondary").paint(painter, end)
            area.adjust(0, 0, -_BOX - 8, 0)
        self._texts(painter, area, entry)
        painter.restore()

    def _ground(self, painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> QRectF:
        """Paint what is behind an entry, and a frame where the keyboard is; returns the room for what it says."""
        flags = QStyle.StateFlag
        chosen, hovered = bool(state & flags.State_Selected), bool(state & flags.State_MouseOver)
        focused = bool(state & flags.State_HasFocus)
        if self._cards:
            card = rect.adjusted(0.5, 0.5, -0.5, -0.5 - _GAP)
            edge = "accent" if chosen else "border" if hovered else "hairline"
            by_keyboard = focused and bool(state & flags.State_KeyboardFocusChange)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "surface"))
            painter.setPen(QPen(self._theme.color(edge), 2 if by_keyboard else 1))
            painter.drawRoundedRect(card, 8, 8)
            return card.adjusted(16, 12, -12, -12)
        area = rect.adjusted(self._inset, 1, -self._inset, -1)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(area, 6, 6)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        return area.adjusted(8, 7, -8, -7)

    def _texts(self, painter: QPainter, area: QRectF, entry: Entry) -> None:
        top = area.top()
        for line in entry.lines:
            height = self._height(line.role)
            broken = self.broken(line, area.width()) if self.more_room else [line.text]
            for text in broken:
                self._line(painter, QRectF(area.left(), top, area.width(), height), replace(line, text=text))
                top += height + (4 if self._cards and top == area.top() else 2)
        if entry.busy:
            self._bar(painter, QRectF(area.left(), top, area.width(), self._height("caption")), entry.fraction)

    def _line(self, painter: QPainter, area: QRectF, line: Line) -> None:
        caption = self._theme.font("caption")
        if line.aside:
            painter.setFont(caption)
            painter.setPen(self._theme.color("secondary"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, line.aside)
            area = area.adjusted(0, 0, -QFontMetricsF(caption).horizontalAdvance(line.aside) - 8, 0)
        font = self._theme.font(line.role)
        painter.setFont(font)
        painter.setPen(self._theme.color(line.token))
        shown = QFontMetricsF(font).elidedText(line.text, line.cut, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _bar(self, painter: QPainter, area: QRectF, fraction: float | None) -> None:
        track = QRectF(area.left(), area.center().y() - 2, area.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pressed"))
        painter.drawRoundedRect(track, 2.5, 2.5)
        if fraction:
            track.setWidth(max(5.0, track.width() * min(1.0, fraction)))
            painter.setBrush(self._theme.color("accent_fill"))
            painter.drawRoundedRect(track, 2.5, 2.5)

    # What is at the right end: the box, or the ⋯.

    def box(self, rect: QRectF) -> QRectF:
        """Where it is."""
        return QRectF(rect.right() - 12 - _BOX, rect.center().y() - _BOX / 2, _BOX, _BOX)

    def at_end(self, rect: QRectF, point: QPointF) -> bool:
        """Whether a click is meant for it."""
        return self.box(rect).adjusted(-8, -8, 8, 8).contains(point)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """A name is changed where it stands."""
        left = 32 if self._entry_of(index.data(ROW)).icon else 4
        editor.setGeometry(QRect(option.rect.left() + left, option.rect.top() + 2, option.rect.width() - left - 4, 30))

    def _box(self, painter: QPainter, box: QRectF, entry: Entry) -> None:
        colour = self._theme.color(entry.box if entry.checked else "border")
        painter.setPen(QPen(colour, 1.2))
        painter.setBrush(colour if entry.checked else self._theme.color("field"))
        painter.drawRoundedRect(box, 4, 4)
        if entry.checked:
            painter.setPen(QPen(self._theme.color("surface"), 2))
            corners = [QPointF(0.25, 0.52), QPointF(0.44, 0.7), QPointF(0.76, 0.32)]
            painter.drawPolyline([QPointF(box.left() + p.x() * _BOX, box.top() + p.y() * _BOX) for p in corners])
