"""How a curve is drawn so that a hundred thousand points cost about as much as a hundred.

Qt strokes a wide antialiased line by computing its outline, which for a noisy curve with two points on every pixel
column takes tens of milliseconds. Where points are that dense a stroke and the filled band between the lowest and the
highest value of each column, made one line wider, are the same pixels; the band is filled in well under a millisecond.
"""

from dataclasses import dataclass, field

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from fmstudio.gui.widgets.plot.scale import Scale, View
from fmstudio.gui.widgets.plot.series import Columns, Smoother, decimate, runs_of_finite

WIDTH = 2.0
FAINT = 70  # of 255, the raw curve behind its smoothed one


@dataclass(eq=False)
class Curve:
    """One series as a plot shows it: its axis values, its colour, and its smoothed self.

    faint: the raw curve stays behind the smoothed one. named: it has an entry in the legend. level: higher is on top.
    """

    key: str
    title: str
    colour: str
    dashed: bool = False
    smoothed: bool = True
    faint: bool = True
    named: bool = True
    level: int = 0
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    y: np.ndarray = field(default_factory=lambda: np.empty(0))
    smooth: np.ndarray | None = None
    smoother: Smoother | None = None

    def smooth_by(self, weight: float) -> None:
        """Compute the smoothed curve, or drop it where there is to be none."""
        if not self.smoothed or weight <= 0:
            self.smooth = self.smoother = None
            return
        if self.smoother is None or self.smoother.weight != weight:
            self.smoother = Smoother(weight)
        self.smooth = self.smoother.update(self.y)

    @property
    def main(self) -> np.ndarray:
        """What the bold line shows."""
        return self.y if self.smooth is None else self.smooth


def paint_curve(painter: QPainter, curve: Curve, view: View, colour: QColor) -> None:
    """The raw curve faint behind, then the curve itself."""
    columns = max(int(view.area.width()), 1)
    if curve.smooth is not None:
        if curve.faint:
            faint = QColor(colour)
            faint.setAlpha(FAINT)
            _paint(painter, _seen(curve.x, curve.y, view, columns // 2), view, faint, 1.0, False)
        # A smoothed line has nothing to say between pixels: one point for each three of them.
        _paint_line(painter, _thinned(curve.x, curve.smooth, view, columns // 3), view, colour, curve)
    else:
        raw = _calmed(_seen(curve.x, curve.y, view, columns // 4))
        if raw.dense:
            _paint(painter, raw, view, colour, WIDTH, curve.dashed)
        else:
            _paint_line(painter, raw, view, colour, curve)


def _seen(x: np.ndarray, y: np.ndarray, view: View, columns: int) -> Columns:
    return decimate(x, y, view.x.low, view.x.high, columns)


def _calmed(seen: Columns) -> Columns:
    """A line where columns hold a rise or fall, such as a learning rate; their envelope only where they hold noise."""
    if not seen.dense:
        return seen
    middle = (seen.low + seen.high) / 2
    noise, travel = np.nansum(seen.high - seen.low), np.nansum(np.abs(np.diff(middle)))
    return Columns(seen.x, middle, middle) if noise <= 1.5 * travel else seen


def _thinned(x: np.ndarray, y: np.ndarray, view: View, columns: int) -> Columns:
    seen = _seen(x, y, view, columns)
    if not seen.dense:
        return seen
    middle = (seen.low + seen.high) / 2
    return Columns(seen.x, middle, middle)


def _paint_line(painter: QPainter, line: Columns, view: View, colour: QColor, curve: Curve) -> None:
    across, down = view.across(line.x), view.down(line.low)
    painter.setPen(line_pen(colour, WIDTH, curve.dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for part in runs_of_finite(down):
        painter.drawPolyline(polygon(across[part], down[part]))
    if curve.dashed or (curve.smoothed and len(line.x) > 1):
        return
    # Measurements far apart are marked, so that one sees where the line is known and where it is only drawn.
    if len(across) and len(across) < view.area.width() / 14:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for part in runs_of_finite(down):
            for left, top in zip(across[part], down[part], strict=True):
                painter.drawEllipse(QPointF(left, top), 3.0, 3.0)


def _paint(painter: QPainter, shape: Columns, view: View, colour: QColor, width: float, dashed: bool) -> None:
    across = view.across(shape.x)
    top, bottom = view.down(shape.high), view.down(shape.low)
    if not shape.dense:
        painter.setPen(line_pen(colour, width, dashed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for part in runs_of_finite(top):
            painter.drawPolyline(polygon(across[part], top[part]))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    half = width / 2
    for part in runs_of_finite(top):
        there_and_back = np.concatenate((across[part], across[part][::-1]))
        outline = np.concatenate((top[part] - half, bottom[part][::-1] + half))
        painter.drawPolygon(polygon(there_and_back, outline))


def line_pen(colour: QColor, width: float = WIDTH, dashed: bool = False) -> QPen:
    """How a curve is stroked: joins that cost little, and dashes that are seen at its width."""
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:
        pen.setDashPattern([3.0, 2.5])
    return pen


def polygon(across: np.ndarray, down: np.ndarray) -> QPolygonF:
    """Points in pixels as Qt takes them, without an object for each."""
    made: QPolygonF = pg.functions.create_qpolygonf(len(across))
    if not len(across):  # there is no memory to write to
        return made
    points = pg.functions.ndarray_from_qpolygonf(made)
    points[:, 0], points[:, 1] = across, down
    return made


class CurveLayer(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph tells no types
    """All curves of a plot as one item over the view box, painted in pixels and kept as a picture between changes."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self._box = box
        self.curves: list[tuple[Curve, QColor]] = []
        self.nothing: tuple[str, QColor, QFont] = ("", QColor(), QFont())
        self.setParentItem(box)
        self.setFlag(self.GraphicsItemFlag.ItemClipsToShape)
        self.setCacheMode(self.CacheMode.DeviceCoordinateCache)

    def view(self) -> View:
        """What the view box shows now."""
        (x0, x1), (y0, y1) = self._box.viewRange()
        return View(Scale(x0, x1), Scale(y0, y1), self._box.boundingRect())

    def boundingRect(self) -> QRectF:
        """The view box."""
        return self._box.boundingRect()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Each curve, the last on top."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self.view()
        if view.area.width() < 2 or view.area.height() < 2:
            return
        known = [(curve, colour) for curve, colour in self.curves if len(curve.x)]
        for curve, colour in known:
            paint_curve(painter, curve, view, colour)
        if not known:
            words, ink, font = self.nothing
            painter.setFont(font)
            painter.setPen(ink)
            painter.drawText(view.area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
