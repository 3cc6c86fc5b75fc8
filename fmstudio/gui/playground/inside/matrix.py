"""A matrix as a map: one colour a number, rows and columns with names, a cell under the pointer or the arrow keys."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.playground.inside.colours import legible, matrix_image
from fmstudio.gui.theme import Theme

_LEAST_NAMED = 12  # pixels a row or column needs to be named
_MOST_CELL = 44
_EDGE = 2


class MatrixMap(QWidget):
    """hovered(row, column): −1, −1 for none. chosen(row, column): by a click or the arrow keys.

    square: keep cells square. written: how a number is written into its cell where there is room; None writes none.
    """

    hovered = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(
        self,
        theme: Theme,
        name: str,
        accessible_name: str,
        *,
        token: str = "accent",
        opposite: str = "",
        square: bool = True,
        written: Callable[[float], str] | None = None,
        most_cell: int = _MOST_CELL,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme, self._token, self._opposite = theme, token, opposite
        self._square, self._written, self._most = square, written, most_cell
        self.values = np.zeros((0, 0), np.float32)
        self._shades: np.ndarray = self.values
        self._rows: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._titles = ("", "")
        self._describe: Callable[[int, int], str] | None = None
        self._image: QImage | None = None
        self.current = (-1, -1)
        self._under = (-1, -1)
        theme.changed.connect(self._forget_image)

    def show_matrix(
        self,
        values: np.ndarray,
        rows: Sequence[str],
        columns: Sequence[str],
        describe: Callable[[int, int], str],
        shades: np.ndarray | None = None,
        titles: tuple[str, str] = ("", ""),
    ) -> None:
        """Show numbers; `shades`, from 0 (or −1) to 1, are how strongly each is coloured, if not the number itself.

        titles: of the rows (at the left) and of the columns (above).
        """
        self.values, self._shades = values, values if shades is None else shades
        self._rows, self._columns, self._describe, self._titles = rows, columns, describe, titles
        if self.current[0] >= len(values) or (values.size and self.current[1] >= values.shape[1]):
            self.current = (-1, -1)
        self._forget_image()

    def set_current(self, row: int, column: int) -> None:
        """Mark a cell without telling anyone; a column of −1 marks the row."""
        self.current = (row, column)
        self.update()

    def _forget_image(self) -> None:
        self._image = None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 100)

    # Where things are.

    def _label_room(self, names: Sequence[str], cell: float) -> float:
        if cell < _LEAST_NAMED or not names:
            return 0.0
        measure = QFontMetricsF(self._label_font())
        return min(96.0, max(measure.horizontalAdvance(name) for name in names)) + 8

    def _label_font(self):
        font = self._theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 1))
        return font

    @property
    def area(self) -> QRectF:
        """Where the cells are."""
        if not self.values.size:
            return QRectF()
        rows, columns = self.values.shape
        above = 18.0 if self._titles[1] else 0.0
        left = 18.0 if self._titles[0] else 0.0
        width, height = self.width() - left - 2 * _EDGE, self.height() - above - 2 * _EDGE
        left += self._label_room(self._rows, height / rows)
        above += self._above(width / columns)
        wide = min(self._most, (self.width() - left - 2 * _EDGE) / columns)
        high = min(self._most, (self.height() - above - 2 * _EDGE) / rows)
        if self._square:
            wide = high = min(wide, high)
        return QRectF(left + _EDGE, above + _EDGE, max(1.0, wide * columns), max(1.0, high * rows))

    def _above(self, cell: float) -> float:
        """The room of the columns' names, which stand upright where a column is narrow."""
        return min(72.0, self._label_room(self._columns, cell))

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """The row and column at a point, or (−1, −1)."""
        area = self.area
        if not area.contains(place):
            return -1, -1
        rows, columns = self.values.shape
        row = int((place.y() - area.top()) / area.height() * rows)
        column = int((place.x() - area.left()) / area.width() * columns)
        return min(rows - 1, row), min(columns - 1, column)

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        area, (rows, columns) = self.area, self.values.shape
        wide, high = area.width() / columns, area.height() / rows
        return QRectF(area.left() + column * wide, area.top() + row * high, wide, high)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.values.size:
            return
        painter = QPainter(self)
        if self._image is None:
            self._image = matrix_image(self._theme, self._shades, self._token, self._opposite)
        area = self.area
        # Without smoothing a picture of one pixel a cell is enlarged to plain squares, or to stripes where it shrinks.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() < self.values.shape[1])
        painter.drawImage(area, self._image)
        painter.setPen(self._theme.color("hairline"))
        painter.drawRect(area)
        self._paint_names(painter, area)
        self._paint_numbers(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marks(painter, area)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self.values.shape
        painter.setFont(self._label_font())
        painter.setPen(self._theme.color("secondary"))
        line = Qt.AlignmentFlag.AlignVCenter
        if self._rows and area.height() / rows >= _LEAST_NAMED - 2:
            room = area.left() - (18.0 if self._titles[0] else 0.0) - 4
            for row, name in enumerate(self._rows):
                place = self.cell(row, 0)
                painter.drawText(QRectF(area.left() - room - 4, place.top(), room, place.height()),
                                 line | Qt.AlignmentFlag.AlignRight, self._elided(painter, name, room))  # fmt: skip
        if self._columns and area.width() / columns >= _LEAST_NAMED - 2:
            self._paint_columns(painter, area)
        self._paint_titles(painter, area)

    def _paint_columns(self, painter: QPainter, area: QRectF) -> None:
        room = area.top() - (18.0 if self._titles[1] else 0.0) - 4
        for column, name in enumerate(self._columns):
            place = self.cell(0, column)
            painter.save()
            painter.translate(place.center().x(), area.top() - 4)
            painter.rotate(-90)
            painter.drawText(QRectF(0, -8, room, 16), Qt.AlignmentFlag.AlignVCenter, self._elided(painter, name, room))
            painter.restore()

    def _paint_titles(self, painter: QPainter, area: QRectF) -> None:
        if self._titles[1]:
            painter.drawText(
                QRectF(area.left(), 0, max(area.width(), 160.0), 16), Qt.AlignmentFlag.AlignLeft, self._titles[1]
            )
        if self._titles[0]:
            painter.save()
            painter.translate(2, area.bottom())
            painter.rotate(-90)
            painter.drawText(QRectF(0, 0, area.height(), 16), Qt.AlignmentFlag.AlignLeft, self._titles[0])
            painter.restore()

    def _elided(self, painter: QPainter, name: str, room: float) -> str:
        return painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(max(8, room)))

    def _paint_numbers(self, painter: QPainter) -> None:
        cell = self.cell(0, 0)
        if self._written is None or cell.width() < 28 or cell.height() < 14:
            return
        for row, line in enumerate(self.values):
            for column, value in enumerate(line):
                painter.setPen(legible(self._theme, self._image.pixelColor(column, row)))
                painter.drawText(self.cell(row, column), Qt.AlignmentFlag.AlignCenter, self._written(float(value)))

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (row, column), token in ((self._under, "border"), (self.current, "text")):
            if row < 0:
                continue
            place = self.cell(row, max(0, column))
            if column < 0:
                place = QRectF(area.left(), place.top(), area.width(), place.height())
            elif place.width() < 6:  # a cell too small to be seen is named by its row and column
                painter.setPen(QPen(self._theme.color(token, 0.6), 1))
                painter.drawRect(QRectF(area.left(), place.top(), area.width(), place.height()))
                painter.drawRect(QRectF(place.left(), area.top(), place.width(), area.height()))
            painter.setPen(QPen(self._theme.color(token), 1.5))
            painter.drawRect(place)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(area.adjusted(-1.5, -1.5, 1.5, 1.5))

    # The hand.

    def describe(self, row: int, column: int) -> str:
        """A cell in words."""
        return self._describe(row, column) if self._describe and row >= 0 else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self.cell_at(event.position())
        if found != self._under:
            self._under = found
            self.update()
            self.hovered.emit(*found)
        if found[0] >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(*found), self, QRect(), 20_000)
        else:
            QToolTip.hideText()

    def leaveEvent(self, event) -> None:
        self._under = (-1, -1)
        self.update()
        self.hovered.emit(-1, -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.cell_at(event.position())
        if found[0] >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        steps = {keys.Key_Left: (0, -1), keys.Key_Right: (0, 1), keys.Key_Up: (-1, 0), keys.Key_Down: (1, 0)}
        if event.key() not in steps or not self.values.size:
            super().keyPressEvent(event)
            return
        down, right = steps[event.key()]
        rows, columns = self.values.shape
        row, column = max(0, self.current[0]), max(0, self.current[1])
        if self.current[0] >= 0:
            row, column = min(rows - 1, max(0, row + down)), min(columns - 1, max(0, column + right))
        self._choose(row, column)
        QToolTip.showText(
            self.mapToGlobal(self.cell(row, column).bottomRight().toPoint()), self.describe(row, column), self
        )

    def _choose(self, row: int, column: int) -> None:
        self.current = (row, column)
        self.setAccessibleDescription(self.describe(row, column))
        self.update()
        self.chosen.emit(row, column)
