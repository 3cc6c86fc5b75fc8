"""Retrieval: make collections of documents, ask them, see what was found and what came of it, measure how well."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.playground.retrieval.cards import CollectionColumn
from fmstudio.gui.playground.retrieval.collection import CollectionView
from fmstudio.gui.playground.retrieval.jobs import PYTHON_REFERENCE
from fmstudio.gui.playground.retrieval.sheet import CollectionSheet
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, stack, vbox
from fmstudio.gui.widgets.empty_state import EmptyState
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.menus import confirm

_TABLES = (".csv", ".tsv")


class RetrievalView(PlayView):
    """Left: the collections. Right: the chosen one, or what is about to be indexed."""

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("retrieval-view")
        self._studio, self.state = studio, state
        self.store = CollectionsModel(studio)
        self.column = CollectionColumn(studio, self.store)
        self.collection = CollectionView(studio, state, self.store)
        self.sheet = CollectionSheet(studio, self.store)
        self.error = ErrorBox(studio.theme, "retrieval-error", dismissable=False)
        self.error.add_action("Try again", "retrieval-try-again", self._ask_again)
        self.empty = self._make_empty()
        self._lay_out()
        self._connect()
        self.store.ask()

    def _make_empty(self) -> EmptyState:
        made = EmptyState(
            self._studio.theme, "mdi6.file-search-outline", "Ask your documents",
            "A model answers from passages of your own documents and says which ones it used. Drop files or a folder "
            "here, or begin with the reference that comes with Python.", "retrieval-empty",
        )  # fmt: skip
        made.add_button("Use Python's reference", "retrieval-use-python", self.use_python, "mdi6.language-python")
        made.add_button("New collection…", "retrieval-empty-new", self.begin)
        return made

    def _lay_out(self) -> None:
        self.pages = stack("retrieval-right", self.collection, self.sheet)
        self._work = boxed(hbox(self.column, (self.pages, 1), gap=16))
        self._whole = stack("retrieval-whole", QWidget(), self.empty, self._work)
        self.setLayout(vbox(self.error, (self._whole, 1), gap=12))

    def _connect(self) -> None:
        self.store.changed.connect(self._arrange)
        self.store.failed.connect(self.error.show_error)
        self.column.chosen.connect(self.open)
        self.column.wanted.connect(self._wanted)
        self.column.new_wanted.connect(self.begin)
        self.collection.act_changed.connect(self.act_changed)
        self.collection.removal_wanted.connect(self.remove)
        self.sheet.changed.connect(self.act_changed)
        self.sheet.closed.connect(self._back)
        for signal in (self.state.model_changed, self.state.models_changed, self.state.sampling_changed):
            signal.connect(self.act_changed)

    # What the panel asks.

    @property
    def act_words(self) -> tuple[str, str]:
        """What the primary action does here."""
        if self._sheet_open:
            return "Index", "mdi6.text-box-plus-outline"
        if self._whole.currentWidget() is not self._work:
            return "Use Python's reference", "mdi6.language-python"
        tab = self.collection.tab
        if tab == "ask":
            return ("Stop", "mdi6.stop") if self.collection.ask.asking.busy else ("Ask", "mdi6.send")
        if tab == "quality":
            return ("Stop", "mdi6.stop") if self.collection.quality.question.busy else ("Measure", "mdi6.ruler")
        return "Refresh", "mdi6.refresh"

    def refusal(self) -> str:
        """Why the primary action cannot succeed, or ""."""
        if self._sheet_open:
            return self.sheet.refusal()
        if self._whole.currentWidget() is not self._work:
            return "" if self.store.embeddings else "Looking for collections…"
        if self.collection.name not in self.store.records:
            return "Wait until the first documents are read."
        tab = self.collection.tab
        if tab == "documents":
            return "It is being indexed." if self.store.working(self.collection.name) else ""
        return self.collection.ask.refusal() if tab == "ask" else self.collection.quality.refusal()

    def act(self) -> None:
        """Do it."""
        if self._sheet_open:
            self._index()
        elif self._whole.currentWidget() is not self._work:
            self.use_python()
        elif self.collection.tab == "documents":
            self.store.refresh(self.collection.name)
        else:
            (self.collection.ask if self.collection.tab == "ask" else self.collection.quality).act()

    def stop(self) -> None:
        """Esc: end the answer or the measurement, keep what there is."""
        self.collection.ask.asking.stop()
        self.collection.quality.question.stop()

    def look(self, **what: Any) -> None:
        """`collection` is opened, at `tab`, with `question`; `sources` begin a new one; `path` names one file."""
        if sources := what.get("sources") or ([what["path"]] if what.get("path") else None):
            self.begin([Path(source) for source in sources])
        if name := what.get("collection"):
            self.store.ask()
            self.open(name)
        if tab := what.get("tab"):
            self.collection.look_at(tab)
        if question := what.get("question"):
            self.collection.ask.controls.field.setText(question)

    def dropped(self, paths: Sequence[Path]) -> None:
        """Documents to index, or a table of questions where quality is measured."""
        tables = [path for path in paths if path.suffix.lower() in _TABLES]
        if self._sheet_open:
            self.sheet.add(paths)
        elif tables and self._whole.currentWidget() is self._work and self.collection.tab == "quality":
            self.collection.quality.use_table(tables[0])
        else:
            self.begin(paths)

    # Coming and going.

    def open(self, name: str) -> None:
        """Show a collection."""
        self.pages.setCurrentWidget(self.collection)
        self.column.choose(name)
        self.collection.open(name)
        self._whole.setCurrentWidget(self._work)
        self.act_changed.emit()

    def begin(self, paths: Sequence[Path] = ()) -> None:
        """Open the sheet for a new collection."""
        self.sheet.begin(paths)
        self.pages.setCurrentWidget(self.sheet)
        self.column.choose("")
        self._whole.setCurrentWidget(self._work)
        self.sheet.changed.emit()

    def use_python(self) -> None:
        """Index the reference that comes with Python, in the usual way."""
        name = self._studio.workspace.free_name("collections", PYTHON_REFERENCE)
        self.store.add(name, [PYTHON_REFERENCE], {}, self.store.embeddings[0]["reference"])
        self.open(name)

    @property
    def _sheet_open(self) -> bool:
        return self._whole.currentWidget() is self._work and self.pages.currentWidget() is self.sheet

    def _index(self) -> None:
        if not self.sheet.refusal():
            self.open(self.sheet.start())

    def _back(self) -> None:
        """From the sheet to the collection that was looked at before, or the first there is."""
        self.pages.setCurrentWidget(self.collection)
        names = self.store.names
        if names:
            self.open(self.collection.name if self.collection.name in names else names[0])
        self._arrange()

    def _arrange(self) -> None:
        """Show what there is: nothing yet, the empty state, or the collections."""
        if self.store.known:
            self.error.clear()
        names = self.store.names
        if not names and not self._sheet_open:
            self._whole.setCurrentIndex(self._whole.indexOf(self.empty) if self.store.known else 0)
        elif names and not self._sheet_open and self.collection.name not in names:
            self.open(names[0])
        elif names:
            self._whole.setCurrentWidget(self._work)
        if not self._sheet_open:
            self.column.choose(self.collection.name)
        self.act_changed.emit()

    def _ask_again(self) -> None:
        self.error.clear()
        self.store.ask()

    def _wanted(self, act: str, name: str) -> None:
        if act == "remove":
            self.remove(name)
        elif self.store.working(name) is None:
            self.store.refresh(name)

    def remove(self, name: str) -> None:
        """Ask, then delete a collection's index."""
        confirm(
            self, "retrieval-remove-question", "Remove a collection", f"Remove the index of “{name}”?",
            "It goes to the bin and can be brought back. The documents themselves stay where they are.",
            "Remove", lambda: self.store.remove(name),
        )  # fmt: skip
