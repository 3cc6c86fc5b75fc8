"""What a scale of colours means: a strip from its low end to its high end, with both ends named."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.playground.inside.colours import TINT, mixed
from fmstudio.gui.theme import Theme

_STRIP, _GAP, _HEIGHT = 56, 6, 18


class ScaleLegend(QWidget):
    """low, high: the names of the ends. tinted: the scale is one of backgrounds behind text."""

    def __init__(
        self, theme: Theme, name: str, token: str, low: str, high: str, *, tinted: bool = False, opposite: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(f"Colours from {low} to {high}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._theme, self._token, self._ends = theme, token, (low, high)
        self._strongest, self._opposite = (TINT if tinted else 1.0), opposite
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(sum(self._widths()) + _STRIP + 2 * _GAP + 2, _HEIGHT)

    def _widths(self) -> list[int]:
        measure = self.fontMetrics()
        return [measure.horizontalAdvance(end) for end in self._ends]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.color("secondary"))
        low, high = self._widths()
        painter.drawText(QRectF(0, 0, low, _HEIGHT), Qt.AlignmentFlag.AlignVCenter, self._ends[0])
        strip = QRectF(low + _GAP, 4, _STRIP, _HEIGHT - 8)
        right = QRectF(strip.right() + _GAP, 0, high + 2, _HEIGHT)
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter, self._ends[1])
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        gradient.setColorAt(0.0, mixed(self._theme, self._opposite or self._token, 1.0 if self._opposite else 0.0))
        if self._opposite:
            gradient.setColorAt(0.5, self._theme.color("surface"))
        gradient.setColorAt(1.0, mixed(self._theme, self._token, self._strongest))
        painter.setPen(self._theme.color("hairline"))
        painter.setBrush(gradient)
        painter.drawRect(strip)
