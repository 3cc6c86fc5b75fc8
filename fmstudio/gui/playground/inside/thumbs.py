"""Many small maps in one place, one of which is chosen: the heads of a layer, or all layers."""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.playground.inside.colours import matrix_image
from fmstudio.gui.theme import Theme

_GAP, _NAME, _LARGEST = 6, 14, 92


class MapThumbs(QWidget):
    """chosen(number): by a click or the arrow keys. The maps are as large as all of them fit beside each other."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._maps: Sequence[np.ndarray] = ()
        self.names: Sequence[str] = ()
        self._tips: Sequence[str] = ()
        self._images: list[QImage] = []
        self.current = 0
        theme.changed.connect(self._forget_images)

    def show_maps(self, maps: Sequence[np.ndarray], names: Sequence[str], tips: Sequence[str]) -> None:
        """Show matrices of shades from 0 to 1."""
        self._maps, self.names, self._tips = maps, names, tips
        self.current = min(self.current, max(0, len(maps) - 1))
        self._forget_images()
        self.updateGeometry()

    def set_current(self, number: int) -> None:
        """Choose without telling anyone."""
        self.current = number
        self.setAccessibleDescription(self._tips[number] if number < len(self._tips) else "")
        self.update()

    def _forget_images(self) -> None:
        self._images = []
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, 2 * (56 + _NAME + _GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 92)

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

    def number_at(self, point: QPointF) -> int:
        """The map at a point, or −1."""
        return next((n for n in range(len(self._maps)) if self.place(n).adjusted(0, 0, 0, _NAME).contains(point)), -1)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._images:
            self._images = [matrix_image(self._theme, shades) for shades in self._maps]
        font = self._theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 2))
        painter.setFont(font)
        for number, image in enumerate(self._images):
            self._paint(painter, number, image, self.place(number))

    def _paint(self, painter: QPainter, number: int, image: QImage, place: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > place.width())
        painter.drawImage(place, image)
        current = number == self.current
        token = "hairline" if not current else "accent"
        painter.setPen(QPen(self._theme.color(token), 2 if current else 1))
        painter.drawRect(place)
        painter.setPen(self._theme.color("text" if current else "secondary"))
        below = QRectF(place.left() - _GAP, place.bottom() + 1, place.width() + 2 * _GAP, _NAME)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.names[number])

    # The hand.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if number >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self._tips[number], self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if number >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns, _ = self._grid()
        keys = Qt.Key
        steps = {keys.Key_Left: -1, keys.Key_Right: 1, keys.Key_Up: -columns, keys.Key_Down: columns}
        if event.key() not in steps or not self._maps:
            super().keyPressEvent(event)
            return
        number = self.current + steps[event.key()]
        if 0 <= number < len(self._maps):
            self._choose(number)

    def _choose(self, number: int) -> None:
        self.set_current(number)
        self.chosen.emit(number)
