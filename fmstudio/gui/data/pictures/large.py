"""One picture enlarged beside the tile that the pointer rests on, with the words that belong to it."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme

_SIDE = 192  # near which a picture is shown
_LARGEST = 256
_PADDING = 8


def enlarged(width: int, height: int, side: int = _SIDE) -> QSize:
    """The size at which a picture is shown near a side: a smaller one as a whole multiple, so that it stays crisp."""
    longest = max(1, width, height)
    if longest >= side:
        return QSize(width, height).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
    return QSize(width, height) * max(1, round(side / longest))


def paint_picture(painter: QPainter, target: QRect, image: QImage) -> None:
    """Paint an image: larger with hard edges, smaller smoothly."""
    smaller = target.width() < image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
    painter.drawImage(target, image)


class LargePicture(QWidget):
    """Lies over its parent and lets the pointer through."""

    def __init__(self, theme: Theme, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme, self._parent = theme, parent
        self._image = QImage()
        self._lines: list[str] = []
        self.hide()

    def show_picture(self, image: QImage, words: str, beside: QRect) -> None:
        """Show a picture beside a part of the parent, where there is room."""
        size = enlarged(image.width(), image.height()).boundedTo(QSize(_LARGEST, _LARGEST))
        self._image = image
        metrics = QFontMetrics(self._theme.font("caption"))
        room = max(size.width(), 160)
        self._lines = _wrapped(words, metrics, room)
        text = len(self._lines) * metrics.height() + (6 if self._lines else 0)
        self.resize(room + 2 * _PADDING, size.height() + 2 * _PADDING + text)
        self.move(self._beside(beside))
        self.setAccessibleName(words)
        self.raise_()
        self.show()
        self.update()

    def _beside(self, tile: QRect) -> QPoint:
        room = self._parent.rect()
        right = tile.right() + 10
        left = right if right + self.width() <= room.width() else tile.left() - 10 - self.width()
        top = tile.center().y() - self.height() // 2
        return QPoint(max(0, left), min(max(0, top), max(0, room.height() - self.height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color("surface"))
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        size = enlarged(self._image.width(), self._image.height()).boundedTo(QSize(_LARGEST, _LARGEST))
        target = QRect(QPoint((self.width() - size.width()) // 2, _PADDING), size)
        paint_picture(painter, target, self._image)
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.color("text"))
        words = self.rect().adjusted(_PADDING, target.bottom() + 7, -_PADDING, -_PADDING)
        painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, "\n".join(self._lines))


def _wrapped(words: str, metrics: QFontMetrics, width: int, most: int = 3) -> list[str]:
    """A text in at most a few lines; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


class PictureBox(QWidget):
    """One picture as large as there is room for, in whole multiples of its pixels."""

    def __init__(self, theme: Theme, name: str, accessible_name: str, smallest: int = 96) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setMinimumSize(smallest, smallest)
        self._theme = theme
        self.image = QImage()
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(224, 224)

    def show_image(self, image: QImage) -> None:
        """Show an image; a null one shows an empty place."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = min(self.width(), self.height())
        if self.image.isNull():
            painter.fillRect(_centred(QSize(side, side), self.rect()), self._theme.color("hover"))
            return
        size = self.image.size()
        times = side // max(1, size.width(), size.height())
        size = size * times if times else size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
        paint_picture(painter, _centred(size, self.rect()), self.image)


def _centred(size: QSize, area: QRect) -> QRect:
    place = QRect(QPoint(0, 0), size)
    place.moveCenter(area.center())
    return place
