"""A picture on which a region is painted with the mouse."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.diffusion.trajectory import screen_image
from fmstudio.gui.theme import Theme

REGIONS = {
    "left": "Left half", "right": "Right half", "upper": "Upper half", "lower": "Lower half", "middle": "Middle",
}  # fmt: skip


class MaskCanvas(QWidget):
    """The left button paints the region that is to be filled, the right one takes away. `changed`: the mask is another.

    filled: the mask, (height, width) of bool, in the picture's own pixels. The brush is a disc of so many
    of them across.
    """

    changed = Signal()

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Picture to edit; paint the region to fill")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._theme = theme
        self._image: QImage | None = None
        self.pixels: np.ndarray | None = None
        self.filled: np.ndarray = np.zeros((0, 0), bool)
        self.painting = True
        self.brush = 6
        self._pointer: QPointF | None = None
        self._last: tuple[float, float] | None = None
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(256, 256)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, 256)

    # What there is.

    def set_picture(self, pixels: np.ndarray) -> None:
        """Show a picture; the mask stays if it still fits."""
        self.pixels = pixels
        self._image = screen_image(pixels)
        if self.filled.shape != pixels.shape[:2]:
            self.filled = np.zeros(pixels.shape[:2], bool)
        self.update()

    def set_painting(self, painting: bool) -> None:
        """Whether there is a mask at all."""
        self.painting = painting
        self.setCursor(Qt.CursorShape.CrossCursor if painting else Qt.CursorShape.ArrowCursor)
        self.update()

    def clear_mask(self) -> None:
        """Nothing is to be filled."""
        self._set_mask(np.zeros_like(self.filled))

    def invert_mask(self) -> None:
        """What was to be kept is to be filled, and the other way round."""
        self._set_mask(~self.filled)

    def mask_region(self, region: str) -> None:
        """Fill one of REGIONS."""
        height, width = self.filled.shape
        mask = np.zeros_like(self.filled)
        rows, columns = {
            "left": (slice(None), slice(0, width // 2)),
            "right": (slice(None), slice(width // 2, None)),
            "upper": (slice(0, height // 2), slice(None)),
            "lower": (slice(height // 2, None), slice(None)),
            "middle": (slice(height // 4, -(height // 4) or None), slice(width // 4, -(width // 4) or None)),
        }[region]
        mask[rows, columns] = True
        self._set_mask(mask)

    def _set_mask(self, mask: np.ndarray) -> None:
        self.filled = mask
        self.update()
        self.changed.emit()

    # Painting on it.

    @property
    def area(self) -> QRectF:
        """Where the picture is: as large as whole pixels allow."""
        if self._image is None:
            return QRectF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        scale = int(scale) if scale >= 2 else scale
        return QRectF(0, 0, self._image.width() * scale, self._image.height() * scale)

    def _pixel(self, place: QPointF) -> tuple[float, float]:
        """Row and column of a place, in the picture's pixels."""
        area, (height, width) = self.area, self.filled.shape
        return place.y() / area.height() * height, place.x() / area.width() * width

    def _stroke(self, place: QPointF, value: bool) -> None:
        """Paint from the last place to this one."""
        here = self._pixel(place)
        start = self._last or here
        length = max(abs(here[0] - start[0]), abs(here[1] - start[1]))
        rows, columns = np.mgrid[: self.filled.shape[0], : self.filled.shape[1]] + 0.5
        for part in np.linspace(0, 1, int(length * 2) + 1):
            row, column = (a + part * (b - a) for a, b in zip(start, here, strict=True))
            self.filled[(rows - row) ** 2 + (columns - column) ** 2 <= max(self.brush / 2, 0.6) ** 2] = value
        self._last = here
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.painting and self._image is not None:
            self._last = None
            self._stroke(event.position(), event.button() != Qt.MouseButton.RightButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self.painting and self._image is not None and event.buttons():
            self._stroke(event.position(), not event.buttons() & Qt.MouseButton.RightButton)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.painting:
            self._last = None
            self.changed.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        if self._image is None:
            painter.setPen(theme.color("hairline"))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
            painter.setPen(theme.color("secondary"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No picture yet")
            return
        painter.drawImage(self.area, self._image, QRectF(self._image.rect()))
        if self.painting:
            self._paint_mask(painter)
            self._paint_brush(painter)

    def _paint_mask(self, painter: QPainter) -> None:
        """The region in the colour of what is generated, with hatching, so that colour is not its only sign."""
        area, (height, width) = self.area, self.filled.shape
        colour = self._theme.color("generated", 0.62)
        alpha = colour.alphaF()
        veil_pixels = np.zeros((height, width, 4), np.uint8)
        veil_pixels[self.filled] = [int(part * alpha * 255) for part in
                                  (colour.blueF(), colour.greenF(), colour.redF(), 1.0)]  # fmt: skip
        veil = QImage(veil_pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        painter.drawImage(area, veil, QRectF(veil.rect()))
        painter.save()
        painter.setClipRegion(self._region())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("window", 0.6), 1))
        for offset in range(-int(area.height()), int(area.width()), 8):
            painter.drawLine(QPointF(offset, area.height()), QPointF(offset + area.height(), 0))
        painter.restore()

    def _region(self) -> QRegion:
        area, (height, width) = self.area, self.filled.shape
        across, down = area.width() / width, area.height() / height
        region = QRegion()
        for row in np.flatnonzero(self.filled.any(1)):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], self.filled[row].astype(np.int8), [0]])))
            for left, right in zip(edges[::2], edges[1::2], strict=True):
                region += QRect(
                    round(left * across), round(row * down), round((right - left) * across), round(down + 0.5)
                )
        return region

    def _paint_brush(self, painter: QPainter) -> None:
        if self._pointer is None or not self.area.contains(self._pointer):
            return
        radius = self.brush / 2 * self.area.width() / self.filled.shape[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for token, width in (("text", 3), ("surface", 1)):
            painter.setPen(QPen(self._theme.color(token), width))
            painter.drawEllipse(self._pointer, radius, radius)
