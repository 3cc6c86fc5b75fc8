"""`Chart`: what every chart does alike, whatever it draws.

A chart has numbered marks: bars, points, cells, measurements. The mouse or the arrow keys move a pointer over them;
the mark under it is told by a tooltip and, through the accessible name, to a screen reader. A right click (or the menu
key) saves it. A subclass says how many marks there are, what each is in words, where it is, and how it is painted.
"""

from collections.abc import Mapping
from typing import ClassVar

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axis import Look
from fmstudio.gui.widgets.plot.export import Drawing, Table
from fmstudio.gui.widgets.plot.menu import ChartMenu

ACROSS: Mapping[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
DOWN: Mapping[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
EVERY_WAY = {**ACROSS, **DOWN}
_PRESSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_TOLD_FOR = 20_000  # milliseconds that a tooltip stays at most: a long one takes some reading


class Chart(QWidget):
    """pointed(number): the pointer is on another mark now, −1 for none."""

    pointed = Signal(int)
    keys: ClassVar[Mapping[int, int]] = ACROSS
    hint: ClassVar[tuple[int, int]] = (420, 200)
    least: ClassVar[tuple[int, int]] = (200, 120)

    def __init__(self, theme: Theme, name: str, title: str, empty: str = "Nothing to show yet.") -> None:
        """title: its accessible name, and what files are called. empty: stands there while there is nothing to show."""
        super().__init__()
        self.theme, self.title, self.empty = theme, title, empty
        self.pointer = -1
        self.look = Look.of(theme)
        self._picture: QPixmap | None = None
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.restyle)

    @property
    def menu(self) -> ChartMenu:
        """What a right click offers."""
        return ChartMenu(self, self)

    # What a subclass says.

    @property
    def count(self) -> int:
        """How many marks there are."""
        raise NotImplementedError

    def describe(self, number: int) -> str:
        """A mark in words."""
        raise NotImplementedError

    def summary(self) -> str:
        """The whole in a sentence, for those who do not see it."""
        return ""

    def table(self) -> Table:
        """The numbers behind it."""
        raise NotImplementedError

    def mark_at(self, place: QPointF) -> int:
        """The mark at a place of the widget, −1 for none."""
        raise NotImplementedError

    def anchor(self, number: int) -> QPointF:
        """Where a mark is told when the keys choose it."""
        raise NotImplementedError

    def draw(self, painter: QPainter) -> None:
        """Paint the marks; the painter has the font of captions. Kept as a picture until `refresh`."""
        raise NotImplementedError

    def draw_over(self, painter: QPainter) -> None:
        """Paint what follows the pointer or a dragging hand."""

    def press(self, number: int) -> None:
        """A mark was clicked, or Enter or Space was pressed on it."""

    def extend_menu(self, menu: QMenu) -> None:
        """Add what this chart offers beyond saving."""

    # Showing.

    def refresh(self) -> None:
        """Say that what is shown has changed."""
        self.tell()
        self._picture = None
        self.update()

    def tell(self) -> None:
        """Say in words what is shown now."""
        self.pointer = min(self.pointer, self.count - 1)
        self.setAccessibleDescription(self.summary())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self.count else Qt.FocusPolicy.NoFocus)
        self._speak()

    def restyle(self) -> None:
        """Take the theme's colours and fonts."""
        self.look = Look.of(self.theme)
        self._picture = None
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(*self.hint).expandedTo(self.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:
        return QSize(*self.least)

    def drawing(self) -> Drawing:
        """What a file of it shows."""
        return Drawing(self.paint, self.size(), self.theme.color("surface"))

    def paint(self, painter: QPainter) -> None:
        """The whole chart, or the sentence that stands in its place."""
        self._paint_still(painter)
        self._paint_over(painter)

    def _paint_still(self, painter: QPainter) -> None:
        painter.setFont(self.look.font)
        if self.count:
            self.draw(painter)
        elif self.empty:
            painter.setPen(self.theme.color("secondary"))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(32, 0, -32, 0), wrapped, self.empty)

    def _paint_over(self, painter: QPainter) -> None:
        if self.count:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.look.font)
            self.draw_over(painter)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.size() != self.size() * ratio:
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            with QPainter(self._picture) as still:
                self._paint_still(still)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        self._paint_over(painter)
        self.paint_focus(painter)

    def paint_focus(self, painter: QPainter) -> None:
        """A frame around the chart that has the keys."""
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.theme.color("accent"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def line(self) -> float:
        """The height of a line of its text."""
        return self.look.line

    # Pointing.

    def set_pointer(self, number: int) -> bool:
        """Put the pointer on a mark, −1 for none, without telling anyone; whether it was elsewhere."""
        if number == self.pointer:
            return False
        self.pointer = number
        self._speak()
        self.update()
        return True

    def point_at(self, number: int) -> None:
        """Put the pointer on a mark, −1 for none."""
        if self.set_pointer(number):
            self.pointed.emit(number)

    def _speak(self) -> None:
        words = f": {self.describe(self.pointer)}".replace("\n", ", ") if self.pointer >= 0 else ""
        if self.title + words != self.accessibleName():
            self.setAccessibleName(self.title + words)

    def choose_by_key(self, number: int) -> None:
        """The arrow keys went to a mark."""
        self.point_at(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.mark_at(event.position()) if self.count else -1
        self.point_at(number)
        if number >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(number), self, QRect(), _TOLD_FOR)
        else:
            QToolTip.hideText()

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self.mark_at(event.position()) if self.count else -1
        if number >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.press(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = self.neighbour(event.key()) if self.count else -1
        if number >= 0:
            self.choose_by_key(number)
            place = self.mapToGlobal(self.anchor(number).toPoint())
            QToolTip.showText(place, self.describe(number), self, QRect(), _TOLD_FOR)
        elif event.key() in _PRESSING and not event.modifiers() and self.pointer >= 0:
            self.press(self.pointer)
        else:
            super().keyPressEvent(event)

    def neighbour(self, key: int) -> int:
        """The mark that a key goes to from the pointer, −1 where it is no key of this chart."""
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.count - 1}
        if key in ends:
            return ends[Qt.Key(key)]
        if key not in self.keys:
            return -1
        return min(self.count - 1, max(0, self.pointer + self.keys[key]))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu.open(event.globalPos())
