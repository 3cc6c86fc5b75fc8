"""Named points on a plane, each with its name beside it where there is room."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.chart import EVERY_WAY
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.scale import Scale, View

_RADIUS = 4.0
_WIDEST = 150  # pixels of a name at most


class NamedPoints(AxesChart):
    """The pointer is on the point under the mouse, or on the one chosen elsewhere or by the arrow keys."""

    keys = EVERY_WAY
    hint, least, upright_grid = (360, 300), (200, 160), True

    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__(theme, name, title, Scale(), Scale())
        self.points = np.zeros((0, 2))
        self.names: Sequence[str] = ()
        self._near: np.ndarray | None = None
        self._rooms: tuple[object, list[QRectF | None]] = (None, [])

    @property
    def count(self) -> int:
        return len(self.points)

    def show_points(
        self, points: np.ndarray, names: Sequence[str], titles: tuple[str, str], likeness: np.ndarray
    ) -> None:
        """Show points (count, 2); titles: of the axes; likeness: (count, count), which the tooltip tells of."""
        self.points, self.names, self._near = np.asarray(points, float), list(names), likeness
        self.x_scale, self.y_scale = Scale(title=titles[0]), Scale(title=titles[1])
        if len(self.points):
            low, high = self.points.min(0), self.points.max(0)
            margin = np.maximum(high - low, 1e-6) / 8
            (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
            self.x_scale, self.y_scale = self.x_scale.to(left, right), self.y_scale.to(bottom, top)
        self.refresh()

    def fitted(self, area: QRectF) -> tuple[Scale, Scale]:
        """Both axes to one scale, so that distances on the map are distances."""
        scale = max(
            (self.x_scale.high - self.x_scale.low) / area.width(),
            (self.y_scale.high - self.y_scale.low) / area.height(),
        )
        return _around(self.x_scale, area.width() * scale / 2), _around(self.y_scale, area.height() * scale / 2)

    def places(self) -> np.ndarray:
        """Where the points are on the widget, (count, 2)."""
        view = self.view()
        return np.stack([view.across(self.points[:, 0]), view.down(self.points[:, 1])], axis=1)

    def mark_at(self, place: QPointF) -> int:
        away = np.hypot(*(self.places() - place.toTuple()).T)
        nearest = int(np.argmin(away))
        return nearest if away[nearest] < 10 else -1

    def anchor(self, number: int) -> QPointF:
        return QPointF(*self.places()[number])

    def describe(self, number: int) -> str:
        """A point in words: its name, and what is most like it."""
        name = self.names[number]
        if self._near is None or len(self.names) < 2:
            return name
        others = [n for n in np.argsort(-self._near[number]) if n != number][:3]
        lines = [f"{self.names[n]}  {self._near[number][n]:.3f}".replace("-", "−") for n in others]
        return "\n".join([name, "most alike, by cosine:", *lines])

    def summary(self) -> str:
        return "; ".join(self.describe(number) for number in range(min(5, self.count)))

    def table(self) -> Table:
        return Table(
            ["name", self.x_scale.title, self.y_scale.title], list(zip(self.names, *self.points.T, strict=True))
        )

    def draw_marks(self, painter: QPainter, view: View) -> None:
        painter.setPen(QPen(self.theme.color("surface"), 1.5))
        painter.setBrush(self.theme.color("accent"))
        for x, y in self.places():
            painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)
        present = (view, self.names)
        if self._rooms[0] != present:
            self._rooms = present, self._name_rooms(painter, view.area)
        painter.setPen(self.theme.color("text"))
        for name, room in zip(self.names, self._rooms[1], strict=True):
            if room is not None:
                written = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _WIDEST)
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, written)

    def draw_pointer(self, painter: QPainter, view: View) -> None:
        painter.setPen(QPen(self.theme.color("surface"), 1.5))
        painter.setBrush(self.theme.color("generated"))
        painter.drawEllipse(self.anchor(self.pointer), _RADIUS + 1, _RADIUS + 1)

    def _name_rooms(self, painter: QPainter, bounds: QRectF) -> list[QRectF | None]:
        """Beside, above or beneath each point, where no other name or point is; else the tooltip has the name."""
        metrics, line, points = painter.fontMetrics(), self.line(), self.places()
        taken = np.concatenate([points - 5, points + 5], axis=1)
        rooms: list[QRectF | None] = []
        for name, (x, y) in zip(self.names, points, strict=True):
            wide = min(_WIDEST, metrics.horizontalAdvance(name)) + 4
            offsets = ((7, -line / 2), (-7 - wide, -line / 2), (-wide / 2, -line - 5), (-wide / 2, 6))
            tried = (QRectF(x + across, y + down, wide, line) for across, down in offsets)
            room = next((each for each in tried if bounds.contains(each) and not _overlaps(each, taken)), None)
            rooms.append(room)
            if room is not None:
                taken = np.vstack([taken, [room.left(), room.top(), room.right(), room.bottom()]])
        return rooms


def _around(scale: Scale, half: float) -> Scale:
    middle = (scale.low + scale.high) / 2
    return scale.to(middle - half, middle + half)


def _overlaps(room: QRectF, taken: np.ndarray) -> bool:
    """Whether a rectangle touches one of those that are taken, (count, 4) of left, top, right and bottom."""
    beside = (taken[:, 0] >= room.right()) | (taken[:, 2] <= room.left())
    return bool((~(beside | (taken[:, 1] >= room.bottom()) | (taken[:, 3] <= room.top()))).any())
