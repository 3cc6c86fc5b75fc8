"""An on/off switch: what it sets is on or off at once, unlike a check box in a list."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton

from fmstudio.gui.theme import Theme

_TRACK = QSize(36, 20)


class Switch(QAbstractButton):
    """A checkable button drawn as a sliding knob, whose place tells its state beside the colour. Space toggles it."""

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return _TRACK + QSize(6, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(3, 3, _TRACK.width(), _TRACK.height())
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 1.5))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(self._track_token()))
        painter.drawRoundedRect(track, 10, 10)
        painter.setBrush(self._theme.color("on_accent"))
        left = track.right() - 18 if self.isChecked() else track.left() + 2
        painter.drawEllipse(QRectF(left, track.top() + 2, 16, 16))

    def _track_token(self) -> str:
        if not self.isEnabled():
            return "pressed"
        return "accent_fill" if self.isChecked() else "border"
