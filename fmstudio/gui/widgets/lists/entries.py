"""The list of entries, each painted as a card or a row of a few lines: datasets, runs, prompts, documents.

Only what is in sight is painted, so thousands are as quick as ten.
"""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
)

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.entry import Entry as Entry
from fmstudio.gui.widgets.lists.entry import Line as Line
from fmstudio.gui.widgets.lists.entry_painter import EntryPainter
from fmstudio.gui.widgets.lists.table import Column, GivenRows, Index, RowsModel
from fmstudio.gui.widgets.menus import MenuEntry, menu_of

_MEASURED = 500  # entries
_CHECK = Qt.ItemDataRole.CheckStateRole


class EntriesModel(GivenRows):
    """Entries that are all here."""

    checked = Signal(str, bool)
    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__([Column("Entry", lambda entry: entry.spoken)])

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; where the same ones are there already, places and selection stay."""
        if [entry.key for entry in entries] != [entry.key for entry in self.rows]:
            self.show(entries)
        elif self.rows != entries:
            self.rows = list(entries)
            self.dataChanged.emit(self.index(0, 0), self.index(len(entries) - 1, 0))

    def tip(self, row: Entry, column: Column) -> str:
        return row.tip

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry, flags = self.rows[index.row()], super().flags(index)
        flags |= Qt.ItemFlag.ItemIsUserCheckable if entry.checked is not None else Qt.ItemFlag.NoItemFlags
        return flags | (Qt.ItemFlag.ItemIsEditable if entry.name is not None else Qt.ItemFlag.NoItemFlags)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.rows[index.row()]
        if role == _CHECK and entry.checked is not None:
            return Qt.CheckState.Checked if entry.checked else Qt.CheckState.Unchecked
        return entry.name if role == Qt.ItemDataRole.EditRole else super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.rows[index.row()]
        if role == _CHECK and entry.checked is not None:
            self.checked.emit(entry.key, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and entry.name is not None and value.strip() != entry.name:
            self.renamed.emit(entry.key, value)
            return True
        return False


class EntryList(QListView):
    """opened(key): an entry was clicked or entered, or reached with the arrows where the list `follows` them.

    deleted(key): Delete was pressed. checked(key, on): its box. renamed(key, name): F2 named it otherwise.
    """

    opened = Signal(str)
    deleted = Signal(str)
    checked = Signal(str, bool)
    renamed = Signal(str, str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        accessible_name: str,
        *,
        lines: int = 2,
        cards: bool = False,
        bare: bool = False,
        follows: bool = False,
        offered: Callable[[str], Sequence[MenuEntry]] | None = None,
        more: bool = False,
        model: RowsModel | None = None,
        entry_of: Callable[[Any], Entry] | None = None,
    ) -> None:
        """lines: of an entry. cards: each in a frame of its own. bare: without a surface, as cards always are.

        offered: what a right click offers for a key, and with `more` a ⋯ at the right of each as well.
        model: rows that are fetched by pages, each of which `entry_of` makes an entry; without one `show_entries`.
        """
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        if cards or bare:
            self.setStyleSheet("QListView { border: none; background: transparent; }")
        self._follows, self._offered, self._quiet = follows, offered, False
        self._entries = EntriesModel()
        self._marked = ""
        self._painter = EntryPainter(theme, lines, cards, cards or bare, more, entry_of or (lambda entry: entry))
        self.setModel(model or self._entries)
        self.setItemDelegate(self._painter)
        self._entries.checked.connect(self.checked)
        # The list may be filled anew by it, which must wait until the field in it is closed.
        self._entries.renamed.connect(self.renamed, Qt.ConnectionType.QueuedConnection)
        self._entries.modelReset.connect(self._mark_again)
        self._entries.modelReset.connect(self._measure)
        self._entries.dataChanged.connect(self._measure)
        self.customContextMenuRequested.connect(self._offer)
        self.clicked.connect(lambda index: self._open(index) if not follows else None)
        self.selectionModel().currentChanged.connect(self._moved)
        theme.changed.connect(self._restyle)

    # What is in it.

    @property
    def entries(self) -> list[Entry]:
        """The entries from the first to the last."""
        return self._entries.rows

    @property
    def keys(self) -> list[str]:
        """The keys of the entries."""
        return [entry.key for entry in self.entries]

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; what is chosen stays chosen."""
        self._entries.show_entries(entries)

    @property
    def chosen(self) -> str:
        """The key of the entry that is chosen, or ""."""
        return self._key(self.currentIndex())

    def mark(self, key: str) -> bool:
        """Choose an entry without telling anyone, one that is not there chooses none; tells whether it is there."""
        self._marked = key
        return self._mark_again()

    def rename(self, key: str) -> None:
        """Let a person change the name of an entry in its place."""
        self.edit(self._entries.index(self.keys.index(key), 0))

    def _restyle(self) -> None:
        self._measure()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _measure(self, *_: object) -> None:
        """All entries get the room of the one that needs most lines; of very many the first are measured."""
        width = self.viewport().width()
        more = max((self._painter.more_lines(entry, width) for entry in self.entries[:_MEASURED]), default=0)
        if more != self._painter.more_room:
            self._painter.more_room = more
            self.scheduleDelayedItemsLayout()

    def _mark_again(self) -> bool:
        there = self._marked in (keys := self.keys)
        self._quiet = True
        self.setCurrentIndex(self._entries.index(keys.index(self._marked), 0) if there else QModelIndex())
        if not there:
            self.clearSelection()
        self._quiet = False
        return there

    def _key(self, index: QModelIndex) -> str:
        return self.entries[index.row()].key if index.isValid() and self.model() is self._entries else ""

    # What a person does.

    def _open(self, index: QModelIndex) -> None:
        if key := self._key(index):
            self._marked = key
            self.opened.emit(key)

    def _moved(self, index: QModelIndex) -> None:
        if self._follows and not self._quiet:
            self._open(index)

    def _offer(self, place: QPoint) -> None:
        if menu := self.menu(self._key(self.indexAt(place))):
            menu.popup(self.viewport().mapToGlobal(place))

    def menu(self, key: str) -> QMenu | None:
        """What a right click on an entry offers, or beside all of them ("")."""
        ways = self._offered(key) if self._offered else ()
        return menu_of(ways, self, f"{self.objectName()}-menu") if ways else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), self.chosen
        if self.state() == QAbstractItemView.State.EditingState:
            return  # Enter ends the change of a name, and reaches the list as well
        if key and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(index)
        elif key and event.key() == Qt.Key.Key_Space and index.data(_CHECK) is not None:
            toggle(index)
        elif key and event.key() == Qt.Key.Key_Delete:
            self.deleted.emit(key)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the box checks it, one on ⋯ offers what can be done, and neither opens anything."""
        index = self.indexAt(event.position().toPoint())
        at_end = index.isValid() and self._painter.at_end(QRectF(self.visualRect(index)), event.position())
        if at_end and index.data(_CHECK) is not None:
            toggle(index)
        elif at_end and self._painter.more:
            self._offer(event.position().toPoint())
        else:
            super().mouseReleaseEvent(event)


def toggle(index: QModelIndex) -> bool:
    """Check or uncheck an entry."""
    other = Qt.CheckState.Unchecked if index.data(_CHECK) == Qt.CheckState.Checked else Qt.CheckState.Checked
    return bool(index.model().setData(index, other, _CHECK))
