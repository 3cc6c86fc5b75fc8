"""The axes of every chart: a hairline grid over the plane, and numbers in the secondary colour beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import clock, compact
from fmstudio.gui.widgets.plot.scale import Scale

GAP = 8  # between a number and the plane
_STEP = 8  # a margin grows in steps, so that it does not follow every number


@dataclass(frozen=True, slots=True)
class Look:
    """How axes are painted in the present theme."""

    grid: QColor
    text: QColor
    metrics: QFontMetricsF

    @classmethod
    def of(cls, theme: Theme) -> "Look":
        """The theme's colours, and the measures of its captions, which the painter is to have as its font."""
        return cls(theme.color("grid"), theme.color("secondary"), QFontMetricsF(theme.font("caption")))

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return self.metrics.height()

    def rows(self, scale: Scale, height: float) -> list[float]:
        """The numbers at the left of a plane so high."""
        return scale.ticks(max(2, int(height // (2.4 * self.line))))

    def columns(self, scale: Scale, width: float) -> list[float]:
        """The numbers beneath a plane so wide: as many as stand apart from each other."""
        at_most = max(2, int(width // (4 * self.line)))
        while True:
            found = scale.ticks(at_most)
            needed = sum(self.metrics.horizontalAdvance(scale.written(tick)) + 1.2 * self.line for tick in found)
            if needed <= width + self.line or at_most <= 1:
                return found
            at_most -= 1

    def beside(self, scale: Scale, numbers: Sequence[float]) -> float:
        """The room that numbers need at the left."""
        widest = max((self.metrics.horizontalAdvance(scale.written(each)) for each in numbers), default=0.0)
        return _STEP * -(-(widest + GAP + 2) // _STEP)

    def paint_rows(self, painter: QPainter, area: QRectF, scale: Scale, numbers: Sequence[float]) -> None:
        """Lines across the plane, and their numbers at its left."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for number, part in zip(numbers, scale.part(list(numbers)), strict=True):
            y = round(area.bottom() - part * area.height())
            painter.setPen(QPen(self.grid, 0))
            painter.drawLine(int(area.left()), y, int(area.right()), y)
            painter.setPen(self.text)
            box = QRectF(0, y - self.line / 2, area.left() - GAP, self.line)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, scale.written(number))

    def paint_columns(
        self, painter: QPainter, area: QRectF, scale: Scale, numbers: Sequence[float], grid: bool = False
    ) -> None:
        """Numbers beneath the plane; lines through it at all of them, or at its left edge alone."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for number, part in zip(numbers, scale.part(list(numbers)), strict=True):
            x, text = round(area.left() + part * area.width()), scale.written(number)
            if grid or x <= area.left() + 1:
                painter.setPen(QPen(self.grid, 0))
                painter.drawLine(x, int(area.top()), x, int(area.bottom()))
            width = self.metrics.horizontalAdvance(text)
            # Numbers at the ends move inwards rather than be cut off.
            left = min(max(x - width / 2, area.left() - 4), area.right() - width + 4)
            painter.setPen(self.text)
            painter.drawText(QRectF(left, area.bottom() + 5, width + 2, self.line), Qt.AlignmentFlag.AlignLeft, text)


class Axis(pg.AxisItem):
    """An axis of a live plot.

    It paints itself instead of leaving that to pyqtgraph: a few lines and texts cost a tenth of its picture cache,
    which a live plot throws away at each change of range.
    """

    def __init__(self, orientation: str) -> None:
        self.logarithmic = False
        self.time = False
        self._theme: Theme | None = None
        super().__init__(orientation)
        self.setStyle(tickLength=0, showValues=True)

    def restyle(self, theme: Theme) -> None:
        """Take the colours and font of the theme, and the room that its numbers need."""
        self._theme = theme
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
        return Scale(low, high, written=clock if self.time else compact, logarithmic=self.logarithmic, time=self.time)

    def make_room(self) -> None:
        """Be as wide as the widest number, or as high as a line."""
        if self._theme is None:
            return
        look, scale = Look.of(self._theme), self.scale_now
        if self.upright:
            room = max(48.0, look.beside(scale, look.rows(scale, self.height())))
            if room != self.width():
                self.setWidth(room)
        else:
            self.setHeight(look.line + 8)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Grid lines across the plot and the numbers beside it."""
        view = self.linkedView()
        if view is None or self._theme is None:
            return
        area, look, scale = view.mapRectToItem(self, view.boundingRect()), Look.of(self._theme), self.scale_now
        painter.setFont(self._theme.font("caption"))
        if self.upright:
            look.paint_rows(painter, area, scale, look.rows(scale, self.height()))
        else:
            look.paint_columns(painter, area, scale, look.columns(scale, self.width()))

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
