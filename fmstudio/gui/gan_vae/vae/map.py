"""The map of a latent space: a dot for each picture in the look of its class, and a cursor that one drags."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.gan_vae.vae.latent import LatentPoint
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import outward, ticks

COLOURS = ("training", "validation", "generated", "real", "error", "success")
SHAPES = ("circle", "square", "triangle", "diamond")
_LEFT, _BOTTOM, _TOP, _RIGHT = 48, 42, 8, 10
_RADIUS = 2.8
_STEP = 0.02  # of the map's width, by an arrow key


def look_of(number: int) -> tuple[str, str]:
    """The token and the shape of a class: colours first, then the same colours in another shape. -1 is no class."""
    if number < 0:
        return "secondary", SHAPES[0]
    return COLOURS[number % len(COLOURS)], SHAPES[number // len(COLOURS) % len(SHAPES)]


def paint_mark(painter: QPainter, shape: str, place: QPointF, radius: float) -> None:
    """One dot, filled with the painter's brush."""
    x, y, r = place.x(), place.y(), radius
    if shape == "circle":
        painter.drawEllipse(place, r, r)
    elif shape == "square":
        painter.drawRect(QRectF(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r))
    elif shape == "triangle":
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 1.2 * r), QPointF(x + 1.1 * r, y + r), QPointF(x - 1.1 * r, y + r)])
        )
    else:
        across = [QPointF(x, y - 1.3 * r), QPointF(x + 1.3 * r, y), QPointF(x, y + 1.3 * r), QPointF(x - 1.3 * r, y)]
        painter.drawPolygon(QPolygonF(across))


