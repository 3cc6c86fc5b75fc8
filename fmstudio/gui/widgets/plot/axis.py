"""Axes that a person reads: round ticks, numbers as people write them, ranges that seldom change."""

import math
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

LOWEST = 1e-12  # what a logarithmic axis can show at least

_LETTERS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def compact(value: float) -> str:
    """A number in few characters: 1,240 as "1.24k", 0.0003 as "3e-4"."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    size = abs(value)
    for unit, letter in _LETTERS:
        if size >= unit * 0.99999:
            return f"{_plain(value / unit)}{letter}"
    if size < 1e-3:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{_plain(float(mantissa))}e−{-int(exponent)}".replace("-", "−")
    return _plain(value)


def precise(value: float) -> str:
    """A number as a readout gives it: fixed decimals where that is usual, so that readings can be compared."""
    if 1e-2 <= abs(value) < 1e3:
        return f"{value:.{3 if abs(value) < 100 else 1}f}".replace("-", "−")
    return compact(value)


def _plain(value: float) -> str:
    """At most four significant digits, no trailing zeros."""
    text = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return text.replace("-", "−")


def clock(seconds: float) -> str:
    """Seconds as a short time on an axis: 40 s, 2:30, 1:05:00."""
    whole = round(seconds)
    if whole < 60:
        return f"{_plain(round(seconds, 2))} s" if seconds else "0"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def round_step(span: float, at_most: int) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that cuts `span` into no more than `at_most` parts."""
    rough = span / max(at_most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= rough * 0.9999:
            return factor * power
    return 10 * power


def time_step(span: float, at_most: int) -> float:
    """As `round_step`, for seconds: minutes and hours are cut as clocks cut them."""
    rough = span / max(at_most, 1)
    if rough <= 5:
        return round_step(span, at_most)
    for step in (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400):
        if step >= rough * 0.9999:
            return float(step)
    return round_step(span, at_most)


def ticks(low: float, high: float, at_most: int, *, time: bool = False) -> list[float]:
    """Round numbers in [low, high]."""
    if not high > low:
        return []
    step = (time_step if time else round_step)(high - low, at_most)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def logarithmic_ticks(low: float, high: float, at_most: int) -> list[float]:
    """Round numbers between 10**low and 10**high: whole decades where there are many, else 1-2-5, else even steps."""
    start, end = 10.0**low, 10.0**high
    if high - low < 0.7:
        return [tick for tick in ticks(start, end, at_most) if tick > 0]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        chosen = [f * 10.0**d for d in decades for f in factors if start * 0.999 <= f * 10.0**d <= end * 1.001]
        if len(chosen) <= at_most:
            return chosen
    every = math.ceil(len(decades) / at_most)
    return [10.0**d for d in decades if d % every == 0 and low <= d <= high]


def outward(low: float, high: float, *, logarithmic: bool = False, parts: int = 12) -> tuple[float, float]:
    """A range around [low, high] that ends on round numbers, so that it changes rarely while a curve grows."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return (0.0, 1.0)
    if high <= low:
        margin = abs(low) * 0.1 if low and not logarithmic else 0.5
        low, high = low - margin, high + margin
    margin = 0.04 * (high - low)
    step = round_step(high - low, parts)
    bottom = math.floor((low - margin) / step) * step
    # A quantity that is never negative gets no negative axis for the sake of a margin.
    if low >= 0 and not logarithmic:
        bottom = max(bottom, 0.0)
    return bottom, math.ceil((high + margin) / step) * step


class Axis(pg.AxisItem):
    """An axis of fixed size, with a hairline grid over the whole plot and numbers in the secondary colour.

    It paints itself instead of leaving that to pyqtgraph: a few lines and texts cost a tenth of its picture cache,
    which a live plot throws away at each change of range.
    """

    def __init__(self, orientation: str, extent: int) -> None:
        self.logarithmic = False
        self.time = False
        self._pens = (QPen(), QColor())
        super().__init__(orientation)
        self.setStyle(tickLength=0, showValues=True)
        (self.setWidth if orientation == "left" else self.setHeight)(extent)

    def restyle(self, grid: QColor, text: QColor, font: QFont) -> None:
        """Take the colours and font of the theme."""
        self._pens = (QPen(grid, 0), text)
        self._font = font
        self.update()

    @property
    def upright(self) -> bool:
        """Whether this is the y axis."""
        return self.orientation == "left"

    def chosen_ticks(self) -> list[float]:
        """The numbers written on the axis now."""
        low, high = self.range
        metrics = QFontMetricsF(self._font)
        length = self.height() if self.upright else self.width()
        at_most = max(2, int(length // (metrics.height() * 2.4 if self.upright else 76)))
        if self.logarithmic:
            return logarithmic_ticks(low, high, at_most)
        return ticks(low, high, at_most, time=self.time)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Grid lines across the plot and the numbers beside it."""
        grid, colour = self._pens
        view = self.linkedView()
        if view is None or not hasattr(self, "_font"):
            return
        area = view.mapRectToItem(self, view.boundingRect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self._font)
        label: Callable[[float], str] = clock if self.time else compact
        for tick in self.chosen_ticks():
            place = self._place(tick, area)
            painter.setPen(grid)
            self._line(painter, place, area)
            painter.setPen(colour)
            self._label(painter, place, area, label(tick))

    def boundingRect(self) -> QRectF:
        """The axis and the plot beside it, over which the grid goes."""
        view = self.linkedView()
        own = self.mapRectFromParent(self.geometry())
        return own | view.mapRectToItem(self, view.boundingRect()) if view is not None else own

    def shape(self) -> QPainterPath:
        """Where the mouse meets the axis: beside the plot only."""
        beside = QPainterPath()
        beside.addRect(self.mapRectFromParent(self.geometry()))
        return beside

    def _place(self, tick: float, area: QRectF) -> float:
        low, high = self.range
        part = ((np.log10(tick) if self.logarithmic else tick) - low) / (high - low)
        if self.upright:
            return round(area.bottom() - part * area.height()) + 0.5
        return round(area.left() + part * area.width()) + 0.5

    def _line(self, painter: QPainter, place: float, area: QRectF) -> None:
        if self.upright:
            painter.drawLine(int(area.left()), int(place), int(area.right()), int(place))
        elif place - 0.5 <= area.left() + 1:
            painter.drawLine(int(place), int(area.top()), int(place), int(area.bottom()))

    def _label(self, painter: QPainter, place: float, area: QRectF, text: str) -> None:
        if self.upright:
            box = QRectF(0, place - 10, area.left() - 8, 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            return
        width = QFontMetricsF(self._font).horizontalAdvance(text)
        # Numbers at the ends move inwards rather than be cut off.
        left = min(max(place - width / 2, area.left() - 4), area.right() - width + 4)
        painter.drawText(QRectF(left, area.bottom() + 5, width + 2, 18), Qt.AlignmentFlag.AlignLeft, text)
