"""The prompt library as a list: a person's own prompts first, with how many versions each has and what is unsaved."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.prompt.store import PromptStore
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import UndoBanner
from fmstudio.gui.widgets.labels import button, icon_button, label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import RULE, MenuEntry, beneath, menu_of
from fmstudio.workspace.prompt_library import PromptEntry


def facts_of(entry: PromptEntry) -> str:
    """A prompt in a few words: Built in · 3 versions · unsaved."""
    versions = formatting.plural(entry.versions, "version") if entry.versions else "Not saved yet"
    kept = "Built in" if not entry.own else versions
    return f"{kept} · unsaved changes" if entry.draft and entry.versions else kept


def entry_of(entry: PromptEntry) -> Entry:
    """A prompt as the list shows it."""
    facts = facts_of(entry)
    below = Line(facts, token="warning" if entry.draft else "secondary")
    return Entry(entry.name, (Line(entry.name, "strong", "text"), below), f"{entry.name}, {facts}", entry.name)


class PromptList(QWidget):
    """Search, list, and what can be done with a prompt (also by right click)."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, store: PromptStore) -> None:
        super().__init__()
        self.setObjectName("prompt-library")
        self._store = store
        self.search = QLineEdit()
        self.search.setObjectName("prompt-search")
        self.search.setAccessibleName("Find a prompt")
        self.search.setPlaceholderText("Find a prompt")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show)
        self.list = EntryList(theme, "prompt-list", "Prompts", bare=True, offered=self._offered)
        self.list.opened.connect(self._open)
        self.new = button("New", "prompt-new", theme, "mdi6.plus", clicked=store.begin)
        self.more = icon_button("mdi6.dots-horizontal", "More", "prompt-more", theme, self._offer_here)
        self.undo = UndoBanner(theme, "prompt-undo")
        self.undo.restore_wanted.connect(store.restore)
        self.nothing = label("No prompt has this name.", "secondary", "prompt-nothing", wrap=True)
        self._lay_out()
        store.opened.connect(self.follow)
        store.listed.connect(self._show)
        store.deleted.connect(self._was_deleted)
        self._show()

    def _lay_out(self) -> None:
        head = hbox((self.new, 1), self.more)
        layout = vbox(self.search, self.nothing, self.undo)
        self.setLayout(layout)
        layout.insertLayout(0, head)
        layout.insertWidget(2, self.list, 1)
        self.nothing.hide()

    def follow(self) -> None:
        """Mark the prompt that is in the editor."""
        self.list.mark(self._store.name)

    def _show(self) -> None:
        """Show the prompts that have all words of the search in their names."""
        words = self.search.text().casefold().split()
        found = [entry for entry in self._store.entries if all(word in entry.name.casefold() for word in words)]
        self.list.show_entries([entry_of(entry) for entry in found])
        self.nothing.setVisible(bool(words) and not found)
        self.follow()

    def _open(self, name: str) -> None:
        if name != self._store.name:
            self.chosen.emit(name)

    # What can be done.

    def _offered(self, name: str) -> list[MenuEntry]:
        return self.offered(next((entry for entry in self._store.entries if entry.name == name), None))

    def _offer_here(self) -> None:
        menu_of(self.offered(self._store.entry), self, "prompt-menu").popup(beneath(self.more))

    def offered(self, entry: PromptEntry | None) -> list[MenuEntry]:
        """What can be done with a prompt, and with the library."""
        entries: list[MenuEntry] = []
        if entry is not None:
            name = entry.name
            if entry.versions:
                entries.append(("Duplicate", lambda: self._store.duplicate(name)))
                entries.append(("Export as a file…", lambda: self._export(name)))
            if (entry.own or entry.draft) and not (entry.built_in and not entry.own):
                entries.append(("Delete", lambda: self._store.delete(name)))
            entries.append(RULE)
        return [*entries, ("Import a file…", self._import)]

    def _export(self, name: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export prompt", f"{name}.toml", "Prompts (*.toml)")
        if chosen:
            self._store.give_file(name, Path(chosen).with_suffix(".toml"))

    def _import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Import a prompt", str(Path.home()), "Prompts (*.toml)")
        if chosen:
            self._store.take_file(Path(chosen))

    def _was_deleted(self, name: str) -> None:
        self.undo.offer(name, f"Deleted “{name}”.")