class LatentMap(QWidget):
    """Clicking or dragging moves the point; so do the arrow keys. The dots are painted once and kept as a picture."""

    pointed = Signal(int)

    def __init__(self, theme: Theme, point: LatentPoint) -> None:
        super().__init__()
        self.setObjectName("vae-map")
        self.setAccessibleName("Map of the latent space: click or use the arrow keys to decode a point")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._point = theme, point
        self.highlighted: int | None = None
        self.nearest = -1
        self._x, self._y = (0.0, 1.0), (0.0, 1.0)
        self._dots: QPixmap | None = None
        point.surveyed.connect(self._fit)
        point.moved.connect(self._moved)
        theme.changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        return QSize(480, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 220)

    def highlight(self, number: int | None) -> None:
        """Show one class in full colour and the others faintly; None shows all."""
        self.highlighted = number
        self._repaint()

    # Where things are.

    def _fit(self) -> None:
        survey = self._point.survey
        if survey is not None and len(survey.points):
            low, high = survey.points.min(axis=0), survey.points.max(axis=0)
            self._x, self._y = (outward(float(low[axis]), float(high[axis])) for axis in (0, 1))
        self._repaint()

    def _repaint(self) -> None:
        self._dots = None
        self.update()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._dots = None

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def pixel(self, across: float, up: float) -> QPointF:
        """Where a place of the map is on the widget."""
        area = self._area
        x = area.left() + (across - self._x[0]) / (self._x[1] - self._x[0]) * area.width()
        return QPointF(x, area.bottom() - (up - self._y[0]) / (self._y[1] - self._y[0]) * area.height())

    def place(self, pixel: QPointF) -> tuple[float, float]:
        """The place of the map under a point of the widget, kept on the map."""
        area = self._area
        along = min(1.0, max(0.0, (pixel.x() - area.left()) / area.width()))
        up = min(1.0, max(0.0, (area.bottom() - pixel.y()) / area.height()))
        return self._x[0] + along * (self._x[1] - self._x[0]), self._y[0] + up * (self._y[1] - self._y[0])

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        survey = self._point.survey
        if survey is None or not len(survey.points):
            return
        painter = QPainter(self)
        if self._dots is None:
            self._dots = self._painted()
        painter.drawPixmap(0, 0, self._dots)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_cursor(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(self.size() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setFont(self._theme.font("caption"))
        self._paint_axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_dots(painter)
        painter.end()
        return made

    def _paint_axes(self, painter: QPainter) -> None:
        area, grid, text = self._area, self._theme.color("grid"), self._theme.color("secondary")
        for tick in ticks(*self._x, max(2, int(area.width() // 80))):
            x = self.pixel(tick, self._y[0]).x()
            painter.setPen(grid)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(text)
            painter.drawText(QRectF(x - 30, area.bottom() + 3, 60, 16), Qt.AlignmentFlag.AlignCenter, compact(tick))
        for tick in ticks(*self._y, max(2, int(area.height() // 60))):
            y = self.pixel(self._x[0], tick).y()
            painter.setPen(grid)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(16, y - 8, _LEFT - 22, 16), beside, compact(tick))
        self._paint_titles(painter, area)

    def _paint_titles(self, painter: QPainter, area: QRectF) -> None:
        across, up = self._point.survey.axes
        painter.drawText(
            QRectF(area.left(), area.bottom() + 22, area.width(), 18), Qt.AlignmentFlag.AlignCenter, across
        )
        painter.save()
        painter.translate(8, area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-area.height() / 2, -8, area.height(), 18), Qt.AlignmentFlag.AlignCenter, up)
        painter.restore()

    def _paint_dots(self, painter: QPainter) -> None:
        survey = self._point.survey
        painter.setPen(Qt.PenStyle.NoPen)
        # The chosen class comes last, so that it lies on top of the others.
        for number in sorted(set(survey.labels.tolist()), key=lambda each: (each == self.highlighted, each)):
            token, shape = look_of(number)
            faint = self.highlighted is not None and number != self.highlighted
            painter.setBrush(self._theme.color(token, 0.12 if faint else 0.72))
            for across, up in survey.points[survey.labels == number]:
                paint_mark(painter, shape, self.pixel(across, up), _RADIUS)

    def _paint_cursor(self, painter: QPainter) -> None:
        place, area = self.pixel(*self._point.place), self._area
        place = QPointF(min(max(place.x(), area.left()), area.right()), min(max(place.y(), area.top()), area.bottom()))
        ink, halo = self._theme.color("text"), self._theme.color("surface")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.nearest >= 0:
            near = self.pixel(*self._point.survey.points[self.nearest])
            painter.setPen(QPen(ink, 1, Qt.PenStyle.DotLine))
            painter.drawLine(place, near)
            _ring(painter, near, 5, halo, ink, 1.2)
        for line in ((QPointF(-14, 0), QPointF(14, 0)), (QPointF(0, -14), QPointF(0, 14))):
            painter.setPen(QPen(ink, 1.2))
            painter.drawLine(place + line[0], place + line[1])
        _ring(painter, place, 7, halo, ink, 2)

    # The hand.

    def _moved(self) -> None:
        survey = self._point.survey
        self.nearest = survey.nearest(self._point.place) if len(survey.points) else -1
        self.pointed.emit(self.nearest)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)
        elif text := self.describe(event.position()):
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def _go(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._point.survey is not None:
            self._point.place_at(*self.place(event.position()))

    def describe(self, pixel: QPointF) -> str:
        """The class of the dot under a point, or ""."""
        survey = self._point.survey
        if survey is None or not len(survey.points):
            return ""
        row = survey.nearest(self.place(pixel))
        away = self.pixel(*survey.points[row]) - pixel
        if np.hypot(away.x(), away.y()) > 8:
            return ""
        index = int(survey.indices[row])
        name = survey.class_of(index)
        return f"Picture {index:,}" + (f" · {name}" if name else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        if event.key() not in by or self._point.survey is None:
            super().keyPressEvent(event)
            return
        across, up = self._point.place
        right, above = by[event.key()]
        far = _STEP * (self._x[1] - self._x[0]), _STEP * (self._y[1] - self._y[0])
        self._point.place_at(across + right * far[0], up + above * far[1])


def _ring(painter: QPainter, place: QPointF, radius: float, halo: QColor, ink: QColor, width: float) -> None:
    """A ring that is seen on light dots and on dark ones."""
    painter.setPen(QPen(halo, width + 2.5))
    painter.drawEllipse(place, radius, radius)
    painter.setPen(QPen(ink, width))
    painter.drawEllipse(place, radius, radius)
