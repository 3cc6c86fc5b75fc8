"""A matrix as a map: one colour a number, rows and columns with names, a cell under the pointer or the arrow keys."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPen

from fmstudio.gui.playground.inside.colours import legible, matrix_image
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.chart import Chart
from fmstudio.gui.widgets.plot.export import Table

_LEAST_NAMED = 12  # pixels a row or column needs to be named
_MOST_CELL = 44
_EDGE = 2
_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class MatrixMap(Chart):
    """hovered(row, column): −1, −1 for none. chosen(row, column): by a click or the arrow keys.

    square: keep cells square. written: how a number is written into its cell where there is room; None writes none.
    """

    hint, least = (320, 320), (120, 100)
    hovered = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(
        self,
        theme: Theme,
        name: str,
        title: str,
        *,
        token: str = "accent",
        opposite: str = "",
        square: bool = True,
        written: Callable[[float], str] | None = None,
        most_cell: int = _MOST_CELL,
    ) -> None:
        super().__init__(theme, name, title)
        self._token, self._opposite = token, opposite
        self._square, self._written, self._most = square, written, most_cell
        self.values = np.zeros((0, 0), np.float32)
        self._shades: np.ndarray = self.values
        self._rows: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._titles = ("", "")
        self._describe: Callable[[int, int], str] | None = None
        self._image: QImage | None = None
        self.current = (-1, -1)
        self.pointed.connect(self._tell_hovered)

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
        self._image = None
        self.refresh()

    def set_current(self, row: int, column: int) -> None:
        """Mark a cell without telling anyone; a column of −1 marks the row."""
        self.current = (row, column)
        self.update()

    def restyle(self) -> None:
        self._image = None
        super().restyle()

    @property
    def count(self) -> int:
        return int(self.values.size)

    def cell_of(self, number: int) -> tuple[int, int]:
        """The row and column of a cell, counted row by row; (−1, −1) for none."""
        return divmod(number, self.values.shape[1]) if number >= 0 else (-1, -1)

    # Where things are.

    def _label_room(self, names: Sequence[str], cell: float) -> float:
        if cell < _LEAST_NAMED or not names:
            return 0.0
        measure = QFontMetricsF(self._label_font())
        return min(96.0, max(measure.horizontalAdvance(name) for name in names)) + 8

    def _label_font(self) -> QFont:
        font = self.theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 1))
        return font

    @property
    def area(self) -> QRectF:
        """Where the cells are."""
        if not self.values.size:
            return QRectF()
        rows, columns = self.values.shape
        left, above = (self._title_room(title) for title in self._titles)
        width, height = self.width() - left - 2 * _EDGE, self.height() - above - 2 * _EDGE
        left += self._label_room(self._rows, height / rows)
        above += self._above(width / columns)
        wide = min(self._most, (self.width() - left - 2 * _EDGE) / columns)
        high = min(self._most, (self.height() - above - 2 * _EDGE) / rows)
        if self._square:
            wide = high = min(wide, high)
        return QRectF(left + _EDGE, above + _EDGE, max(1.0, wide * columns), max(1.0, high * rows))

    def _title_room(self, title: str) -> float:
        return self.line() + 3 if title else 0.0

    def _above(self, cell: float) -> float:
        """The room of the columns' names, which stand upright where a column is narrow."""
        return min(72.0, self._label_room(self._columns, cell))

    def mark_at(self, place: QPointF) -> int:
        area, (rows, columns) = self.area, self.values.shape
        if not area.contains(place):
            return -1
        row = int((place.y() - area.top()) / area.height() * rows)
        column = int((place.x() - area.left()) / area.width() * columns)
        return min(rows - 1, row) * columns + min(columns - 1, column)

    def anchor(self, number: int) -> QPointF:
        return self.cell(*self.cell_of(number)).bottomRight()

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        area, (rows, columns) = self.area, self.values.shape
        wide, high = area.width() / columns, area.height() / rows
        return QRectF(area.left() + column * wide, area.top() + row * high, wide, high)

    # Painting.

    def draw(self, painter: QPainter) -> None:
        if self._image is None:
            self._image = matrix_image(self.theme, self._shades, self._token, self._opposite)
        area = self.area
        # Without smoothing a picture of one pixel a cell is enlarged to plain squares, or to stripes where it shrinks.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() < self.values.shape[1])
        painter.drawImage(area, self._image)
        painter.setPen(self.theme.color("hairline"))
        painter.drawRect(area)
        self._paint_names(painter, area)
        self._paint_numbers(painter, self._image)

    def _paint_names(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self.values.shape
        painter.setFont(self._label_font())
        painter.setPen(self.theme.color("secondary"))
        line = Qt.AlignmentFlag.AlignVCenter
        if self._rows and area.height() / rows >= _LEAST_NAMED - 2:
            room, high = area.left() - self._title_room(self._titles[0]) - 4, painter.fontMetrics().height()
            for row in range(0, rows, _every(high, area.height() / rows)):
                place = QRectF(area.left() - room - 4, self.cell(row, 0).center().y() - high / 2, room, high)
                name = self._elided(painter, self._rows[row], room)
                painter.drawText(place, line | Qt.AlignmentFlag.AlignRight, name)
        if self._columns and area.width() / columns >= _LEAST_NAMED - 2:
            self._paint_columns(painter, area)
        self._paint_titles(painter, area)

    def _paint_columns(self, painter: QPainter, area: QRectF) -> None:
        room, high = area.top() - self._title_room(self._titles[1]) - 4, painter.fontMetrics().height()
        for column in range(0, len(self._columns), _every(high, area.width() / len(self._columns))):
            name = self._elided(painter, self._columns[column], room)
            place = self.cell(0, column)
            painter.save()
            painter.translate(place.center().x(), area.top() - 4)
            painter.rotate(-90)
            painter.drawText(QRectF(0, -high / 2, room, high), Qt.AlignmentFlag.AlignVCenter, name)
            painter.restore()

    def _paint_titles(self, painter: QPainter, area: QRectF) -> None:
        if self._titles[1]:
            painter.drawText(
                QRectF(area.left(), 0, max(area.width(), 160.0), self.line()),
                Qt.AlignmentFlag.AlignLeft,
                self._titles[1],
            )
        if self._titles[0]:
            painter.save()
            painter.translate(2, area.bottom())
            painter.rotate(-90)
            painter.drawText(QRectF(0, 0, area.height(), self.line()), Qt.AlignmentFlag.AlignLeft, self._titles[0])
            painter.restore()

    def _elided(self, painter: QPainter, name: str, room: float) -> str:
        return painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(max(8, room)))

    def _paint_numbers(self, painter: QPainter, image: QImage) -> None:
        cell = self.cell(0, 0)
        if self._written is None:
            return
        # Where one number would be cut off there is none.
        widest = painter.fontMetrics().horizontalAdvance(self._written(-0.01))
        if cell.width() < widest + 2 or cell.height() < painter.fontMetrics().height():
            return
        for row, line in enumerate(self.values):
            for column, value in enumerate(line):
                painter.setPen(legible(self.theme, image.pixelColor(column, row)))
                painter.drawText(self.cell(row, column), Qt.AlignmentFlag.AlignCenter, self._written(float(value)))

    def draw_over(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        area = self.area
        for (row, column), token in ((self.cell_of(self.pointer), "border"), (self.current, "text")):
            if row < 0:
                continue
            place = self.cell(row, max(0, column))
            if column < 0:
                place = QRectF(area.left(), place.top(), area.width(), place.height())
            elif place.width() < 6:  # a cell too small to be seen is named by its row and column
                painter.setPen(QPen(self.theme.color(token, 0.6), 1))
                painter.drawRect(QRectF(area.left(), place.top(), area.width(), place.height()))
                painter.drawRect(QRectF(place.left(), area.top(), place.width(), area.height()))
            painter.setPen(QPen(self.theme.color(token), 1.5))
            painter.drawRect(place)

    # The hand.

    def _tell_hovered(self, number: int) -> None:
        self.hovered.emit(*self.cell_of(number))

    def words(self, row: int, column: int) -> str:
        """A cell in words."""
        return self._describe(row, column) if self._describe and row >= 0 else ""

    def describe(self, number: int) -> str:
        return self.words(*self.cell_of(number))

    def summary(self) -> str:
        row, column = self.current
        return self.words(row, column) if row >= 0 and column >= 0 else ""

    def table(self) -> Table:
        columns = self._columns or [str(number + 1) for number in range(self.values.shape[1])]
        names = self._rows or [str(number + 1) for number in range(len(self.values))]
        rows = [(name, *line) for name, line in zip(names, self.values.tolist(), strict=True)]
        return Table([" / ".join(filter(None, self._titles)), *columns], rows)

    def neighbour(self, key: int) -> int:
        (rows, columns), (down, right) = self.values.shape, _STEPS.get(Qt.Key(key), (0, 0))
        if not (down or right):
            return super().neighbour(key)
        if self.current[0] < 0:
            return 0
        row, column = self.current[0] + down, max(0, self.current[1]) + right
        return min(rows - 1, max(0, row)) * columns + min(columns - 1, max(0, column))

    def choose_by_key(self, number: int) -> None:
        super().choose_by_key(number)
        self.press(number)

    def press(self, number: int) -> None:
        self.current = self.cell_of(number)
        self.setAccessibleDescription(self.summary())
        self.update()
        self.chosen.emit(*self.current)


def _every(line: float, cell: float) -> int:
    """Each of how many rows is named, so that no name touches the next: all where they are as high as a line."""
    return max(1, math.ceil(line * 0.8 / cell))
