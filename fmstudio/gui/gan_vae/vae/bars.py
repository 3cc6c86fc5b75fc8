"""Bars in order of size, the ones that count marked: KL for each latent dimension, or use of each code."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import outward, ticks

_LEFT, _BOTTOM, _TOP, _RIGHT = 52, 26, 8, 8


class Bars(QWidget):
    """`names` are what the tooltip calls the bars; the first `marked` bars are in full colour, the rest grey."""

    def __init__(self, theme: Theme, name: str, accessible_name: str, quantity: str, counted: str) -> None:
        """quantity: the title of the vertical axis; counted: what lies along the other."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._quantity, self._counted = theme, quantity, counted
        self.values: list[float] = []
        self.names: list[str] = []
        self.marked = 0
        self.under = -1
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 120)

    def show_values(self, values: Sequence[float], names: Sequence[str], marked: int) -> None:
        """Show values in this order."""
        self.values, self.names, self.marked, self.under = list(values), list(names), marked, -1
        self.setAccessibleDescription(f"Largest: {self.describe(0)}" if self.values else "")
        self.update()

    def describe(self, number: int) -> str:
        """A bar in words."""
        return f"{self.names[number]}: {compact(self.values[number])} {self._quantity}"

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    @property
    def _top(self) -> float:
        return outward(0.0, max(self.values, default=1.0) or 1.0, parts=6)[1]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        if not self.values:
            return
        self._paint_axes(painter)
        area, pitch = self._area, self._area.width() / len(self.values)
        gap = min(2.0, pitch / 4)
        for number, value in enumerate(self.values):
            height = max(1.0, value / self._top * area.height())
            token, opacity = ("accent", 0.85) if number < self.marked else ("secondary", 0.45)
            bar = QRectF(area.left() + number * pitch + gap / 2, area.bottom() - height, pitch - gap, height)
            painter.fillRect(bar, self._theme.color(token, 1.0 if number == self.under else opacity))
        if 0 < self.marked < len(self.values):
            x = area.left() + self.marked * pitch
            painter.setPen(QPen(self._theme.color("secondary"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if self.hasFocus():
            painter.setPen(self._theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_axes(self, painter: QPainter) -> None:
        area, text = self._area, self._theme.color("secondary")
        for tick in ticks(0, self._top, max(2, int(area.height() // 48))):
            y = area.bottom() - tick / self._top * area.height()
            painter.setPen(self._theme.color("grid"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(14, y - 8, _LEFT - 20, 16), beside, compact(tick))
        beneath = QRectF(area.left(), area.bottom() + 6, area.width(), 18)
        painter.drawText(beneath, Qt.AlignmentFlag.AlignCenter, self._counted)
        painter.save()
        painter.translate(8, area.center().y())
        painter.rotate(-90)
        painter.drawText(
            QRectF(-area.height() / 2, -8, area.height(), 18), Qt.AlignmentFlag.AlignCenter, self._quantity
        )
        painter.restore()

    # Pointing.

    def bar_at(self, x: float) -> int:
        """The bar above a place, or -1."""
        area = self._area
        if not self.values or not area.left() <= x < area.right():
            return -1
        return int((x - area.left()) / area.width() * len(self.values))

    def _point_at(self, number: int, place) -> None:
        if number != self.under:
            self.under = number
            self.update()
        if number >= 0:
            QToolTip.showText(place, self.describe(number), self)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.bar_at(event.position().x()), event.globalPosition().toPoint())

    def leaveEvent(self, event) -> None:
        self._point_at(-1, None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is None or not self.values:
            super().keyPressEvent(event)
            return
        number = min(len(self.values) - 1, max(0, self.under + step))
        self._point_at(number, self.mapToGlobal(self._area.topLeft().toPoint()))
