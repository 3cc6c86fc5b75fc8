"""A histogram with axes that have titles and units, in the look of the plots: how long the documents are."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import logarithmic_ticks, ticks

_LEFT, _BOTTOM, _TOP, _RIGHT = 56, 44, 8, 8


class Histogram(QWidget):
    """Bars over bins of a logarithmic axis. Hovering, or the arrow keys, tell what a bar stands for."""

    def __init__(self, theme: Theme, name: str, quantity: str, counted: str) -> None:
        """quantity: what lies along the axis ("characters"); counted: what is counted ("document")."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(f"Histogram of {counted}s by {quantity}")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._quantity, self._counted = theme, quantity, counted
        self.edges: list[float] = []
        self.counts: list[int] = []
        self.highlighted = -1
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 180)

    def show_counts(self, edges: Sequence[float], counts: Sequence[int]) -> None:
        """Show the number in each bin between two edges; there is one edge more than bins, and all are above 0."""
        self.edges, self.counts, self.highlighted = list(edges), list(counts), -1
        most = max(range(len(self.counts)), key=lambda number: self.counts[number], default=-1)
        self.setAccessibleDescription(f"Most: {self.describe(most)}" if most >= 0 else "")
        self.update()

    def describe(self, number: int) -> str:
        """What a bar stands for, in words."""
        low, high = self.edges[number], self.edges[number + 1]
        # The last bin includes its upper edge; the others end before it, and lengths are whole.
        high = max(low, high - 1)
        span = formatting.count(low) if low == high else f"{formatting.count(low)} to {formatting.count(high)}"
        return f"{formatting.plural(self.counts[number], self._counted)} of {span} {self._quantity}"

    # Where things are.

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def _across(self, value: float) -> float:
        low, high = math.log10(self.edges[0]), math.log10(self.edges[-1])
        return self._area.left() + (math.log10(value) - low) / max(1e-9, high - low) * self._area.width()

    @property
    def _top(self) -> float:
        return max(1.0, max(self.counts, default=0) * 1.05)

    def bar_at(self, place: QPointF) -> int:
        """The bar over or under a point, or -1."""
        if not self.counts or not self._area.contains(place):
            return -1
        lefts = [self._across(edge) for edge in self.edges]
        number = bisect_right(lefts, place.x()) - 1
        return number if 0 <= number < len(self.counts) else -1

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        if self.counts:
            self._paint_axes(painter)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for number in range(len(self.counts)):
                self._paint_bar(painter, number)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_axes(self, painter: QPainter) -> None:
        area, metrics = self._area, QFontMetricsF(painter.font())
        grid, text = self._theme.color("grid"), self._theme.color("secondary")
        for tick in ticks(0, self._top, max(2, int(area.height() // 36))):
            if tick != int(tick):
                continue
            y = round(area.bottom() - tick / self._top * area.height())
            painter.setPen(grid)
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 10, _LEFT - 8, 20), beside, compact(tick))
        low, high = math.log10(self.edges[0]), math.log10(self.edges[-1])
        for tick in _ticks(low, high, max(2, int(area.width() // 72))):
            if self.edges[0] <= tick <= self.edges[-1]:
                self._paint_tick(painter, self._across(tick), compact(tick), metrics)
        painter.setPen(text)
        painter.drawText(QRectF(area.left(), area.bottom() + 22, area.width(), 18), Qt.AlignmentFlag.AlignHCenter,
                         f"Length ({self._quantity}, logarithmic)")  # fmt: skip
        painter.save()
        painter.translate(10, area.center().y())
        painter.rotate(-90)
        title = self._counted.capitalize() + "s"
        painter.drawText(QRectF(-60, -8, 120, 18), Qt.AlignmentFlag.AlignCenter, title)
        painter.restore()

    def _paint_tick(self, painter: QPainter, x: float, text: str, metrics: QFontMetricsF) -> None:
        area, width = self._area, metrics.horizontalAdvance(text)
        left = min(max(x - width / 2, area.left() - 4), area.right() - width + 4)
        painter.drawText(QRectF(left, area.bottom() + 4, width + 2, 18), Qt.AlignmentFlag.AlignLeft, text)

    def _paint_bar(self, painter: QPainter, number: int) -> None:
        if not self.counts[number]:
            return
        area = self._area
        left, right = self._across(self.edges[number]), self._across(self.edges[number + 1])
        # A single document among thousands is still to be seen.
        height = max(2.0, self.counts[number] / self._top * area.height())
        bar = QRectF(left + 0.75, area.bottom() - height, max(1.0, right - left - 1.5), height)
        shape = QPainterPath()
        shape.addRoundedRect(bar.adjusted(0, 0, 0, 3), 2, 2)
        painter.setClipRect(bar)
        painter.fillPath(shape, self._theme.color("accent", 1.0 if number == self.highlighted else 0.75))
        painter.setClipping(False)

    # Pointing.

    def _point_at(self, number: int, place) -> None:
        if number != self.highlighted:
            self.highlighted = number
            self.update()
        if number >= 0:
            QToolTip.showText(place, self.describe(number), self)
        else:
            QToolTip.hideText()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.bar_at(event.position()), event.globalPosition().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1, self.mapToGlobal(self.rect().center()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is None or not self.counts:
            super().keyPressEvent(event)
            return
        number = min(len(self.counts) - 1, max(0, self.highlighted + step))
        place = QPointF(self._across(self.edges[number]), self._area.top())
        self._point_at(number, self.mapToGlobal(place.toPoint()))


def _ticks(low: float, high: float, at_most: int) -> list[float]:
    """Round numbers between 10**low and 10**high; closer ones than on a plot where the span is short."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    fine = [f * 10.0**d for d in decades for f in (1, 1.5, 2, 3, 5, 7) if low <= math.log10(f * 10.0**d) <= high]
    return fine if 3 <= len(fine) <= at_most and high - low < 1.5 else logarithmic_ticks(low, high, at_most)
