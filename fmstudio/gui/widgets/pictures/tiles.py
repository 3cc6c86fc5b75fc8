"""A sheet of equal square tiles, each a small picture enlarged to crisp pixels."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme

GAP = 4
_SMALLEST, _LARGEST = 24, 160
_ENLARGED = 192


def image_of(array: np.ndarray) -> QImage:
    """A picture (height, width, 1 or 3 channels) of uint8 as a QImage with a memory of its own."""
    array = np.ascontiguousarray(array)
    height, width, channels = array.shape
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(array.data, width, height, width * channels, form).copy()


def sheet_of(pictures: np.ndarray, columns: int = 0, gap: int = 2) -> QImage:
    """Pictures (count, height, width, channels) side by side on white as one image, to copy or to save."""
    count, height, width, _ = pictures.shape
    columns = columns or round(count**0.5) or 1
    rows = -(-count // columns)
    sheet = QImage(columns * (width + gap) - gap, rows * (height + gap) - gap, QImage.Format.Format_RGB888)
    sheet.fill(Qt.GlobalColor.white)
    painter = QPainter(sheet)
    for number, picture in enumerate(pictures):
        painter.drawImage(number % columns * (width + gap), number // columns * (height + gap), image_of(picture))
    painter.end()
    return sheet


class PictureTiles(QWidget):
    """Shows pictures side by side, as large as there is room for; a click selects, hovering enlarges.

    `clicked` and `hovered` name a picture by its index (hovered: -1 for none); `menu_wanted` adds where.
    """

    clicked = Signal(int)
    hovered = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self._images: list[QImage] = []
        self._captions: Sequence[str] = ()
        self._columns = 0
        self._under = -1
        self.selected = -1
        self.selectable = True
        self.largest = _LARGEST
        self.enlarges = True
        self._popup: _Enlarged | None = None
        theme.changed.connect(self.update)

    def set_pictures(self, pictures: np.ndarray | Sequence[np.ndarray], captions: Sequence[str] = (),
                     columns: int = 0) -> None:  # fmt: skip
        """Show these (count, height, width, channels); the selection stays where it is if it still exists."""
        self.set_images([image_of(picture) for picture in pictures], captions, columns)

    def set_images(self, images: Sequence[QImage], captions: Sequence[str] = (), columns: int = 0) -> None:
        """The same with images that are made already, for whoever changes them many times a second."""
        self._images, self._captions, self._columns = list(images), captions, columns
        if self.selected >= len(self._images):
            self.selected = -1
        if self._under >= len(self._images):
            self._enlarge(-1)
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.set_images([])

    @property
    def count(self) -> int:
        """Number of pictures shown."""
        return len(self._images)

    def image(self, index: int) -> QImage:
        """A picture as it is, not enlarged."""
        return self._images[index]

    def select(self, index: int) -> None:
        """Mark a picture without telling anyone."""
        self.selected = index
        self.update()

    # Where tiles are.

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _SMALLEST + GAP, 2 * _SMALLEST + GAP)

    def _caption_height(self) -> int:
        return self._theme.size("caption") + 8 if any(self._captions) else 0

    def layout_of(self) -> tuple[int, int]:
        """Number of columns, and the length of a tile's side: the largest that lets all be seen."""
        count = max(1, len(self._images))
        tried = [self._columns] if self._columns else range(1, count + 1)
        best = max(tried, key=self._side_with)
        return best, max(8, min(self.largest, self._side_with(best)))

    def fit_height(self, width: int) -> None:
        """Be as high as all pictures need at a width, in the number of columns that was chosen."""
        columns = self._columns or max(1, len(self._images))
        rows = -(-max(1, len(self._images)) // columns)
        side = max(8, min(self.largest, (width - GAP * (columns - 1)) // columns))
        self.setFixedHeight(rows * (side + GAP + self._caption_height()))

    def _side_with(self, columns: int) -> int:
        rows = -(-max(1, len(self._images)) // columns)
        across = (self.width() - GAP * (columns - 1)) // columns
        down = (self.height() - GAP * (rows - 1)) // rows - self._caption_height()
        return min(across, down)

    def tile(self, index: int) -> QRect:
        """Where a picture is."""
        columns, side = self.layout_of()
        down = side + self._caption_height() + GAP
        return QRect((index % columns) * (side + GAP), (index // columns) * down, side, side)

    def at(self, place: QPoint) -> int:
        """The picture at a place, or -1."""
        columns, side = self.layout_of()
        column, row = place.x() // (side + GAP), place.y() // (side + self._caption_height() + GAP)
        index = row * columns + column
        inside = 0 <= column < columns and 0 <= index < len(self._images)
        return index if inside and self.tile(index).contains(place) else -1

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        columns, side = self.layout_of()
        down = side + self._caption_height() + GAP
        for index, image in enumerate(self._images):
            area = QRect((index % columns) * (side + GAP), (index // columns) * down, side, side)
            painter.drawImage(_fitted(area, image), image)
            if index < len(self._captions) and self._captions[index]:
                self._caption(painter, area, self._captions[index])
            if index == self.selected:
                painter.setPen(QPen(self._theme.color("accent"), 2))
                painter.drawRect(area.adjusted(1, 1, -1, -1))

    def _caption(self, painter: QPainter, area: QRect, text: str) -> None:
        beneath = QRect(area.left(), area.bottom() + 3, area.width(), self._caption_height())
        painter.setPen(self._theme.color("secondary"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(beneath, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter, shown)

    # The mouse and the keys.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._enlarge(self.at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._enlarge(-1)

    def hideEvent(self, event: QHideEvent) -> None:
        self._enlarge(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.at(event.pos()) if event.reason() == event.Reason.Mouse else self.selected
        if index >= 0:
            self._enlarge(-1)
            self.menu_wanted.emit(index, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns, _ = self.layout_of()
        by: dict[int, int] = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        if event.key() in by and self._images and self.selectable:
            self._choose(max(0, min(len(self._images) - 1, self.selected + by[event.key()])))
        else:
            super().keyPressEvent(event)

    def _choose(self, index: int) -> None:
        if self.selectable:
            self.select(index)
        self.clicked.emit(index)

    def _enlarge(self, index: int) -> None:
        if index == self._under:
            return
        self._under = index
        self.hovered.emit(index)
        if self._popup is not None:
            self._popup.deleteLater()
            self._popup = None
        if index >= 0 and self.enlarges and self.tile(index).width() < _ENLARGED * 2 // 3:
            text = self._captions[index] if index < len(self._captions) else ""
            self._popup = _Enlarged(self._theme, self, self._images[index], text, self.tile(index))


def _fitted(area: QRect, image: QImage) -> QRect:
    """The largest place in a tile that keeps the picture's shape."""
    size = image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(QPoint(0, 0), size)
    place.moveCenter(area.center())
    return place


class _Enlarged(QWidget):
    """The picture under the mouse, large, beside its tile. It never takes the mouse."""

    def __init__(self, theme: Theme, owner: PictureTiles, image: QImage, caption: str, tile: QRect) -> None:
        super().__init__(owner.window())
        self.setObjectName("enlarged-picture")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme, self._image, self._caption = theme, image, caption
        line = theme.size("caption") + 12 if caption else 0
        self.resize(_ENLARGED + 16, _ENLARGED + 16 + line)
        self.move(self._place(owner, tile))
        self.show()

    def _place(self, owner: PictureTiles, tile: QRect) -> QPoint:
        """At the tile's right, or at its left where there is no room."""
        window = owner.window()
        corner = owner.mapTo(window, tile.topRight()) + QPoint(GAP, 0)
        if corner.x() + self.width() > window.width():
            corner.setX(owner.mapTo(window, tile.topLeft()).x() - self.width() - GAP)
        corner.setY(max(0, min(corner.y(), window.height() - self.height())))
        return corner

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color("border"))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        area = QRect(8, 8, _ENLARGED, _ENLARGED)
        painter.drawImage(_fitted(area, self._image), self._image)
        if self._caption:
            painter.setFont(self._theme.font("caption"))
            painter.setPen(self._theme.color("text"))
            beneath = QRect(8, _ENLARGED + 10, _ENLARGED, self.height() - _ENLARGED - 10)
            painter.drawText(beneath, Qt.AlignmentFlag.AlignCenter, painter.fontMetrics().elidedText(
                self._caption, Qt.TextElideMode.ElideRight, _ENLARGED))  # fmt: skip
