"""The axes of every chart: a hairline grid over the plane, and numbers in the secondary colour beside it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLine, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import clock, compact
from fmstudio.gui.widgets.plot.scale import Scale

GAP = 8  # between a number and the plane
Numbers = tuple[tuple[float, str], ...]
"""What stands beside an axis: how far along it, from 0 to 1, and the text."""

_STEP = 8  # a margin grows in steps, so that it does not follow every number


@dataclass(frozen=True, slots=True)
class Look:
    """How axes are painted in the present theme."""

    grid: QColor
    text: QColor
    font: QFont
    metrics: QFontMetricsF

    @classmethod
    def of(cls, theme: Theme) -> "Look":
        """The theme's colours, and its captions' font, which the painter is to have."""
        font = theme.font("caption")
        return cls(theme.color("grid"), theme.color("secondary"), font, QFontMetricsF(font))

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return self.metrics.height()

    def rows(self, scale: Scale, height: float) -> Numbers:
        """The numbers at the left of a plane so high."""
        found = _numbers(scale, max(2, int(height // (2.4 * self.line))))
        return found if len(found) * self.line <= height + self.line / 2 else found[::2]

    def columns(self, scale: Scale, width: float) -> Numbers:
        """The numbers beneath a plane so wide: as many as stand apart from each other."""
        at_most = max(2, int(width // (4 * self.line)))
        while True:
            found = _numbers(scale, at_most)
            needed = sum(self.metrics.horizontalAdvance(text) + 1.2 * self.line for _, text in found)
            if needed <= width + self.line or at_most <= 1:
                return found
            at_most -= 1

    def beside(self, numbers: Numbers) -> float:
        """The room that numbers need at the left."""
        widest = max((self.metrics.horizontalAdvance(text) for _, text in numbers), default=0.0)
        return _STEP * -(-(widest + GAP + 2) // _STEP)

    def paint_rows(self, painter: QPainter, area: QRectF, numbers: Numbers) -> None:
        """Lines across the plane, and their numbers at its left."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        places = [(round(area.bottom() - part * area.height()), text) for part, text in numbers]
        painter.setPen(QPen(self.grid, 0))
        painter.drawLines([QLine(int(area.left()), y, int(area.right()), y) for y, _ in places])
        painter.setPen(self.text)
        beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, text in places:
            painter.drawText(QRectF(0, y - self.line / 2, area.left() - GAP, self.line), beside, text)

    def paint_columns(self, painter: QPainter, area: QRectF, numbers: Numbers, grid: bool = False) -> None:
        """Numbers beneath the plane; lines through it at all of them, or at its left edge alone."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        places = [(round(area.left() + part * area.width()), text) for part, text in numbers]
        painter.setPen(QPen(self.grid, 0))
        lines = [x for x, _ in places if grid or x <= area.left() + 1]
        painter.drawLines([QLine(x, int(area.top()), x, int(area.bottom())) for x in lines])
        painter.setPen(self.text)
        free = area.left() - self.line
        for x, text in places:
            width = self.metrics.horizontalAdvance(text)
            # Numbers at the ends move inwards rather than be cut off, and none stands too close to the one before.
            left = min(max(x - width / 2, area.left() - 4), area.right() - width + 4)
            if left >= free:
                place = QRectF(left, area.bottom() + 5, width + 2, self.line)
                painter.drawText(place, Qt.AlignmentFlag.AlignLeft, text)
                free = left + width + self.line / 2


@lru_cache(maxsize=256)
def _numbers(scale: Scale, at_most: int) -> Numbers:
    """Kept, for most redraws leave the axes as they are."""
    found = scale.ticks(at_most)
    return tuple(zip(scale.part(np.array(found)).tolist(), map(scale.written, found), strict=True))


class Axis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph tells no types
    """An axis of a live plot.

    It paints itself instead of leaving that to pyqtgraph: a few lines and texts cost a tenth of its picture cache,
    which a live plot throws away at each change of range.
    """

    def __init__(self, orientation: str) -> None:
        self.logarithmic = False
        self.time = False
        self._look: Look | None = None
        super().__init__(orientation)
        self.setStyle(tickLength=0, showValues=True)

    def restyle(self, look: Look) -> None:
        """Take the colours and font of the theme, and the room that its numbers need."""
        self._look = look
        self.make_room()
        self.update()

    @property
    def upright(self) -> bool:
        """Whether this is the y axis."""
        return bool(self.orientation == "left")

    @property
    def scale_now(self) -> Scale:
        """What the axis measures now. The plane of a logarithmic plot holds logarithms."""
        low, high = self.range
        if self.logarithmic:
            low, high = 10.0**low, 10.0**high
        written, steps = clock if self.time else compact, not (self.upright or self.time)
        return Scale(low, high, written=written, logarithmic=self.logarithmic, time=self.time, whole=steps)

    def make_room(self) -> None:
        """Be as wide as the widest number, or as high as a line."""
        if self._look is None:
            return
        look, scale = self._look, self.scale_now
        if self.upright:
            room = max(48.0, look.beside(look.rows(scale, self.height())))
            if room != self.width():
                self.setWidth(room)
        else:
            self.setHeight(look.line + 8)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Grid lines across the plot and the numbers beside it."""
        view, look = self.linkedView(), self._look
        if view is None or look is None:
            return
        area, scale = view.mapRectToItem(self, view.boundingRect()), self.scale_now
        painter.setFont(look.font)
        if self.upright:
            look.paint_rows(painter, area, look.rows(scale, self.height()))
        else:
            look.paint_columns(painter, area, look.columns(scale, self.width()))

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
