"""A small chart over time: a bar for each day or week, or a line with the band in which its true value likely lies."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme

Period = Mapping[str, Any]
_LEFT, _BOTTOM, _TOP = 44, 22, 8
_DAY = 86_400.0


class TimeChart(QWidget):
    """Periods across on a true scale of time; values up, from `low` to `high`."""

    def __init__(self, theme: Theme, name: str, title: str, format_value: Callable[[float], str]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._format = theme, format_value
        self._days: list[int] = []
        self._words: list[str] = []
        self._width = 1
        self._bars: list[list[tuple[float, str]]] = []
        self._line: list[float | None] = []
        self._band: list[tuple[float, float] | None] = []
        self._low, self._high = 0.0, 1.0
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 130)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 84)

    def show_bars(
        self, days: Sequence[str], width: int, bars: Sequence[Sequence[tuple[float, str]]], words: Sequence[str]
    ) -> None:
        """bars: of each period, parts as (how many, colour) one upon the other. width: days of a period."""
        self._place(days, width, words)
        self._bars, self._line, self._band = [list(each) for each in bars], [], []
        highest = max((sum(value for value, _ in each) for each in bars), default=1)
        self._low, self._high = 0.0, _round_up(highest)
        self.update()

    def show_line(
        self, days: Sequence[str], width: int, values: Sequence[float | None],
        bands: Sequence[tuple[float, float] | None], limits: tuple[float, float], words: Sequence[str],
    ) -> None:  # fmt: skip
        """values: of each period, None where nobody knows; bands: where the true value likely lies."""
        self._place(days, width, words)
        self._bars, self._line, self._band = [], list(values), list(bands)
        self._low, self._high = limits
        self.update()

    def _place(self, days: Sequence[str], width: int, words: Sequence[str]) -> None:
        self._days = [date.fromisoformat(day).toordinal() for day in days]
        self._words, self._width = list(words), width

    # Where things are.

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, self.width() - _LEFT - 12, self.height() - _TOP - _BOTTOM)

    def _span(self) -> tuple[int, int]:
        """The first day shown, and how many: never less than a week, so that one bar is no wall."""
        first, last = self._days[0], self._days[-1] + self._width
        count = max(last - first, 7 * self._width)
        return last - count, count

    def _across(self, day: float) -> float:
        first, count = self._span()
        area = self._area()
        return area.left() + (day - first) / count * area.width()

    def _up(self, value: float) -> float:
        area = self._area()
        return area.bottom() - (value - self._low) / (self._high - self._low) * area.height()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_grid(painter)
        if not self._days:
            return
        self._paint_days(painter)
        for number, bar in enumerate(self._bars):
            self._paint_bar(painter, number, bar)
        if self._line:
            self._paint_line(painter)

    def _paint_grid(self, painter: QPainter) -> None:
        area = self._area()
        painter.setFont(self._theme.font("caption"))
        for part in (0.0, 0.5, 1.0):
            value = self._low + part * (self._high - self._low)
            y = round(self._up(value)) + 0.5
            painter.setPen(QPen(self._theme.color("grid"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._theme.color("secondary"))
            beside = QRectF(0, y - 10, _LEFT - 8, 20)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._format(value))

    def _paint_days(self, painter: QPainter) -> None:
        first, count = self._span()
        metrics, area = QFontMetricsF(painter.font()), self._area()
        every = max(1, -(-count // max(1, int(area.width() // 84))))
        for day in range(first, first + count, every):
            if not date.min.toordinal() <= day <= date.max.toordinal():
                continue
            shown = date.fromordinal(day)
            text = f"{shown.day} {shown:%b}"
            x = self._across(day + self._width / 2 if self._width == 1 else day)
            left = min(max(x - metrics.horizontalAdvance(text) / 2, area.left()), area.right() - 40)
            painter.drawText(QPointF(left, self.height() - 6), text)

    def _paint_bar(self, painter: QPainter, number: int, bar: Sequence[tuple[float, str]]) -> None:
        left, right = self._across(self._days[number]), self._across(self._days[number] + self._width)
        gap = min(3.0, (right - left) * 0.15)
        width = min(right - left - 2 * gap, 48.0)
        x, base = (left + right - width) / 2, 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for value, colour in bar:
            top, bottom = self._up(base + value), self._up(base)
            painter.setBrush(self._theme.color(colour))
            painter.drawRect(QRectF(x, top, width, max(0.0, bottom - top - (1 if value else 0))))
            base += value

    def _paint_line(self, painter: QPainter) -> None:
        known = [
            (self._across(day + self._width / 2), value, band)
            for day, value, band in zip(self._days, self._line, self._band, strict=True)
            if value is not None
        ]
        upper = [QPointF(x, self._up(band[1])) for x, _, band in known if band]
        lower = [QPointF(x, self._up(band[0])) for x, _, band in known if band]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent", 0.14))
        painter.drawPolygon(QPolygonF(upper + lower[::-1]))
        painter.setPen(QPen(self._theme.color("accent"), 1, Qt.PenStyle.SolidLine))
        for x, _, band in known:
            if band:
                painter.drawLine(QPointF(x, self._up(band[0])), QPointF(x, self._up(band[1])))
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.drawPolyline(QPolygonF([QPointF(x, self._up(value)) for x, value, _ in known]))
        painter.setBrush(self._theme.color("accent"))
        for x, value, _ in known:
            painter.drawEllipse(QPointF(x, self._up(value)), 2.5, 2.5)

    # The mouse.

    def period_at(self, x: float) -> int:
        """The period at a place, or -1."""
        for number, day in enumerate(self._days):
            if self._across(day) <= x < self._across(day + self._width):
                return number
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.period_at(event.position().x())
        QToolTip.showText(event.globalPosition().toPoint(), self._words[number] if number >= 0 else "", self)

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()


def _round_up(value: float) -> float:
    """An even number to end an axis of counts at, so that its middle is whole too."""
    for limit in (2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100, 200, 300, 400, 500, 600, 800, 1000):
        if value <= limit:
            return float(limit)
    return float(-(-int(value) // 500) * 500 + 500)
