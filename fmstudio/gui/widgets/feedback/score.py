"""A score of one to five as five small stars."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme

STARS = 5
_SIDE, _GAP = 16, 3
_MARGIN = 4


class ScoreStars(QWidget):
    """`changed` tells a person's new score, 0 for none. Arrow keys go up and down, 1 to 5 choose, 0 takes it away."""

    changed = Signal(int)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self._value, self._under = 0, 0
        self._full = theme.icon("mdi6.star", "warning")
        self._empty = theme.icon("mdi6.star-outline", "secondary")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())
        self._describe()
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(STARS * (_SIDE + _GAP) - _GAP + 2 * _MARGIN, 28)

    @property
    def value(self) -> int:
        """The score, 0 for none."""
        return self._value

    def set_value(self, value: int) -> None:
        """Show a score without telling anyone."""
        self._value = value
        self._describe()
        self.update()

    def _describe(self) -> None:
        words = f"Score: {self._value} of {STARS}" if self._value else "Score: none yet"
        self.setAccessibleName(words)
        self.setToolTip(f"{words}. Click a star, or press 1 to 5; the same again takes it away.")

    def _choose(self, value: int) -> None:
        value = max(0, min(STARS, value))
        if value != self._value:
            self.set_value(value)
            self.changed.emit(value)

    def _star_at(self, x: float) -> int:
        return max(1, min(STARS, int((x - _MARGIN) // (_SIDE + _GAP)) + 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._under = self._star_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = 0
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            star = self._star_at(event.position().x())
            self._choose(0 if star == self._value else star)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1}
        if event.key() in steps:
            self._choose(self._value + steps[event.key()])
        elif Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_5:
            self._choose(event.key() - Qt.Key.Key_0)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._choose(0)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self._under or self._value
        for star in range(STARS):
            place = QRect(_MARGIN + star * (_SIDE + _GAP), (self.height() - _SIDE) // 2, _SIDE, _SIDE)
            (self._full if star < shown else self._empty).paint(painter, place)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 2, -1, -3), 6, 6)
