"""Two charts that follow a dragging hand: the signal-to-noise ratio, and the pixels' values against a Gaussian."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPen, QPolygonF

from fmstudio.gui.diffusion.trajectory import decibels
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.curve import line_pen
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.marks import bars, draw_upright, line, touching
from fmstudio.gui.widgets.plot.notation import precise
from fmstudio.gui.widgets.plot.scale import Scale, View

_HIGHEST = 1000.0  # decibels that stand for a picture without noise; the negative, for noise without a picture


class SignalPlot(AxesChart):
    """The signal-to-noise ratio in decibels from time 0 to 1, with the present time marked."""

    hint, least = (340, 220), (220, 130)

    def __init__(self, theme: Theme, name: str = "signal-plot") -> None:
        across, up = Scale(title="time t"), Scale(-40.0, 40.0, "dB")
        super().__init__(theme, name, "Signal-to-noise ratio over time", across, up,
                         "The curve appears with a picture.")  # fmt: skip
        self._times, self._decibels = np.zeros(0), np.zeros(0)
        self.present = 0

    def show_curve(self, times: np.ndarray, values: np.ndarray) -> None:
        """Show the curve of a path; what is infinite leaves the plane at its edge."""
        self._times, self._decibels = times, np.clip(values, -_HIGHEST, _HIGHEST)
        middles = (times[1:] + times[:-1]) / 2
        self.spans = touching(np.concatenate((times[:1], middles, times[-1:])))
        self.present = min(self.present, len(times) - 1)
        self.refresh()

    def set_present(self, number: int) -> None:
        """Mark one of the times."""
        self.present = number
        self.tell()
        self.update()

    @property
    def reading(self) -> str:
        """What the mark says."""
        return self._words(self.present) if self.count else ""

    def _words(self, number: int) -> str:
        value = float(self._decibels[number])
        return decibels(value if abs(value) < _HIGHEST else float(np.copysign(np.inf, value)))

    def describe(self, number: int) -> str:
        return f"time {self._times[number]:.2f}: {self._words(number)}"

    def summary(self) -> str:
        return self.reading

    def table(self) -> Table:
        return Table(["time", "decibels"], list(zip(self._times, self._decibels, strict=True)))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        painter.setPen(line_pen(self.theme.color("accent")))
        painter.drawPolyline(line(view, self._times, self._decibels))

    def draw_over(self, painter: QPainter) -> None:
        super().draw_over(painter)
        view, time = self.view(), float(self._times[self.present])
        draw_upright(painter, view, time, QPen(self.theme.color("secondary"), 1, Qt.PenStyle.DashLine))
        here = view.place(time, float(np.clip(self._decibels[self.present], self.y_scale.low, self.y_scale.high)))
        painter.setPen(QPen(self.theme.color("surface"), 2))
        painter.setBrush(self.theme.color("accent"))
        painter.drawEllipse(here, 6, 6)
        self._name_mark(painter, here, view.area)

    def _name_mark(self, painter: QPainter, here: QPointF, area: QRectF) -> None:
        font = self.theme.font("strong")
        width, height = QFontMetricsF(font).horizontalAdvance(self.reading), QFontMetricsF(font).height()
        painter.setFont(font)
        painter.setPen(self.theme.color("text"))
        # The curve falls: there is room above it at the right of the mark, and beneath it at the left.
        at_right = here.x() + 12 + width < area.right()
        left = here.x() + 12 if at_right else here.x() - 12 - width
        top = min(max(here.y() + (-24 if at_right else 4), area.top()), area.bottom() - height)
        painter.drawText(QRectF(left, top, width + 2, height), Qt.AlignmentFlag.AlignLeft, self.reading)


class PixelHistogram(AxesChart):
    """How the pixels' values are spread at the present time, and the Gaussian that they approach."""

    TOP = 0.8
    hint, least, live = (340, 220), (220, 130), True

    def __init__(self, theme: Theme, name: str = "pixel-histogram") -> None:
        across = Scale(-1.0, 1.0, "value of a pixel (−1 black, 1 white)")
        super().__init__(theme, name, "Histogram of the pixels' values", across, Scale(0.0, self.TOP, "density"),
                         "Bars appear with a picture.")  # fmt: skip
        self._bins, self._density, self._gaussian = np.zeros((0, 2)), np.zeros(0), np.zeros(0)

    def show_gaussian(self, edges: np.ndarray, gaussian: np.ndarray) -> None:
        """The bins, and the density that the histograms approach."""
        self._bins, self._gaussian = touching(edges), gaussian
        self.x_scale = replace(self.x_scale, low=float(edges[0]), high=float(edges[-1]))
        self.spans, self._density = self._bins[:0], np.zeros(0)
        self.refresh()

    def show_density(self, density: np.ndarray) -> None:
        """The density of the pixels' values in each bin now."""
        self._density, self.spans = density, self._bins
        self.refresh()

    @property
    def distance(self) -> float:
        """How far the histogram is from the Gaussian: half the area between them (total variation), from 0 to 1."""
        if not len(self._density):
            return 1.0
        widths = self._bins[:, 1] - self._bins[:, 0]
        return float(min(1.0, 0.5 * np.sum(np.abs(self._density - self._gaussian) * widths)))

    def describe(self, number: int) -> str:
        low, high = (f"{edge:.2f}".replace("-", "−") for edge in self.spans[number])
        return f"{low} to {high}: density {precise(self._density[number])}, Gaussian {precise(self._gaussian[number])}"

    def summary(self) -> str:
        return f"{100 * self.distance:.0f} % apart from a Gaussian" if self.count else ""

    def table(self) -> Table:
        rows = zip(*self.spans.T, self._density, self._gaussian, strict=True)
        return Table(["from", "to", "density", "gaussian"], list(rows))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("real", 0.55))
        painter.drawRects(bars(view, self.spans, np.minimum(self._density, self.TOP), gap=1.0))
        middles = self.spans.mean(axis=1)
        painter.setPen(line_pen(self.theme.color("generated")))
        painter.drawPolyline(line(view, middles, self._gaussian))
        # An arrow on each bar that is higher than the plane.
        painter.setPen(QPen(self.theme.color("text"), 1.5))
        for value in middles[self._density > self.TOP]:
            tip = view.place(value, self.TOP) + QPointF(0, 1)
            painter.drawPolyline(QPolygonF([tip + QPointF(-3, 4), tip, tip + QPointF(3, 4)]))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()
