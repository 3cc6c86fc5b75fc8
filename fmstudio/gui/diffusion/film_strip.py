"""A few pictures across the whole of a walk, a column a step, so that one sees at a glance how they came about."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme

GAP = 4
_LARGEST, _SMALLEST = 72, 48
_CAPTION = 18


class FilmStrip(QWidget):
    """Columns of pictures at steps spread evenly. A click on one asks for its step; the present one is marked.

    resized: there may be room for more columns, or for fewer.

    The pictures are painted once and kept: going through the steps only moves the mark.
    """

    chosen = Signal(int)
    resized = Signal()

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._theme = theme
        self._columns: list[tuple[int, str, Sequence[QImage]]] = []
        self._sheet = QPixmap()
        self.present = 0
        theme.changed.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(400, _LARGEST + _CAPTION)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _SMALLEST + _CAPTION)

    # What is shown.

    def rows(self, wanted: int) -> int:
        """How many pictures fit beneath each other, where so many are there."""
        return max(1, min(wanted, (self.height() - _CAPTION) // (_SMALLEST + GAP)))

    def side(self, wanted: int) -> int:
        """How large pictures are drawn then: as there is room, and so that columns fill the width."""
        largest = max(24, min(_LARGEST, (self.height() - _CAPTION) // self.rows(wanted) - GAP))
        columns = max(1, -(-(self.width() + GAP) // (largest + GAP)))
        return max(24, (self.width() + GAP) // columns - GAP)

    def room(self, wanted: int) -> int:
        """How many columns fit."""
        return max(1, (self.width() + GAP) // (self.side(wanted) + GAP))

    def set_columns(self, columns: Sequence[tuple[int, str, Sequence[QImage]]]) -> None:
        """Columns of position, caption and pictures."""
        self._columns = list(columns)
        self._forget()

    def set_present(self, position: int) -> None:
        """Mark the column nearest to a position."""
        before, self.present = self._marked(), position
        if self._marked() != before:
            self.update()

    def _marked(self) -> int:
        return min(range(len(self._columns)), key=lambda n: abs(self._columns[n][0] - self.present), default=-1)

    @property
    def captions(self) -> list[str]:
        """What stands over the columns."""
        return [caption for _, caption, _ in self._columns]

    # Painting.

    @property
    def _wanted(self) -> int:
        return len(self._columns[0][2]) if self._columns else 1

    def column_rect(self, number: int) -> QRect:
        """Where a column's pictures are."""
        side = self.side(self._wanted)
        return QRect(number * (side + GAP), _CAPTION, side, self.rows(self._wanted) * (side + GAP) - GAP)

    def _forget(self) -> None:
        self._sheet = QPixmap()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._sheet.isNull():
            self._sheet = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._sheet)
        if (marked := self._marked()) >= 0:
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRect(self.column_rect(marked).adjusted(1, 1, -1, -1))

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        sheet = QPixmap(self.size() * ratio)
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(Qt.GlobalColor.transparent)
        painter = QPainter(sheet)
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.color("secondary"))
        side, rows = self.side(self._wanted), self.rows(self._wanted)
        for number, (_, caption, images) in enumerate(self._columns):
            left = number * (side + GAP)
            painter.drawText(QRect(left, 0, side, _CAPTION - 2), Qt.AlignmentFlag.AlignLeft, caption)
            for row, image in enumerate(images[:rows]):
                painter.drawImage(QRect(left, _CAPTION + row * (side + GAP), side, side), image)
        painter.end()
        return sheet

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number, (position, _, _) in enumerate(self._columns):
            if self.column_rect(number).contains(event.position().toPoint()):
                self.chosen.emit(position)
