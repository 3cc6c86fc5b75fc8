"""The datasets as a list of tiles: name, what it holds, what it was made from; one that is being made has its bar."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fmstudio.gui.data.shelf import DataShelf, Tile
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.menus import menu_of
from fmstudio.gui.widgets.lists.row_painting import paint_text

_GAP = 8


class ShelfModel(QAbstractListModel):
    """The shelf's tiles."""

    def __init__(self, shelf: DataShelf) -> None:
        super().__init__()
        self._shelf = shelf
        self.tiles: list[Tile] = []
        shelf.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take the shelf's tiles; where the same things are there, places and selection stay."""
        tiles = list(self._shelf.tiles)
        if [(tile.name, tile.job) for tile in tiles] == [(tile.name, tile.job) for tile in self.tiles]:
            self.tiles = tiles
            if tiles:
                self.dataChanged.emit(self.index(0), self.index(len(tiles) - 1))
            return
        self.beginResetModel()
        self.tiles = tiles
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.tiles)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        tile = self.tiles[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{tile.name}, {tile.facts}, {tile.origin}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{tile.name}\n{tile.facts}\n{tile.origin}"
        return None


class _TilePainter(QStyledItemDelegate):
    """Paints each tile as a card."""

    def __init__(self, theme: Theme, model: ShelfModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        strong, caption = (QFontMetricsF(self._theme.font(role)).height() for role in ("strong", "caption"))
        return QSize(200, round(strong + 2 * caption) + 8 + 24 + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        tile = self._model.tiles[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5 - _GAP)
        self._card(painter, card, option.state)
        self._texts(painter, card.adjusted(16, 12, -12, -12), tile)
        painter.restore()

    def _card(self, painter: QPainter, card: QRectF, state: QStyle.StateFlag) -> None:
        chosen, hovered = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus) and bool(
            state & QStyle.StateFlag.State_KeyboardFocusChange
        )
        painter.setBrush(self._theme.color("accent_soft" if chosen else "surface"))
        edge = "accent" if chosen else "border" if hovered else "hairline"
        painter.setPen(QPen(self._theme.color(edge), 2 if focused else 1))
        painter.drawRoundedRect(card, 8, 8)

    def _texts(self, painter: QPainter, area: QRectF, tile: Tile) -> None:
        strong, caption = self._theme.font("body"), self._theme.font("caption")
        strong.setWeight(QFont.Weight.DemiBold)
        when = QFontMetricsF(caption).horizontalAdvance(tile.when)
        line = QFontMetricsF(caption).height()
        first = QRectF(area.left(), area.top(), area.width(), QFontMetricsF(strong).height())
        second = QRectF(area.left(), first.bottom() + 6, area.width(), line)
        third = QRectF(area.left(), second.bottom() + 2, area.width(), line)
        paint_text(
            painter, first.adjusted(0, 0, -when - 8 if when else 0, 0), tile.name, strong, self._theme.color("text")
        )
        painter.setFont(caption)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, tile.when)
        if tile.job and not tile.failed:
            paint_text(painter, second, tile.origin, caption, self._theme.color("secondary"))
            self._bar(painter, third, tile.fraction)
            return
        paint_text(painter, second, tile.facts, caption, self._theme.color("secondary"))
        paint_text(painter, third, tile.origin, caption, self._theme.color("error" if tile.failed else "secondary"))

    def _bar(self, painter: QPainter, area: QRectF, fraction: float | None) -> None:
        track = QRectF(area.left(), area.center().y() - 2, area.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pressed"))
        painter.drawRoundedRect(track, 2.5, 2.5)
        if fraction:
            track.setWidth(max(5.0, track.width() * min(1.0, fraction)))
            painter.setBrush(self._theme.color("accent_fill"))
            painter.drawRoundedRect(track, 2.5, 2.5)


class DatasetList(QListView):
    """`opened` tells the tile that was chosen by click, arrow keys or `choose`."""

    opened = Signal(object)

    def __init__(self, theme: Theme, shelf: DataShelf, offered: Callable[[str], list[tuple[str, Callable]]]) -> None:
        """offered: what a right click offers for a dataset, as (text, what to do); an empty text is a rule."""
        super().__init__()
        self.setObjectName("data-list")
        self.setAccessibleName("Datasets of this workspace")
        self.setMouseTracking(True)
        self.setProperty("role", "tiles")
        # The tiles are the surface here; the list itself has none.
        self.setStyleSheet("QListView { background: transparent; border: none; }")
        self.shelf_model = ShelfModel(shelf)
        self._offered = offered
        self._chosen: tuple[str, str] = ("", "")
        self.setModel(self.shelf_model)
        self._painter = _TilePainter(theme, self.shelf_model)
        self.setItemDelegate(self._painter)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer)
        self.selectionModel().currentChanged.connect(self._moved)
        self.shelf_model.modelReset.connect(self._choose_again)
        theme.changed.connect(self.viewport().update)

    @property
    def chosen(self) -> Tile | None:
        """The tile that is chosen."""
        index = self.currentIndex()
        return self.shelf_model.tiles[index.row()] if index.isValid() else None

    def choose(self, name: str, job: str = "") -> bool:
        """Choose a dataset, or a job; tells whether it is there."""
        for row, tile in enumerate(self.shelf_model.tiles):
            if tile.job == job and (job or tile.name == name):
                self._chosen = (tile.name, tile.job)
                self.setCurrentIndex(self.shelf_model.index(row))
                return True
        return False

    def unchoose(self) -> None:
        """Choose nothing: something else is shown."""
        self._chosen = ("", "")
        self.setCurrentIndex(QModelIndex())
        self.clearSelection()

    def _moved(self, index: QModelIndex) -> None:
        if index.isValid():
            tile = self.shelf_model.tiles[index.row()]
            self._chosen = (tile.name, tile.job)
            self.opened.emit(tile)

    def _choose_again(self) -> None:
        """A list that was filled anew shows the same tile as chosen, and opens nothing."""
        blocked = self.selectionModel().blockSignals(True)
        name, job = self._chosen
        if (name or job) and not self.choose(name, job):
            self._chosen = ("", "")
        self.selectionModel().blockSignals(blocked)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tile = self.chosen
        if tile and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.opened.emit(tile)
        elif tile and event.key() == Qt.Key.Key_Delete and not tile.job:
            next(act for text, act in self._offered(tile.name) if text.startswith("Delete"))()
        else:
            super().keyPressEvent(event)

    def _offer(self, place: QPoint) -> None:
        index = self.indexAt(place)
        tile = self.shelf_model.tiles[index.row()] if index.isValid() else None
        if tile and not tile.job:
            menu_of(self._offered(tile.name), self).popup(self.viewport().mapToGlobal(place))
