"""The prompt library as a list: a person's own prompts first, with how many versions each has and what is unsaved."""

from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.error_box import UndoBanner
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.prompt_desk import PromptDesk
from fmstudio.gui.widgets.prompt_row import Line, mark_row, paint_row, plain_list
from fmstudio.workspace.prompt_library import PromptEntry

_HEIGHT = 48
_BOTTOM = Qt.AlignmentFlag.AlignBottom


class PromptModel(QAbstractListModel):
    """The entries whose names a search finds."""

    def __init__(self, desk: PromptDesk) -> None:
        super().__init__()
        self._desk = desk
        self._words = ""
        self.entries: list[PromptEntry] = []
        desk.listed.connect(self.refresh)
        self.refresh()

    def search(self, words: str) -> None:
        """Show only prompts that have all these words in their names."""
        self._words = words
        self.refresh()

    def refresh(self) -> None:
        """Take what the desk lists now; where the same prompts are there, places stay."""
        words = self._words.casefold().split()
        entries = [entry for entry in self._desk.entries if all(word in entry.name.casefold() for word in words)]
        same = [entry.name for entry in entries] == [entry.name for entry in self.entries]
        if not same:
            self.beginResetModel()
        self.entries = entries
        if not same:
            self.endResetModel()
        elif entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def row(self, name: str) -> int:
        """Where a prompt stands, or -1."""
        return next((row for row, entry in enumerate(self.entries) if entry.name == name), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        entry = self.entries[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.name}, {facts_of(entry)}"
        return entry.name if role == Qt.ItemDataRole.ToolTipRole else None


def facts_of(entry: PromptEntry) -> str:
    """A prompt in a few words: Built in · 3 versions · unsaved."""
    versions = formatting.plural(entry.versions, "version") if entry.versions else "Not saved yet"
    kept = "Built in" if not entry.own else versions
    return f"{kept} · unsaved changes" if entry.draft and entry.versions else kept


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, model: PromptModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(120, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        entry = self._model.entries[index.row()]
        facts = Line(facts_of(entry), token="warning" if entry.draft else "secondary", place=_BOTTOM)
        paint_row(self._theme, painter, option, (Line(entry.name, "strong", "text"), facts))


class PromptList(QWidget):
    """Search, list, and what can be done with a prompt (also by right click)."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, desk: PromptDesk) -> None:
        super().__init__()
        self.setObjectName("prompt-library")
        self._desk = desk
        self.model = PromptModel(desk)
        self._painter = _Painter(theme, self.model)
        self.search = QLineEdit()
        self.search.setObjectName("prompt-search")
        self.search.setAccessibleName("Find a prompt")
        self.search.setPlaceholderText("Find a prompt")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.list = self._make_list()
        self.new = button("New", "prompt-new", theme, "mdi6.plus", clicked=desk.begin)
        self.more = icon_button("mdi6.dots-horizontal", "More", "prompt-more", theme, self._offer_here)
        self.undo = UndoBanner(theme, "prompt-undo")
        self.undo.restore_wanted.connect(desk.restore)
        self.nothing = label("No prompt has this name.", "secondary", "prompt-nothing", wrap=True)
        self._lay_out()
        desk.opened.connect(self.follow)
        desk.listed.connect(self.follow)
        desk.deleted.connect(self._was_deleted)

    def _make_list(self) -> QListView:
        made = plain_list("prompt-list", "Prompts")
        made.setModel(self.model)
        made.setItemDelegate(self._painter)
        made.customContextMenuRequested.connect(self._offer)
        made.clicked.connect(self._clicked)
        made.activated.connect(self._clicked)
        return made

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.new, 1)
        head.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for each in (self.search, self.nothing, self.undo):
            layout.addWidget(each)
        layout.insertLayout(0, head)
        layout.insertWidget(2, self.list, 1)
        self.nothing.hide()

    def follow(self) -> None:
        """Mark the prompt that is on the desk."""
        mark_row(self.list, self.model.row(self._desk.name))

    def _search(self, words: str) -> None:
        self.model.search(words)
        self.nothing.setVisible(not self.model.entries)
        self.follow()

    def _clicked(self, index: QModelIndex) -> None:
        name = self.model.entries[index.row()].name
        if name != self._desk.name:
            self.chosen.emit(name)

    # What can be done.

    def _offer(self, place) -> None:
        index = self.list.indexAt(place)
        entry = self.model.entries[index.row()] if index.isValid() else None
        self._pop_up(entry, self.list.viewport().mapToGlobal(place))

    def _offer_here(self) -> None:
        self._pop_up(self._desk.entry, self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def menu(self, entry: PromptEntry | None) -> QMenu:
        """What can be done with a prompt, and with the library."""
        menu = QMenu(self)
        menu.setObjectName("prompt-menu")
        if entry is not None:
            name = entry.name
            if entry.versions:
                menu.addAction("Duplicate", lambda: self._desk.duplicate(name))
                menu.addAction("Export as a file…", lambda: self._export(name))
            if (entry.own or entry.draft) and not (entry.built_in and not entry.own):
                menu.addAction("Delete", lambda: self._desk.delete(name))
            menu.addSeparator()
        menu.addAction("Import a file…", self._import)
        return menu

    def _pop_up(self, entry: PromptEntry | None, place) -> None:
        menu = self.menu(entry)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _export(self, name: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export prompt", f"{name}.toml", "Prompts (*.toml)")
        if chosen:
            self._desk.give_file(name, Path(chosen).with_suffix(".toml"))

    def _import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Import a prompt", str(Path.home()), "Prompts (*.toml)")
        if chosen:
            self._desk.take_file(Path(chosen))

    def _was_deleted(self, name: str) -> None:
        self.undo.offer(name, f"Deleted “{name}”.")
