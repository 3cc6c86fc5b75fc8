"""Two plots that follow a dragging hand: the signal-to-noise ratio, and the pixels' values against a Gaussian."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.diffusion.trajectory import decibels
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.ticks import ticks

_LEFT, _TOP, _RIGHT, _BOTTOM = 40, 8, 12, 38


class _Axes(QWidget):
    """A plane with hairlines, numbers and titles; subclasses draw on it."""

    def __init__(self, theme: Theme, name: str, accessible_name: str, across: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._title = theme, across
        self.x_range, self.y_range = (0.0, 1.0), (0.0, 1.0)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(340, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 130)

    @property
    def area(self) -> QRectF:
        """The plane between the axes."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def place(self, x: float, y: float) -> QPointF:
        """Where values are on the widget."""
        area, (left, right), (low, high) = self.area, self.x_range, self.y_range
        return QPointF(area.left() + (x - left) / (right - left) * area.width(),
                       area.bottom() - (y - low) / (high - low) * area.height())  # fmt: skip

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        self._grid(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter)

    def draw(self, painter: QPainter) -> None:
        """Draw what the plot shows."""

    def _grid(self, painter: QPainter) -> None:
        area, grid, text = self.area, self._theme.color("grid"), self._theme.color("secondary")
        for tick in ticks(*self.y_range, max(2, int(area.height() // 34))):
            y = round(self.place(0, tick).y())
            painter.setPen(grid)
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 10, _LEFT - 8, 20), beside, _number(tick))
        for tick in ticks(*self.x_range, max(2, int(area.width() // 60))):
            x = self.place(tick, 0).x()
            beneath = QRectF(x - 30, area.bottom() + 4, 60, 16)
            painter.drawText(beneath, Qt.AlignmentFlag.AlignHCenter, _number(tick))
        painter.drawText(QRectF(0, area.bottom() + 20, self.width(), 18), Qt.AlignmentFlag.AlignHCenter, self._title)


class SignalPlot(_Axes):
    """The signal-to-noise ratio in decibels from time 0 to 1, with the present time marked."""

    def __init__(self, theme: Theme, name: str = "signal-plot") -> None:
        super().__init__(theme, name, "Signal-to-noise ratio over time", "time t")
        self.y_range = (-40.0, 40.0)
        self._times, self._decibels = np.zeros(0), np.zeros(0)
        self.present = 0

    def show_curve(self, times: np.ndarray, values: np.ndarray) -> None:
        """Show the curve of a path; what is infinite leaves the plane at its edge."""
        self._times, self._decibels = times, np.clip(values, -1000.0, 1000.0)
        self.update()

    def set_present(self, number: int) -> None:
        """Mark one of the times."""
        self.present = number
        self.setAccessibleDescription(self.reading)
        self.update()

    @property
    def reading(self) -> str:
        """What the mark says."""
        if not len(self._times):
            return ""
        value = self._decibels[self.present]
        return decibels(float("inf") if value >= 1000 else float("-inf") if value <= -1000 else float(value))

    def draw(self, painter: QPainter) -> None:
        if not len(self._times):
            return
        painter.setClipRect(self.area.adjusted(0, -1, 8, 1))
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.drawPolyline(QPolygonF([self.place(x, y) for x, y in zip(self._times, self._decibels, strict=True)]))
        painter.setClipping(False)
        value = float(np.clip(self._decibels[self.present], *self.y_range))
        here = self.place(float(self._times[self.present]), value)
        painter.setPen(QPen(self._theme.color("secondary"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(here.x(), self.area.top()), QPointF(here.x(), self.area.bottom()))
        painter.setPen(QPen(self._theme.color("surface"), 2))
        painter.setBrush(self._theme.color("accent"))
        painter.drawEllipse(here, 6, 6)
        self._name_mark(painter, here)

    def _name_mark(self, painter: QPainter, here: QPointF) -> None:
        painter.setFont(self._theme.font("strong"))
        painter.setPen(self._theme.color("text"))
        width = painter.fontMetrics().horizontalAdvance(self.reading)
        # The curve falls: there is room above it at the right of the mark, and beneath it at the left.
        at_right = here.x() + 12 + width < self.area.right()
        left = here.x() + 12 if at_right else here.x() - 12 - width
        top = min(max(here.y() + (-24 if at_right else 4), self.area.top()), self.area.bottom() - 20)
        painter.drawText(QRectF(left, top, width + 2, 20), Qt.AlignmentFlag.AlignLeft, self.reading)


class PixelHistogram(_Axes):
    """How the pixels' values are spread at the present time, and the Gaussian that they approach."""

    TOP = 0.8

    def __init__(self, theme: Theme, name: str = "pixel-histogram") -> None:
        super().__init__(theme, name, "Histogram of the pixels' values", "value of a pixel (−1 black, 1 white)")
        self.y_range = (0.0, self.TOP)
        self._edges, self._density, self._gaussian = np.zeros(0), np.zeros(0), np.zeros(0)

    def show_gaussian(self, edges: np.ndarray, gaussian: np.ndarray) -> None:
        """The bins, and the density that the histograms approach."""
        self._edges, self._gaussian = edges, gaussian
        self.x_range = (float(edges[0]), float(edges[-1]))
        self.update()

    def show_density(self, density: np.ndarray) -> None:
        """The density of the pixels' values in each bin now."""
        self._density = density
        self.update()

    @property
    def distance(self) -> float:
        """How far the histogram is from the Gaussian: half the area between them (total variation), from 0 to 1."""
        if not len(self._density):
            return 1.0
        widths = np.diff(self._edges)
        return float(min(1.0, 0.5 * np.sum(np.abs(self._density - self._gaussian) * widths)))

    def draw(self, painter: QPainter) -> None:
        if not len(self._density):
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("real", 0.55))
        cut: list[float] = []
        for low, high, value in zip(self._edges[:-1], self._edges[1:], self._density, strict=True):
            if value > 0:
                top = self.place(low, min(value, self.TOP))
                right = self.place(high, 0)
                painter.drawRect(QRectF(top.x() + 0.5, top.y(), right.x() - top.x() - 1, right.y() - top.y()))
            if value > self.TOP:
                cut.append((low + high) / 2)
        middles = (self._edges[1:] + self._edges[:-1]) / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("generated"), 2))
        painter.drawPolyline(QPolygonF([self.place(x, y) for x, y in zip(middles, self._gaussian, strict=True)]))
        self._mark_cut(painter, cut)

    def _mark_cut(self, painter: QPainter, cut: Sequence[float]) -> None:
        """An arrow on each bar that is higher than the plane."""
        painter.setPen(QPen(self._theme.color("text"), 1.5))
        for value in cut:
            tip = self.place(value, self.TOP) + QPointF(0, 1)
            painter.drawPolyline(QPolygonF([tip + QPointF(-3, 4), tip, tip + QPointF(3, 4)]))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
