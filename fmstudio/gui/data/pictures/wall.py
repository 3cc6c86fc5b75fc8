"""A wall of pictures: a hundred thousand scroll as ten do, for only what is in sight is painted."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from fmstudio.gui.data.pictures.large import LargePicture
from fmstudio.gui.data.pictures.pages import PicturePages
from fmstudio.gui.theme import Theme

GAP = 4
_EDGE = 3  # around the wall, so that the frame of a chosen picture has room
_HOVER = 400  # milliseconds at rest before a picture is shown large
_SMALLEST, _LARGEST = 24, 256


def tile_sides(width: int, height: int) -> list[int]:
    """The sizes at which pictures of this size look right: whole multiples stay crisp, halves stay even."""
    side = max(1, width, height)
    multiples = [side * times for times in range(1, _LARGEST // side + 1) if side * times >= _SMALLEST]
    halves = [side // 2**times for times in range(1, 8) if _SMALLEST <= side // 2**times <= _LARGEST]
    return sorted({*multiples, *halves}) or [_LARGEST]


class PictureWall(QAbstractScrollArea):
    """Shows what `pages` hold. Places count the pictures that are shown, from 0.

    chosen(place): another picture is the chosen one, or -1 none. menu_wanted(place, where): a right click, or the menu
    key. scrolled(first, last): these places are in sight now.
    """

    chosen = Signal(int)
    menu_wanted = Signal(int, QPoint)
    scrolled = Signal(int, int)

    def __init__(self, theme: Theme, pages: PicturePages, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._theme, self.pages = theme, pages
        self.side = 64
        self.selected = -1
        self.hovered = -1
        self._large = LargePicture(theme, self, f"{name}-large")
        self._rest = QTimer(self, singleShot=True, interval=_HOVER)
        self._rest.timeout.connect(self._show_large)
        pages.counted.connect(self._counted)
        pages.arrived.connect(self._arrived)
        theme.changed.connect(self.viewport().update)
        self.verticalScrollBar().valueChanged.connect(self._moved)

    # Where things are.

    @property
    def columns(self) -> int:
        """Pictures in a line."""
        return max(1, (self.viewport().width() - 2 * _EDGE + GAP) // self._step)

    @property
    def _step(self) -> int:
        return self.side + GAP

    def tile(self, place: int) -> QRect:
        """Where a picture is in the viewport; it may lie out of sight."""
        line, column = divmod(place, self.columns)
        top = _EDGE + line * self._step - self.verticalScrollBar().value()
        return QRect(_EDGE + column * self._step, top, self.side, self.side)

    def place_at(self, point: QPoint) -> int:
        """The place under a point of the viewport, or -1."""
        column, over = divmod(point.x() - _EDGE, self._step)
        line, below = divmod(point.y() - _EDGE + self.verticalScrollBar().value(), self._step)
        place = line * self.columns + column
        inside = 0 <= column < self.columns and over < self.side and below < self.side
        return place if inside and 0 <= place < self.pages.total else -1

    def in_sight(self) -> tuple[int, int]:
        """The first and the last place that are in sight, also in part; (0, -1) where there is none."""
        top = self.verticalScrollBar().value() - _EDGE
        first = max(0, top // self._step) * self.columns
        last = ((top + self.viewport().height()) // self._step + 1) * self.columns - 1
        return first, min(last, self.pages.total - 1)

    # Size and place.

    def set_side(self, side: int) -> None:
        """Show the pictures as squares of this side; what was at the top, or is chosen and in sight, stays in sight."""
        anchor = self._anchor()
        self.side = side
        self._arrange(anchor)

    def choose(self, place: int, scroll: bool = True) -> None:
        """Choose a picture and bring it into sight; -1 chooses none."""
        place = min(place, self.pages.total - 1)
        if scroll and place >= 0:
            self._bring_into_sight(place)
        if place != self.selected:
            self.selected = place
            self.setAccessibleDescription(f"Picture {place + 1:,} of {self.pages.total:,}" if place >= 0 else "")
            self.chosen.emit(place)
        self.viewport().update()

    def show_from(self, place: int) -> None:
        """Scroll so that a place is in the first line in sight."""
        self.verticalScrollBar().setValue(place // self.columns * self._step)

    def _anchor(self) -> int:
        first, last = self.in_sight()
        return self.selected if first <= self.selected <= last else first

    def _arrange(self, anchor: int = -1) -> None:
        """Fit the scroll bar to what there is; with an anchor, keep that picture at the height where it is."""
        height = self.tile(anchor).top() if anchor >= 0 else 0
        policy = Qt.ScrollBarPolicy
        # Told beforehand: a bar that comes as needed takes a column away, and may then be needed no more.
        self.setVerticalScrollBarPolicy(policy.ScrollBarAlwaysOff if self._all_fit() else policy.ScrollBarAlwaysOn)
        lines = -(-self.pages.total // self.columns)
        bar = self.verticalScrollBar()
        bar.setSingleStep(max(16, self._step // 2))
        bar.setPageStep(max(self._step, self.viewport().height() // self._step * self._step))
        bar.setRange(0, max(0, lines * self._step - GAP + 2 * _EDGE - self.viewport().height()))
        if anchor >= 0:
            kept = min(max(0, height), max(0, self.viewport().height() - self.side))
            bar.setValue(anchor // self.columns * self._step - kept)
        self._look()

    def _all_fit(self) -> bool:
        """Whether there is nothing to scroll when the whole width is used."""
        columns = max(1, (self.width() - 2 * _EDGE + GAP) // self._step)
        return -(-self.pages.total // columns) * self._step - GAP + 2 * _EDGE <= self.height()

    def _bring_into_sight(self, place: int) -> None:
        bar, tile = self.verticalScrollBar(), self.tile(place)
        if tile.top() < _EDGE:
            bar.setValue(bar.value() + tile.top() - _EDGE)
        elif tile.bottom() > self.viewport().height() - _EDGE:
            bar.setValue(bar.value() + tile.bottom() + _EDGE - self.viewport().height())

    def _counted(self) -> None:
        if self.pages.total == 0:
            self.choose(-1)
            self._stop_pointing()
        self._arrange()

    def _arrived(self, first: int, last: int) -> None:
        top, bottom = self.tile(first).top(), self.tile(last).bottom()
        self.viewport().update(0, top, self.viewport().width(), bottom - top + 1)

    def _moved(self) -> None:
        self._stop_pointing()
        self._look()

    def _look(self) -> None:
        first, last = self.in_sight()
        self.pages.look_at(first, last)
        self.scrolled.emit(first, last)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._large.hide()
        self._arrange(self.selected if self.selected >= 0 else self.in_sight()[0])

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        first, last = self.in_sight()
        size = self.pages.size
        for page in range(first // size, last // size + 1):
            self._paint_page(painter, page, max(first, page * size), min(last, page * size + size - 1))
        for place, token, width in ((self.hovered, "border", 1.0), (self.selected, "accent", 2.0)):
            if first <= place <= last:
                self._frame(painter, place, token, width)

    def _paint_page(self, painter: QPainter, page: int, first: int, last: int) -> None:
        here = self.pages.page(page)
        if here is None:
            waiting = self._theme.color("hover")
            for place in range(first, last + 1):
                painter.fillRect(self.tile(place), waiting)
            return
        factor = min(self.side / here.width, self.side / here.height)
        atlas, width, height = here.ready(factor * self.devicePixelRatioF())
        wide, high = (max(1, round(length * factor)) for length in (here.width, here.height))
        x, y = (self.side - wide) // 2, (self.side - high) // 2
        across = atlas.width() // width
        for place in range(first, min(last, page * self.pages.size + len(here) - 1) + 1):
            line, column = divmod(place - page * self.pages.size, across)
            tile = self.tile(place)
            target = QRect(tile.left() + x, tile.top() + y, wide, high)
            painter.drawImage(target, atlas, QRect(column * width, line * height, width, height))

    def _frame(self, painter: QPainter, place: int, token: str, width: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(token), width))
        out = 0.5 + width / 2
        painter.drawRoundedRect(QRectF(self.tile(place)).adjusted(-out, -out, out, out), 2, 2)
        if place == self.selected and self.hasFocus():  # a second line tells where the keys go
            painter.setPen(QPen(self._theme.color("surface"), 1))
            painter.drawRect(QRectF(self.tile(place)).adjusted(0.5, 0.5, -0.5, -0.5))

    # Pointing and choosing.

    def _show_large(self) -> None:
        found = self.pages.find(self.hovered)
        if found is None or not self.isVisible():
            return
        page, number = found
        words = " · ".join(part for part in (page.labels[number], page.captions[number]) if part)
        place = f"Picture {page.indices[number] + 1:,}"
        self._large.show_picture(page.picture(number), words or place, self.tile(self.hovered))

    def _stop_pointing(self) -> None:
        self._rest.stop()
        self._large.hide()
        self.hovered = -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if place != self.hovered:
            self._stop_pointing()
            self.hovered = place
            self.viewport().update()
            if place >= 0 and self.pages.find(place):
                self._rest.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()  # what was pressed here ends here, and does not go on to what lies behind

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._rest.stop()
        self._large.hide()
        place = self.place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.choose(place)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._stop_pointing()
            self.viewport().update()
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        place = self.selected if by_key else self.place_at(event.pos())
        if place >= 0:
            self._large.hide()
            self.choose(place)
            where = self.viewport().mapToGlobal(self.tile(place).center()) if by_key else event.globalPos()
            self.menu_wanted.emit(place, where)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self._place_by_key(event.key())
        if place is None or not self.pages.total or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            self.choose(min(max(0, place), self.pages.total - 1))

    def _place_by_key(self, key: int) -> int | None:
        lines = max(1, self.viewport().height() // self._step)
        steps: dict[int, int] = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self.columns, Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_PageUp: -lines * self.columns, Qt.Key.Key_PageDown: lines * self.columns,
        }  # fmt: skip
        if key in steps:
            return self.selected + steps[key] if self.selected >= 0 else self.in_sight()[0]
        ends: dict[int, int] = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.pages.total - 1}
        return ends.get(key)
