"""Many small maps in one place, one of which is chosen: the heads of a layer, or all layers."""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui.playground.inside.colours import matrix_image
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.chart import ACROSS, Chart
from fmstudio.gui.widgets.plot.export import Table

_GAP, _NAME, _LARGEST = 6, 14, 92


class MapThumbs(Chart):
    """chosen(number): by a click or the arrow keys. The maps are as large as all of them fit beside each other."""

    chosen = Signal(int)

    hint, least = (400, 152), (160, 92)

    def __init__(self, theme: Theme, name: str, title: str) -> None:
        super().__init__(theme, name, title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._maps: Sequence[np.ndarray] = ()
        self.names: Sequence[str] = ()
        self._tips: Sequence[str] = ()
        self.current = 0

    @property
    def count(self) -> int:
        return len(self._maps)

    def show_maps(self, maps: Sequence[np.ndarray], names: Sequence[str], tips: Sequence[str]) -> None:
        """Show matrices of shades from 0 to 1."""
        self._maps, self.names, self._tips = maps, names, tips
        self.current = min(self.current, max(0, len(maps) - 1))
        self.refresh()

    def set_current(self, number: int) -> None:
        """Choose without telling anyone."""
        self.current = number
        self.setAccessibleDescription(self.summary())
        self.update()

    def describe(self, number: int) -> str:
        return self._tips[number]

    def summary(self) -> str:
        return self._tips[self.current] if self.current < len(self._tips) else ""

    def table(self) -> Table:
        rows = [(name, place, *line) for name, shades in zip(self.names, self._maps, strict=True)
                for place, line in enumerate(np.asarray(shades).tolist(), 1)]  # fmt: skip
        widest = max((len(row) - 2 for row in rows), default=0)
        return Table(["map", "row", *range(1, widest + 1)], rows)

    # Where things are.

    def _grid(self) -> tuple[int, float]:
        """Columns, and the side of a map: the largest with which all of them fit."""
        count, best = max(1, len(self._maps)), (1, 0.0)
        for rows in range(1, count + 1):
            columns = math.ceil(count / rows)
            side = min((self.width() - 2) / columns - _GAP, (self.height() - 2) / rows - _NAME - _GAP, _LARGEST)
            if side > best[1]:
                best = columns, side
        return best

    def place(self, number: int) -> QRectF:
        """Where a map is."""
        columns, side = self._grid()
        row, column = divmod(number, columns)
        return QRectF(2 + column * (side + _GAP), 2 + row * (side + _NAME + _GAP), side, side)

    def mark_at(self, place: QPointF) -> int:
        named = (self.place(number).adjusted(0, 0, 0, _NAME) for number in range(self.count))
        return next((number for number, room in enumerate(named) if room.contains(place)), -1)

    def anchor(self, number: int) -> QPointF:
        return self.place(number).bottomLeft()

    def draw(self, painter: QPainter) -> None:
        font = self.theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 2))
        painter.setFont(font)
        for number, shades in enumerate(self._maps):
            image, place = matrix_image(self.theme, shades), self.place(number)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > place.width())
            painter.drawImage(place, image)
            painter.setPen(self.theme.color("hairline"))
            painter.drawRect(place)
            painter.setPen(self.theme.color("secondary"))
            below = QRectF(place.left() - _GAP, place.bottom() + 1, place.width() + 2 * _GAP, _NAME)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.names[number])

    def draw_over(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.pointer >= 0:
            painter.setPen(QPen(self.theme.color("border"), 2))
            painter.drawRect(self.place(self.pointer))
        painter.setPen(QPen(self.theme.color("accent"), 2))
        painter.drawRect(self.place(self.current))

    def neighbour(self, key: int) -> int:
        steps = {**ACROSS, Qt.Key.Key_Up: -self._grid()[0], Qt.Key.Key_Down: self._grid()[0]}
        if key not in steps:
            return super().neighbour(key)
        number = self.current + steps[key]
        return number if 0 <= number < self.count else self.current

    def choose_by_key(self, number: int) -> None:
        super().choose_by_key(number)
        self.press(number)

    def press(self, number: int) -> None:
        self.set_current(number)
        self.chosen.emit(number)
