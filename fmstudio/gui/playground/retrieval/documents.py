"""The documents of a collection: a list with search, and the chosen one with its chunks."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QWidget,
)

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.jobs import DOCUMENT, DOCUMENTS
from fmstudio.gui.playground.retrieval.passage import PassageView
from fmstudio.gui.playground.retrieval.shelf import CollectionShelf
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.question import Question
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.row_painting import Line, RowPainter

_PAGE = 200
_PATIENCE = 200  # milliseconds after the last letter of a search
_WIDTH = 232
_HEIGHT = 48


class DocumentList(QAbstractListModel):
    """The documents that a search finds, fetched by pages as one scrolls. `counted`: how many there are is known."""

    counted = Signal()
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.rows: list[Mapping[str, Any]] = []
        self.total = 0
        self.known = False
        self.collection = self.search = ""
        self._start = 0
        self._question = Question(studio, DOCUMENTS)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self.failed)

    def show(self, collection: str, search: str = "") -> None:
        """Show these documents; what is on the screen stays until they come."""
        self.collection, self.search = collection, search.strip()
        self._ask(0)

    def _ask(self, start: int) -> None:
        self._start = start
        self._question.ask(collection=self.collection, start=start, count=_PAGE, search=self.search)

    def clear(self) -> None:
        """Show no documents."""
        self._question.forget()
        self.beginResetModel()
        self.rows, self.total, self.known = [], 0, False
        self.endResetModel()

    @property
    def complete(self) -> bool:
        """Whether all rows are here."""
        return len(self.rows) >= self.total

    def _take(self, page: Mapping[str, Any]) -> None:
        self.total, self.known = page["total"], True
        if self._start == 0:
            self.beginResetModel()
            self.rows = list(page["rows"])
            self.endResetModel()
        elif page["rows"]:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(page["rows"]) - 1)
            self.rows += page["rows"]
            self.endInsertRows()
        self.counted.emit()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def canFetchMore(self, parent: QModelIndex) -> bool:
        return not parent.isValid() and bool(self.rows) and len(self.rows) < self.total and not self._question.pending

    def fetchMore(self, parent: QModelIndex) -> None:
        self._ask(len(self.rows))

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row['title']}\n{facts_of(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([row["source"], facts_of(row), *row.get("notes", ())])
        if role == Qt.ItemDataRole.UserRole:
            token = "warning" if row["reason"] else "secondary"
            facts = Line(facts_of(row), token=token, place=Qt.AlignmentFlag.AlignBottom)
            return Line(row["title"], "body", "text"), facts
        return None


class DocumentsTab(QWidget):
    """Left: the documents. Right: the chosen one, cut into its chunks."""

    def __init__(self, studio: Studio, shelf: CollectionShelf) -> None:
        super().__init__()
        self.setObjectName("retrieval-documents")
        self._shelf = shelf
        self.collection = ""
        self.list = DocumentList(studio)
        self.list.counted.connect(self._counted)
        shelf.changed.connect(self._counted)
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
        self.view = QListView()
        self.view.setObjectName("retrieval-documents-list")
        self.view.setAccessibleName("Documents of the collection")
        self.view.setModel(self.list)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setMouseTracking(True)
        self._painter = RowPainter(studio.theme, _HEIGHT)
        self.view.setItemDelegate(self._painter)
        studio.theme.changed.connect(self.view.viewport().update)
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
            return sum(bool(row["reason"]) for row in self.list.rows)
        return int(self._shelf.records.get(self.collection, {}).get("skipped", 0))

    def _chosen(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row = self.list.rows[index.row()]
        if row["source"] == self._source:
            return
        self._source = row["source"]
        if row["reason"]:
            self.passage.clear(f"This file was skipped: {row['reason']}.")
        else:
            self.passage.open(collection=self.collection, source=self._source)

    def _choose_again(self) -> None:
        """The list was filled anew: the same document is chosen, or where none was, the first that could be read."""
        rows = self.list.rows
        place = next((number for number, row in enumerate(rows) if row["source"] == self._source), -1)
        if place < 0 and not self._source and rows:
            place = next((number for number, row in enumerate(rows) if not row["reason"]), 0)
        self.view.setCurrentIndex(self.list.index(place) if place >= 0 else QModelIndex())


def facts_of(row: Mapping[str, Any]) -> str:
    """A document in a few words."""
    if row["reason"]:
        return f"Skipped: {row['reason']}"
    waiting = " · words only so far" if row["state"] == "waiting" else ""
    return f"{formatting.plural(row['chunks'], 'chunk')} · {formatting.size(row['bytes'])}{waiting}"
