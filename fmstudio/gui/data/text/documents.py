"""The documents of a dataset as a list model that fetches the pages that are looked at, and no others."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, Signal

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import PREVIEW
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.lists.row_pages import RowPages

DOCUMENT = Qt.ItemDataRole.UserRole

Document = Mapping[str, Any]


class DocumentsModel(QAbstractListModel):
    """All documents, or those that a search finds. A row that is not here yet is asked for when it is looked at.

    counted: the number of rows is known or has changed. arrived(first, last): these rows are here now.
    """

    counted = Signal()
    arrived = Signal(int, int)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.dataset = ""
        self.search = ""
        self.total = 0
        self.complete = False
        self._rows = RowPages(studio, PREVIEW, "documents")
        self._rows.taken.connect(self._take)
        self._rows.failed.connect(self.failed)

    def show(self, dataset: str, search: str = "") -> None:
        """Show another dataset, or other documents of it."""
        self.beginResetModel()
        self.dataset, self.search, self.total, self.complete = dataset, search.strip(), 0, False
        self._rows.forget()
        self.endResetModel()
        if dataset:
            self._rows.begin({"dataset": dataset, "search": self.search})

    @property
    def searching(self) -> bool:
        """Whether the number of documents found is still rising."""
        return bool(self.search) and not self.complete

    def document(self, row: int) -> Document | None:
        """A document if it is here; else it is asked for."""
        return self._rows.row(row)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self.total

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, DOCUMENT):
            return None
        document = self.document(index.row())
        if role == DOCUMENT:
            return document
        return f"{document['title']}, {formatting.size(document['bytes'])}" if document else "Loading…"

    def _take(self, page: Mapping[str, Any]) -> None:
        self._count(page["total"], page.get("complete", True))
        if page["documents"]:
            first, last = page["start"], page["start"] + len(page["documents"]) - 1
            self.dataChanged.emit(self.index(first), self.index(last))
            self.arrived.emit(first, last)

    def _count(self, total: int, complete: bool) -> None:
        self.complete = self.complete or complete
        if total > self.total:
            self.beginInsertRows(QModelIndex(), self.total, total - 1)
            self.total = total
            self.endInsertRows()
        self.counted.emit()
