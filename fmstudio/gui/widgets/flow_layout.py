"""A layout that sets widgets one after another like words, in as many lines as the width asks for."""

from typing import TypeVar, cast

import shiboken6
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QLayout, QLayoutItem, QWidget, QWidgetItem

Flow = TypeVar("Flow", bound="FlowLayout")


class FlowLayout(QLayout):
    """Each widget has the size that it asks for; its line is as high as the highest of it.

    A text that wraps stands in one line where there is room for that, and else takes lines of its own. spread: the last
    of several in a line stands at its end. level: those of a line stand on one level, as fields under their titles do,
    instead of about its middle.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 4, spread: bool = False, level: bool = False) -> None:
        super().__init__(parent)
        self._spread, self._level = spread, level
        self.setContentsMargins(0, 0, 0, 0)
        self._gap = gap
        # The layout's items are C++'s; Python's names for them can die before they do, and with them the whole window.
        self._items: list[int] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(shiboken6.getCppPointer(item)[0])

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return _named(self._items[index]) if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return _named(self._items.pop(index)) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        """All in one line."""
        wanted = [_natural(item) for item in self._shown()]
        width = sum(each.width() for each in wanted) + self._gap * max(0, len(wanted) - 1)
        return QSize(width, max((each.height() for each in wanted), default=0))

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._shown()]
        return QSize(
            max((size.width() for size in sizes), default=0), max((size.height() for size in sizes), default=0)
        )

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        spare = area.height() - self._place(area, move=False)
        self._place(area.translated(0, max(0, spare // 2)), move=True)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in map(_named, self._items) if not item.isEmpty()]

    def _place(self, area: QRect, move: bool) -> int:
        """Set the widgets out, or only find the height that they need."""
        top = area.top()
        for line in self._lines(area.width()):
            height = max(size.height() for _, size in line)
            if move:
                self._set_line(line, QRect(area.left(), top, area.width(), height))
            top += height + self._gap
        return max(0, top - self._gap - area.top())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """The widgets that are shown with their sizes, as they fit beside one another."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        used = 0
        for item in self._shown():
            size = _natural(item)
            if not lines or used + size.width() > width:
                lines.append([])
                used = 0
            lines[-1].append((item, _sized(item, size, min(size.width(), width))))
            used += size.width() + self._gap
        return lines

    def _set_line(self, line: list[tuple[QLayoutItem, QSize]], area: QRect) -> None:
        x = area.left()
        for number, (item, size) in enumerate(line):
            if self._spread and 0 < number == len(line) - 1:
                x = area.right() + 1 - size.width()
            above = (area.height() - size.height()) // (1 if self._level else 2)
            item.setGeometry(QRect(QPoint(x, area.top() + above), size))
            x += size.width() + self._gap


class TileLayout(FlowLayout):
    """Widgets that fill the room: all in one line where they fit, and else in as many columns of one width as the
    widest of them allows; of at most `columns`. Those of a line stand at its top.
    """

    def __init__(self, parent: QWidget | None = None, gap: int = 8, columns: int = 0) -> None:
        super().__init__(parent, gap)
        self._most = columns

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        shown = self._shown()
        wanted = [_natural(item) for item in shown]
        widest = max((size.width() for size in wanted), default=0)
        fitting = max(1, (width + self._gap) // (widest + self._gap))
        columns = min(fitting, self._most or len(shown) or 1)
        widths = [(width - self._gap * (columns - 1)) // columns] * len(shown)
        spare = width - sum(size.width() + self._gap for size in wanted) + self._gap
        if columns < len(shown) <= (self._most or len(shown)) and spare >= 0:
            columns = len(shown)
            widths = [size.width() + spare // columns for size in wanted]
        sized = [
            (item, _sized(item, *each)) for item, each in zip(shown, zip(wanted, widths, strict=True), strict=True)
        ]
        return [sized[first : first + columns] for first in range(0, len(sized), columns)]

    def _set_line(self, line: list[tuple[QLayoutItem, QSize]], area: QRect) -> None:
        x = area.left()
        for item, size in line:
            item.setGeometry(QRect(QPoint(x, area.top()), size))
            x += size.width() + self._gap


class Tiled(QWidget):
    """Columns of one width for where nobody asks how high something is at its width, as in a splitter."""

    def __init__(self, layout: TileLayout) -> None:
        super().__init__()
        self._columns = layout
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Take the height that it has at its width."""
        self.setMinimumHeight(self._columns.minimumHeightForWidth(self.width()))


def _named(address: int) -> QLayoutItem:
    """The item of a widget at its place in memory."""
    return cast(QLayoutItem, shiboken6.wrapInstance(address, QWidgetItem))


def _natural(item: QLayoutItem) -> QSize:
    """The size that a widget asks for; that of a text that wraps is one line, which Qt would fold beforehand."""
    widget, size = item.widget(), item.sizeHint()
    if isinstance(widget, QLabel) and widget.wordWrap():
        widget.ensurePolished()
        margins = widget.contentsMargins()
        line = widget.fontMetrics().horizontalAdvance(widget.text()) + margins.left() + margins.right() + 2
        size.setWidth(max(widget.minimumWidth(), min(line, widget.maximumWidth())))
    return size


def _sized(item: QLayoutItem, size: QSize, width: int) -> QSize:
    """The size of a widget at a width, which is not less than it can do with."""
    width = max(width, item.minimumSize().width())
    return QSize(width, item.heightForWidth(width) if item.hasHeightForWidth() else size.height())


def flow(*widgets: QWidget, gap: int = 8, spread: bool = False, level: bool = False) -> FlowLayout:
    """One after another, in as many lines as it takes."""
    return _filled(FlowLayout(gap=gap, spread=spread, level=level), widgets)


def tiled(*widgets: QWidget, gap: int = 8, columns: int = 0) -> TileLayout:
    """In columns of one width, of at most so many."""
    return _filled(TileLayout(gap=gap, columns=columns), widgets)


def _filled(layout: Flow, widgets: tuple[QWidget, ...]) -> Flow:
    for widget in widgets:
        layout.addWidget(widget)
    return layout
