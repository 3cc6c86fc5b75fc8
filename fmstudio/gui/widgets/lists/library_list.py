"""The list of a library: entries of a few lines of text, of which one is looked at. Each is cut to the room."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QListView

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.row_painting import Line, RowPainter


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list shows of something: its key, its lines, and the words that a screen reader says and a tip tells."""

    key: str
    lines: tuple[Line, ...]
    spoken: str
    tip: str


class LibraryList(QListView):
    """opened(key): an entry was clicked or entered. menu_wanted(key, place): the menu of one, or of none ("")."""

    opened = Signal(str)
    menu_wanted = Signal(str, QPoint)

    def __init__(self, theme: Theme, name: str, accessible_name: str, height: int) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setStyleSheet("QListView { border: none; background: transparent; }")
        self._entries = _Entries()
        self._painter = RowPainter(theme, height)
        self.setModel(self._entries)
        self.setItemDelegate(self._painter)
        self.clicked.connect(self._open)
        self.activated.connect(self._open)
        self.customContextMenuRequested.connect(self._offer)

    @property
    def keys(self) -> list[str]:
        """The entries from the first to the last."""
        return [entry.key for entry in self._entries.entries]

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; where the same ones are there already, places stay."""
        self._entries.show(entries)

    def mark(self, key: str) -> None:
        """Choose an entry without telling anyone; one that is not there chooses none."""
        if key in (keys := self.keys):
            self.setCurrentIndex(self._entries.index(keys.index(key)))
        else:
            self.clearSelection()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.keys[index.row()])

    def _offer(self, place: QPoint) -> None:
        index = self.indexAt(place)
        self.menu_wanted.emit(self.keys[index.row()] if index.isValid() else "", self.viewport().mapToGlobal(place))


class _Entries(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show(self, entries: Sequence[Entry]) -> None:
        same = [entry.key for entry in entries] == [entry.key for entry in self.entries]
        if not same:
            self.beginResetModel()
        self.entries = list(entries)
        if not same:
            self.endResetModel()
        elif entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        entry = self.entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return entry.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return entry.tip
            case Qt.ItemDataRole.UserRole:
                return entry.lines
        return None
