"""The map of a latent space: a dot for each picture in the look of its class, and a place that one drags."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from fmstudio.gui.gan_vae.vae.latent import LatentPoint, Survey
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.marks import SHAPES, draw_mark
from fmstudio.gui.widgets.plot.scale import Scale, View
from fmstudio.gui.widgets.plot.ticks import outward

COLOURS = ("training", "validation", "generated", "real", "error", "success")
_RADIUS = 2.8
_STEP = 0.02  # of the map's width, by an arrow key
_WAYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


def look_of(number: int) -> tuple[str, str]:
    """The token and the shape of a class: colours first, then the same colours in another shape. -1 is no class."""
    if number < 0:
        return "secondary", SHAPES[0]
    return COLOURS[number % len(COLOURS)], SHAPES[number // len(COLOURS) % len(SHAPES)]


class LatentMap(AxesChart):
    """Clicking or dragging moves the point; so do the arrow keys.

    nearest_changed(row): the picture that lies closest to the point.
    """

    nearest_changed = Signal(int)
    hint, least, upright_grid = (480, 420), (240, 220), True

    def __init__(self, theme: Theme, point: LatentPoint) -> None:
        title = "Map of the latent space: click or use the arrow keys to decode a point"
        super().__init__(theme, "vae-map", title, Scale(), Scale())
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._point = point
        self.highlighted: int | None = None
        self.nearest = -1
        point.surveyed.connect(self._fit)
        point.moved.connect(self._moved)

    @property
    def count(self) -> int:
        return len(self._point.survey.points) if self._point.survey is not None else 0

    @property
    def _survey(self) -> Survey:
        """What there are dots of."""
        if self._point.survey is None:
            raise LookupError("there is no map yet")
        return self._point.survey

    def highlight(self, number: int | None) -> None:
        """Show one class in full colour and the others faintly; None shows all."""
        self.highlighted = number
        self.refresh()

    def _fit(self) -> None:
        if self.count:
            points = self._survey.points
            low, high = points.min(axis=0), points.max(axis=0)
            (left, right), (bottom, top) = (outward(float(low[axis]), float(high[axis])) for axis in (0, 1))
            across, up = self._survey.axes
            self.x_scale = replace(self.x_scale, low=left, high=right, title=across)
            self.y_scale = replace(self.y_scale, low=bottom, high=top, title=up)
        self.pointer = -1
        self.refresh()

    # Dots.

    def mark_at(self, place: QPointF) -> int:
        view, points = self.view(), self._survey.points
        away = np.hypot(view.across(points[:, 0]) - place.x(), view.down(points[:, 1]) - place.y())
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= 8 else -1

    def describe(self, number: int) -> str:
        index = int(self._survey.indices[number])
        name = self._survey.class_of(index)
        return f"Picture {index:,}" + (f" · {name}" if name else "")

    def table(self) -> Table:
        survey = self._survey
        names = [survey.class_of(int(index)) for index in survey.indices]
        return Table(["picture", *survey.axes, "class"],
                     list(zip(survey.indices, *survey.points.T, names, strict=True)))  # fmt: skip

    def draw_marks(self, painter: QPainter, view: View) -> None:
        survey = self._survey
        painter.setPen(Qt.PenStyle.NoPen)
        # The chosen class comes last, so that it lies on top of the others.
        for number in sorted(set(survey.labels.tolist()), key=lambda each: (each == self.highlighted, each)):
            token, shape = look_of(number)
            faint = self.highlighted is not None and number != self.highlighted
            painter.setBrush(self.theme.color(token, 0.12 if faint else 0.72))
            points = survey.points[survey.labels == number]
            for x, y in zip(view.across(points[:, 0]).tolist(), view.down(points[:, 1]).tolist(), strict=True):
                draw_mark(painter, shape, QPointF(x, y), _RADIUS)

    # The point.

    def draw_over(self, painter: QPainter) -> None:
        super().draw_over(painter)
        view, ink = self.view(), self.theme.color("text")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        place = _kept_inside(view, *self._point.place)
        if self.nearest >= 0:
            near = view.place(*self._survey.points[self.nearest])
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
            painter.drawLine(place, near)
            self._ring(painter, near, 5, ink, 1.2)
        painter.setPen(QPen(ink, 1.2))
        for reach in (QPointF(14, 0), QPointF(0, 14)):
            painter.drawLine(place - reach, place + reach)
        self._ring(painter, place, 7, ink, 2)

    def draw_pointer(self, painter: QPainter, view: View) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._ring(painter, view.place(*self._survey.points[self.pointer]), 5, self.theme.color("secondary"), 1.2)

    def _ring(self, painter: QPainter, place: QPointF, radius: float, ink: QColor, width: float) -> None:
        """A ring that is seen on light dots and on dark ones."""
        for colour, wide in ((self.theme.color("surface"), width + 2.5), (ink, width)):
            painter.setPen(QPen(colour, wide))
            painter.drawEllipse(place, radius, radius)

    def _moved(self) -> None:
        self.nearest = self._survey.nearest(self._point.place) if self.count else -1
        self.nearest_changed.emit(self.nearest)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)
        else:
            super().mouseMoveEvent(event)

    def _go(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.count:
            view = self.view()
            self._point.place_at(*view.values_at(_inside(view, event.position())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key()))
        if way is None or not self.count:
            super().keyPressEvent(event)
            return
        (across, up), (right, above) = self._point.place, way
        self._point.place_at(
            across + right * _STEP * (self.x_scale.high - self.x_scale.low),
            up + above * _STEP * (self.y_scale.high - self.y_scale.low),
        )


def _kept_inside(view: View, across: float, up: float) -> QPointF:
    return _inside(view, view.place(across, up))


def _inside(view: View, place: QPointF) -> QPointF:
    """The place on the plane that is closest to one beside it."""
    area = view.area
    return QPointF(min(max(place.x(), area.left()), area.right()), min(max(place.y(), area.top()), area.bottom()))
