"""What could come next, the likeliest first: a row a token with bars for its probability, to be clicked."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.text.token_view import visible

_ROW, _PAD, _NUMBER, _TEXT = 24, 6, 62, 0.34


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: a token and its number from 0 to 1 (or a cosine), a second number beneath it, and whether it was taken."""

    text: str
    value: float
    second: float | None = None
    taken: bool = False
    tip: str = ""


def chance(value: float) -> str:
    """A probability as a person reads it: 43.1 %, 0.52 %, < 0.01 %."""
    share = value * 100
    if 0 < share < 0.01:
        return "< 0.01 %"
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %" if share >= 1 else f"{share:.2f} %"


class ChoiceBars(QWidget):
    """chosen(row): a click, Enter or Space on a row. Up and Down go through the rows."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, name: str, accessible_name: str, percent: bool = True) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._percent = theme, percent
        self.rows: list[Choice] = []
        self.under = -1
        theme.changed.connect(self.update)

    def show_rows(self, rows: Sequence[Choice]) -> None:
        """Show rows in this order."""
        self.rows = list(rows)
        self.under = min(self.under, len(self.rows) - 1)
        self.setAccessibleDescription("; ".join(self.describe(n) for n in range(min(10, len(self.rows)))))
        self.updateGeometry()
        self.update()

    def describe(self, row: int) -> str:
        """A row in words."""
        each = self.rows[row]
        return each.tip or f"“{visible(each.text)}” {self._number(each.value)}"

    def sizeHint(self) -> QSize:
        return QSize(240, max(1, len(self.rows)) * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def _number(self, value: float) -> str:
        return chance(value) if self._percent else f"{value:.3f}".replace("-", "−")

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, row in enumerate(self.rows):
            self._paint(painter, number, row, QRectF(0, number * _ROW, self.width(), _ROW))

    def _paint(self, painter: QPainter, number: int, row: Choice, place: QRectF) -> None:
        theme = self._theme
        if number == self.under:
            painter.setPen(QPen(theme.color("accent"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        text_width = self.width() * _TEXT
        painter.setFont(theme.font("mono"))
        painter.setPen(theme.color("text"))
        written = painter.fontMetrics().elidedText(visible(row.text), Qt.TextElideMode.ElideRight, int(text_width - 18))
        line = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(_PAD, place.top(), text_width, _ROW), line, ("▸ " if row.taken else "  ") + written)
        painter.setFont(theme.font("caption"))
        number_place = QRectF(self.width() - _NUMBER - _PAD, place.top(), _NUMBER, _ROW)
        painter.drawText(number_place, line | Qt.AlignmentFlag.AlignRight, self._number(row.value))
        room = QRectF(text_width + _PAD, place.top() + 7, self.width() - text_width - _NUMBER - 3 * _PAD, 10)
        self._bars(painter, row, room)

    def _bars(self, painter: QPainter, row: Choice, room: QRectF) -> None:
        token = "accent" if row.value >= 0 else "error"
        painter.setPen(Qt.PenStyle.NoPen)
        if row.second is None:
            _bar(painter, room, abs(row.value), self._theme.color(token, 1.0 if row.taken else 0.6))
            return
        half = room.height() / 2
        _bar(painter, room.adjusted(0, 0, 0, -half), row.value, self._theme.color("accent", 0.75))
        _bar(painter, room.adjusted(0, half, 0, 0), row.second, self._theme.color("generated", 0.9))

    # The hand.

    def row_at(self, y: float) -> int:
        """The row at a height, or -1."""
        row = int(y // _ROW)
        return row if 0 <= row < len(self.rows) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.row_at(event.position().y()))
        if self.under >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(self.under), self)

    def leaveEvent(self, event) -> None:
        self._point_at(-1)

    def _point_at(self, row: int) -> None:
        if row != self.under:
            self.under = row
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(event.key())
        if step is not None and self.rows:
            self._point_at(min(len(self.rows) - 1, max(0, self.under + step)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space) and not event.modifiers() and self.under >= 0:
            self.chosen.emit(self.under)
        else:
            super().keyPressEvent(event)


def _bar(painter: QPainter, room: QRectF, part: float, colour: QColor) -> None:
    painter.setBrush(colour)
    if part > 0:
        painter.drawRoundedRect(
            QRectF(room.left(), room.top(), max(1.5, room.width() * min(1.0, part)), room.height()), 2, 2
        )
