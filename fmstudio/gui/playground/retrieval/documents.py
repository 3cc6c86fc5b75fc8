"""The documents of a collection: a list with search, and the chosen one with its chunks."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.jobs import DOCUMENT, DOCUMENTS
from fmstudio.gui.playground.retrieval.passage import PassageView
from fmstudio.gui.playground.retrieval.store import CollectionsModel
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.lists.table import Column, PagedRows

_PATIENCE = 200  # milliseconds after the last letter of a search
_WIDTH = 232


class DocumentList(PagedRows):
    """The documents that a search finds."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, DOCUMENTS, [Column("Document", lambda row: f"{row['title']}, {facts_of(row)}")])
        self.collection = self.search = ""
        self._anew = False

    def show(self, collection: str, search: str = "") -> None:
        """Show these documents; what is on the screen stays until they come."""
        self.collection, self.search, self._anew = collection, search.strip(), True
        self.ask({"collection": self.collection, "search": self.search}, empty=False)

    def take(self, answer: Mapping[str, Any]) -> None:
        if self._anew:  # these are others: what was chosen among those before says nothing here
            self._anew = False
            self.beginResetModel()
            self.total = answer["total"]
            self.endResetModel()
        super().take(answer)

    def tip(self, row: Mapping[str, Any], column: Column) -> str:
        return "\n".join([row["source"], facts_of(row), *row.get("notes", ())])

    @property
    def found(self) -> list[Mapping[str, Any]]:
        """The documents that are here, from the first on."""
        return [row for _, row in self.here()]

    @property
    def complete(self) -> bool:
        """Whether all are here."""
        return len(self.found) >= self.total


def entry_of(row: Mapping[str, Any]) -> Entry:
    """A document as the list shows it."""
    facts = Line(facts_of(row), token="warning" if row["reason"] else "secondary")
    return Entry(row["source"], (Line(row["title"], "body", "text"), facts))


class DocumentsTab(QWidget):
    """Left: the documents. Right: the chosen one, cut into its chunks."""

    def __init__(self, studio: Studio, store: CollectionsModel) -> None:
        super().__init__()
        self.setObjectName("retrieval-documents")
        self._store = store
        self.collection = ""
        self.list = DocumentList(studio)
        self.list.counted.connect(self._counted)
        store.changed.connect(self._counted)
        self.search = QLineEdit()
        self.search.setObjectName("retrieval-documents-search")
        self.search.setAccessibleName("Find a document")
        self.search.setPlaceholderText("Find a document")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(studio.theme.icon("mdi6.magnify", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self._soon = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._soon.timeout.connect(self._search)
        self.search.textEdited.connect(self._soon.start)
        self.search.textChanged.connect(lambda text: None if text else self._soon.start())
        self.count = label("", "caption", "retrieval-documents-count")
        self.view = EntryList(
            studio.theme, "retrieval-documents-list", "Documents of the collection", model=self.list, entry_of=entry_of
        )
        self.view.selectionModel().currentChanged.connect(self._chosen)
        self.list.modelReset.connect(self._choose_again)  # after the view itself, which then has nothing chosen
        self.error = ErrorBox(studio.theme, "retrieval-documents-error", dismissable=False)
        self.list.failed.connect(self.error.show_error)
        self.passage = PassageView(studio, "retrieval-document", DOCUMENT)
        self._source = ""
        self._lay_out()

    def _lay_out(self) -> None:
        side = QWidget()
        side.setFixedWidth(_WIDTH)
        side.setLayout(vbox(self.search, self.count, self.error, (self.view, 1)))
        self.setLayout(hbox(side, (self.passage, 1), gap=16))

    def show_collection(self, name: str) -> None:
        """Show another collection, or the same one as it is now; "" for one of which nothing is there yet."""
        if name != self.collection:
            self.collection, self._source = name, ""
            self.list.clear()
            self.count.clear()
            self.error.clear()
            self.search.clear()
            self.passage.clear("Choose a document." if name else "Documents appear as they are indexed.")
        if name:
            self._search()

    def open(self, source: str, chunk: object = None) -> None:
        """Open a document at a passage."""
        self._source = source
        self._choose_again()
        self.passage.open(chunk, collection=self.collection, source=source)

    def _search(self) -> None:
        self._soon.stop()
        if self.collection:
            self.error.clear()
            self.list.show(self.collection, self.search.text())

    def _counted(self) -> None:
        """What was skipped is listed too, but is no document of the collection."""
        if not self.list.known:
            return
        total, skipped, searched = self.list.total, self._skipped(), bool(self.list.search)
        words = formatting.plural(total - skipped, "document") + (" found" if searched else "")
        self.count.setText(f"{words}, {skipped:,} skipped" if skipped else words)

    def _skipped(self) -> int:
        """How many of the rows stand for skipped files; of a search with more than a page, as far as is known."""
        if self.list.complete or self.list.search:
            return sum(bool(row["reason"]) for row in self.list.found)
        return int(self._store.records.get(self.collection, {}).get("skipped", 0))

    def _chosen(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row = self.list.row(index.row())
        if row is None or row["source"] == self._source:
            return
        self._source = row["source"]
        if row["reason"]:
            self.passage.clear(f"This file was skipped: {row['reason']}.")
        else:
            self.passage.open(collection=self.collection, source=self._source)

    def _choose_again(self) -> None:
        """The list was filled anew: the same document is chosen, or where none was, the first that could be read."""
        rows = self.list.found
        place = next((number for number, row in enumerate(rows) if row["source"] == self._source), -1)
        if place < 0 and not self._source and rows:
            place = next((number for number, row in enumerate(rows) if not row["reason"]), 0)
        self.view.setCurrentIndex(self.list.index(place, 0) if place >= 0 else QModelIndex())


def facts_of(row: Mapping[str, Any]) -> str:
    """A document in a few words."""
    if row["reason"]:
        return f"Skipped: {row['reason']}"
    waiting = " · words only so far" if row["state"] == "waiting" else ""
    return f"{formatting.plural(row['chunks'], 'chunk')} · {formatting.size(row['bytes'])}{waiting}"
