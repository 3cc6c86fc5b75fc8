"""Named points on a plane, each with its name beside it where there is room."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import ticks

_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 8, 12, 40
_RADIUS = 4.0
_NAME, _LINE = 150, 15  # pixels of a name at most, and of its height


class NamedPoints(QWidget):
    """pointed(number): the point under the pointer or chosen by the arrow keys, −1 for none."""

    pointed = Signal(int)

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self.points = np.zeros((0, 2))
        self.names: Sequence[str] = ()
        self._titles = ("", "")
        self._near: np.ndarray | None = None
        self._rooms: list[QRectF | None] | None = None
        self.current = -1
        theme.changed.connect(self._lay_out_anew)

    def show_points(
        self, points: np.ndarray, names: Sequence[str], titles: tuple[str, str], likeness: np.ndarray
    ) -> None:
        """Show points (count, 2); titles: of the axes; likeness: (count, count), which the tooltip tells of."""
        self.points, self.names, self._titles, self._near = np.asarray(points, float), list(names), titles, likeness
        self.current = min(self.current, len(points) - 1)
        self._rooms = None
        self.setAccessibleDescription("; ".join(self.describe(n) for n in range(min(5, len(points)))))
        self.update()

    def set_current(self, number: int) -> None:
        """Mark a point without telling anyone."""
        self.current = number
        self.update()

    def _lay_out_anew(self) -> None:
        self._rooms = None
        self.update()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._lay_out_anew()

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 160)

    # Where things are.

    @property
    def area(self) -> QRectF:
        """The plane between the axes."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def _ranges(self) -> list[tuple[float, float]]:
        """Both axes to one scale, so that distances on the map are distances."""
        area = self.area
        low, high = self.points.min(0), self.points.max(0)
        spans = np.maximum(high - low, 1e-6) * 1.25
        scale = max(spans[0] / max(area.width(), 1), spans[1] / max(area.height(), 1))
        middle = (low + high) / 2
        half = np.array([area.width(), area.height()]) * scale / 2
        return [(float(m - h), float(m + h)) for m, h in zip(middle, half, strict=True)]

    def places(self) -> list[QPointF]:
        """Where the points are on the widget."""
        if not len(self.points):
            return []
        area, (across, up) = self.area, self._ranges()
        x = area.left() + (self.points[:, 0] - across[0]) / (across[1] - across[0]) * area.width()
        y = area.bottom() - (self.points[:, 1] - up[0]) / (up[1] - up[0]) * area.height()
        return [QPointF(*each) for each in zip(x.tolist(), y.tolist(), strict=True)]

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.points):
            return
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        self._paint_axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, place in enumerate(self.places()):
            painter.setPen(QPen(self._theme.color("surface"), 1.5))
            painter.setBrush(self._theme.color("accent" if number != self.current else "generated"))
            painter.drawEllipse(place, _RADIUS, _RADIUS)
        self._paint_names(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_names(self, painter: QPainter) -> None:
        if self._rooms is None:
            self._rooms = self._name_rooms(painter)
        painter.setPen(self._theme.color("text"))
        for name, room in zip(self.names, self._rooms, strict=True):
            if room is not None:
                written = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME)
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, written)

    def _name_rooms(self, painter: QPainter) -> list[QRectF | None]:
        """Beside, above or beneath each point, where no other name or point is; else the tooltip has the name."""
        metrics, bounds = painter.fontMetrics(), QRectF(self.rect()).adjusted(_LEFT, 0, 0, -_BOTTOM)
        points = np.array([place.toTuple() for place in self.places()])
        taken = np.concatenate([points - 5, points + 5], axis=1)
        rooms: list[QRectF | None] = []
        for name, (x, y) in zip(self.names, points, strict=True):
            wide = min(_NAME, metrics.horizontalAdvance(name)) + 4
            offsets = ((7, -_LINE / 2), (-7 - wide, -_LINE / 2), (-wide / 2, -_LINE - 5), (-wide / 2, 6))
            tried = (QRectF(x + across, y + down, wide, _LINE) for across, down in offsets)
            room = next((each for each in tried if bounds.contains(each) and not _overlaps(each, taken)), None)
            rooms.append(room)
            if room is not None:
                taken = np.vstack([taken, [room.left(), room.top(), room.right(), room.bottom()]])
        return rooms

    def _paint_axes(self, painter: QPainter) -> None:
        area, (across, up) = self.area, self._ranges()
        grid, text = self._theme.color("grid"), self._theme.color("secondary")
        for tick in ticks(*across, max(2, int(area.width() // 80))):
            x = area.left() + (tick - across[0]) / (across[1] - across[0]) * area.width()
            painter.setPen(grid)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(text)
            painter.drawText(QRectF(x - 30, area.bottom() + 3, 60, 16), Qt.AlignmentFlag.AlignCenter, compact(tick))
        for tick in ticks(*up, max(2, int(area.height() // 60))):
            y = area.bottom() - (tick - up[0]) / (up[1] - up[0]) * area.height()
            painter.setPen(grid)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(14, y - 8, _LEFT - 18, 16), beside, compact(tick))
        painter.drawText(QRectF(area.left(), area.bottom() + 20, area.width(), 18), Qt.AlignmentFlag.AlignCenter,
                         self._titles[0])  # fmt: skip
        painter.save()
        painter.translate(8, area.center().y())
        painter.rotate(-90)
        along = QRectF(-area.height() / 2, -8, area.height(), 16)
        painter.drawText(along, Qt.AlignmentFlag.AlignCenter, self._titles[1])
        painter.restore()

    # The hand.

    def describe(self, number: int) -> str:
        """A point in words: its name, and what is most like it."""
        name = self.names[number]
        if self._near is None or len(self.names) < 2:
            return name
        others = [n for n in np.argsort(-self._near[number]) if n != number][:3]
        lines = [f"{self.names[n]}  {self._near[number][n]:.3f}".replace("-", "−") for n in others]
        return "\n".join([name, "most alike, by cosine:", *lines])

    def number_at(self, place: QPointF) -> int:
        """The point within a few pixels of a place, or −1."""
        away = [np.hypot(*(point - place).toTuple()) for point in self.places()]
        nearest = int(np.argmin(away)) if away else -1
        return nearest if nearest >= 0 and away[nearest] < 10 else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        self._point_at(number)
        if number >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(number), self)

    def leaveEvent(self, event) -> None:
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        step = {keys.Key_Left: -1, keys.Key_Right: 1, keys.Key_Up: -1, keys.Key_Down: 1}.get(event.key())
        if step is None or not len(self.points):
            super().keyPressEvent(event)
            return
        self._point_at(min(len(self.points) - 1, max(0, self.current + step)))
        place = self.places()[self.current].toPoint()
        QToolTip.showText(self.mapToGlobal(place), self.describe(self.current), self)

    def _point_at(self, number: int) -> None:
        if number != self.current:
            self.current = number
            self.update()
            self.pointed.emit(number)


def _overlaps(room: QRectF, taken: np.ndarray) -> bool:
    """Whether a rectangle touches one of those that are taken, (count, 4) of left, top, right and bottom."""
    beside = (taken[:, 0] >= room.right()) | (taken[:, 2] <= room.left())
    return bool((~(beside | (taken[:, 1] >= room.bottom()) | (taken[:, 3] <= room.top()))).any())
