"""How bright the pixels of a dataset are: a curve for each channel, on axes with titles and units."""

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme

_LEFT, _BOTTOM, _TOP, _RIGHT = 56, 44, 24, 8
_TOKENS = {"red": "error", "green": "success", "blue": "accent"}
_MARKS = (0, 64, 128, 192, 255)


class ChannelHistogram(QWidget):
    """Shares of all pixels by their value from 0 to 255. The share axis is logarithmic: white grounds dwarf the rest.

    Hovering, or the arrow keys, tell the share of each channel at a value.
    """

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Histogram of brightness by channel")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self.shares: dict[str, list[float]] = {}
        self.pointed = -1
        self._decades = (-4, 0)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 180)

    def show_counts(self, histograms: Mapping[str, Sequence[int]]) -> None:
        """Show how many pixels have each of the 256 values, channel by channel."""
        self.shares = {name: _shares(counts) for name, counts in histograms.items()}
        found = [share for shares in self.shares.values() for share in shares if share > 0]
        lowest = math.floor(math.log10(min(found))) if found else -4
        self._decades = (min(-1, max(-4, lowest)), 0)
        self.pointed = -1
        self.setAccessibleDescription("; ".join(self._most(name) for name in self.shares))
        self.update()

    def describe(self, value: int) -> str:
        """The share of each channel's pixels that have a value, in words."""
        parts = [f"{name} {_percent(shares[value])}" for name, shares in self.shares.items()]
        return f"Value {value}: " + ", ".join(parts)

    def _most(self, name: str) -> str:
        shares = self.shares[name]
        value = max(range(len(shares)), key=shares.__getitem__)
        return f"{name}: most often {value}, {_percent(shares[value])}"

    # Where things are.

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def _across(self, value: float) -> float:
        return self._area.left() + value / 255 * self._area.width()

    def _up(self, share: float) -> float:
        low, high = self._decades
        part = (math.log10(share) - low) / (high - low) if share > 0 else 0.0
        return self._area.bottom() - max(0.0, part) * self._area.height()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("caption"))
        self._paint_axes(painter)
        if not self.shares:
            return
        for name in self.shares:
            self._paint_channel(painter, name)
        self._paint_legend(painter)
        if self.pointed >= 0:
            painter.setPen(QPen(self._theme.color("secondary"), 1, Qt.PenStyle.DashLine))
            x = self._across(self.pointed)
            painter.drawLine(QPointF(x, self._area.top()), QPointF(x, self._area.bottom()))

    def _paint_axes(self, painter: QPainter) -> None:
        area, metrics = self._area, QFontMetricsF(painter.font())
        for decade in range(self._decades[0], self._decades[1] + 1):
            y = self._up(10.0**decade)
            painter.setPen(QPen(self._theme.color("grid"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._theme.color("secondary"))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 9, area.left() - 6, 18), right, _percent(10.0**decade))
        for value in _MARKS:
            width = metrics.horizontalAdvance(str(value))
            left = min(self._across(value) - width / 2, area.right() - width)
            painter.drawText(QPointF(left, area.bottom() + 16), str(value))
        middle = QRectF(area.left(), area.bottom() + 20, area.width(), 20)
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, "value, 0 dark to 255 bright")

    def _paint_channel(self, painter: QPainter, name: str) -> None:
        color, shares = self._theme.color(_TOKENS.get(name, "text")), self.shares[name]
        curve = QPainterPath(QPointF(self._across(0), self._up(shares[0])))
        for value, share in enumerate(shares[1:], 1):
            curve.lineTo(self._across(value), self._up(share))
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(curve)

    def _paint_legend(self, painter: QPainter) -> None:
        if len(self.shares) < 2:
            return
        metrics, x = QFontMetricsF(painter.font()), self._area.left()
        for name in self.shares:
            painter.setPen(QPen(self._theme.color(_TOKENS.get(name, "text")), 2))
            painter.drawLine(QPointF(x, 9), QPointF(x + 14, 9))
            painter.setPen(self._theme.color("text"))
            painter.drawText(QPointF(x + 20, 9 + metrics.ascent() / 2 - 1), name.capitalize())
            x += 20 + metrics.horizontalAdvance(name.capitalize()) + 16

    # Pointing.

    def _point_at(self, value: int, place) -> None:
        if value != self.pointed:
            self.pointed = value
            self.update()
        if value >= 0:
            QToolTip.showText(place, self.describe(value), self)
        else:
            QToolTip.hideText()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, x = self._area, event.position().x()
        inside = bool(self.shares) and area.left() <= x <= area.right()
        value = round((x - area.left()) / area.width() * 255) if inside else -1
        self._point_at(value, event.globalPosition().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1, self.mapToGlobal(self.rect().center()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is None or not self.shares:
            super().keyPressEvent(event)
            return
        value = min(255, max(0, self.pointed + step))
        self._point_at(value, self.mapToGlobal(QPointF(self._across(value), self._area.top()).toPoint()))


def _shares(counts: Sequence[int]) -> list[float]:
    total = float(sum(counts)) or 1.0
    return [float(count) / total for count in counts]


def _percent(share: float) -> str:
    """A share in per cent with as many figures as it needs: 12 %, 0.03 %."""
    if share <= 0:
        return "0 %"
    percent = 100 * share
    return (
        f"{percent:.0f} %"
        if percent >= 10
        else f"{float(f'{percent:.1g}'):.{max(0, -math.floor(math.log10(percent)))}f} %"
    )
