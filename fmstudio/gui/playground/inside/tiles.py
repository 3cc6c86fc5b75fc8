"""Tokens as tiles that wrap like text, each with a background that tells a number, one of them chosen.

All is painted in one widget and laid out once a width, so that a thousand tokens stay quick.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.text.token_view import visible

_PAD, _GAP, _LINE_GAP, _RADIUS = 4.0, 2.0, 5.0, 4.0


@dataclass(frozen=True, slots=True)
class TokenTile:
    """A token to show. `beneath` is a small second line; a tile without `background` has none.

    ends_line: the next tile begins a new line. marked: drawn with a dashed border, for what stands apart.
    """

    text: str
    background: QColor | None = None
    beneath: str = ""
    ends_line: bool = False
    marked: bool = False
    faint: bool = False


class TokenTiles(QScrollArea):
    """hovered(index): -1 for none. chosen(index): by a click, or by arrow keys as one goes along."""

    hovered = Signal(int)
    chosen = Signal(int)

    def __init__(self, theme: Theme, name: str, accessible_name: str = "Tokens") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas = _Canvas(theme, f"{name}-canvas", accessible_name)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.chosen.connect(self._chose)
        self.setWidget(self.canvas)
        for each in (self.canvas, self.viewport()):
            each.setAutoFillBackground(False)
        theme.changed.connect(self.canvas.relayout)

    def show_tiles(self, tiles: Sequence[TokenTile], describe: Callable[[int], str]) -> None:
        """Show tiles; `describe` tells what hovering over one says. The chosen one stays where there still is one."""
        self.canvas.show_tiles(tiles, describe)

    def set_current(self, index: int) -> None:
        """Choose a tile without telling anyone, and bring it into sight; -1 chooses none."""
        self.canvas.current = index
        self.canvas.update()
        self._bring(index)

    @property
    def current(self) -> int:
        """The chosen tile, or -1."""
        return self.canvas.current

    @property
    def tiles(self) -> Sequence[TokenTile]:
        """What is shown."""
        return self.canvas.tiles

    def rectangle(self, index: int) -> QRectF:
        """Where a tile is on the canvas."""
        return self.canvas.places[index]

    def _bring(self, index: int) -> None:
        if 0 <= index < len(self.canvas.places):
            place = self.canvas.places[index]
            self.ensureVisible(round(place.center().x()), round(place.center().y()), 0, round(place.height()))

    def _chose(self, index: int) -> None:
        self._bring(index)
        self.chosen.emit(index)


class _Canvas(QWidget):
    hovered = Signal(int)
    chosen = Signal(int)

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self.tiles: list[TokenTile] = []
        self.places: list[QRectF] = []
        self.current = -1
        self._under = -1
        self._describe: Callable[[int], str] = str

    def show_tiles(self, tiles: Sequence[TokenTile], describe: Callable[[int], str]) -> None:
        before = [(tile.text, tile.beneath) for tile in self.tiles]
        self.tiles, self._describe = list(tiles), describe
        if [(tile.text, tile.beneath) for tile in tiles] == before:
            self.update()  # other colours alone: every tile keeps its place
            return
        self._under = -1
        self.current = min(self.current, len(tiles) - 1)
        self.setAccessibleDescription(f"{len(tiles)} tokens: " + "".join(tile.text for tile in tiles[:200]))
        self.relayout()

    # Layout.

    def relayout(self) -> None:
        self.places = self._laid_out(max(60.0, float(self.width())))
        self.setMinimumHeight(round(self.places[-1].bottom() + 3) if self.places else 0)
        self.update()

    def _small_font(self) -> QFont:
        font = self._theme.font("caption")
        font.setPixelSize(max(9, font.pixelSize() - 2))
        return font

    def _laid_out(self, width: float) -> list[QRectF]:
        measure, small = QFontMetricsF(self._theme.font("mono")), QFontMetricsF(self._small_font())
        two = any(tile.beneath for tile in self.tiles)
        height = measure.height() + (small.height() if two else 0) + _PAD
        places, x, y = [], 2.0, 2.0
        for tile in self.tiles:
            wide = max(measure.horizontalAdvance(visible(tile.text)), small.horizontalAdvance(tile.beneath)) + 2 * _PAD
            wide = min(max(12.0, wide), width - 4)
            if x + wide > width - 2 and x > 2:
                x, y = 2.0, y + height + _LINE_GAP
            places.append(QRectF(x, y, wide, height))
            x += wide + _GAP
            if tile.ends_line:
                x, y = 2.0, y + height + _LINE_GAP
        return places

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.relayout()

    def sizeHint(self) -> QSize:
        return QSize(240, max(40, self.minimumHeight()))

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(event.rect())
        for index, (tile, place) in enumerate(zip(self.tiles, self.places, strict=True)):
            if place.top() > area.bottom():
                break
            if place.bottom() >= area.top():
                self._paint(painter, index, tile, place)

    def _paint(self, painter: QPainter, index: int, tile: TokenTile, place: QRectF) -> None:
        theme = self._theme
        if tile.background is not None:
            painter.setPen(theme.color("hairline"))  # a background may be that of the card
            painter.setBrush(tile.background)
            painter.drawRoundedRect(place, _RADIUS, _RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if tile.marked:
            painter.setPen(QPen(theme.color("secondary"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        if index in (self.current, self._under):
            painter.setPen(QPen(theme.color("accent" if index == self.current else "border"), 2))
            painter.drawRoundedRect(place, _RADIUS, _RADIUS)
        painter.setPen(theme.color("secondary" if tile.faint else "text"))
        painter.setFont(theme.font("mono"))
        flags = Qt.AlignmentFlag.AlignHCenter
        upper = flags | (Qt.AlignmentFlag.AlignTop if tile.beneath else Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(place.adjusted(0, 1 if tile.beneath else 0, 0, 0), upper, visible(tile.text))
        if tile.beneath:
            painter.setFont(self._small_font())
            painter.drawText(place.adjusted(0, 0, 0, -2), flags | Qt.AlignmentFlag.AlignBottom, tile.beneath)

    # Pointing.

    def index_at(self, point: QPoint) -> int:
        return next((n for n, place in enumerate(self.places) if place.contains(point.toPointF())), -1)

    def _point_at(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.update()
            self.hovered.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        self._point_at(index)
        if index >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self._describe(index), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(index)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.tiles) - 1
        keys = Qt.Key
        goals = {
            keys.Key_Left: self.current - 1,
            keys.Key_Right: self.current + 1,
            keys.Key_Home: 0,
            keys.Key_End: last,
        }
        goal = goals.get(Qt.Key(event.key()))
        if goal is None or last < 0:
            super().keyPressEvent(event)
            return
        self._choose(min(last, max(0, goal)))

    def _choose(self, index: int) -> None:
        self.current = index
        self.setAccessibleDescription(self._describe(index))
        self.update()
        self.chosen.emit(index)
