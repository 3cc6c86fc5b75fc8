"""The documents of a dataset as a list model that fetches the pages that are looked at, and no others."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt, QTimer, Signal

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.data_question import PREVIEW, Question

PAGE = 50
_KEPT = 20  # pages in memory, a megabyte each at the most
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
        self._pages: OrderedDict[int, list[Document]] = OrderedDict()
        self._wanted: list[int] = []
        self._asked = -1
        self._question = Question(studio, PREVIEW)
        self._question.answered.connect(self._take)
        self._question.ended.connect(self._ended)
        self._question.failed.connect(self.failed)
        # Rows are asked for while the view paints; a moment later it is known which page is really in sight.
        self._soon = QTimer(self, singleShot=True, interval=30)
        self._soon.timeout.connect(self._ask_next)

    def show(self, dataset: str, search: str = "") -> None:
        """Show another dataset, or other documents of it."""
        self.beginResetModel()
        self.dataset, self.search, self.total, self.complete = dataset, search.strip(), 0, False
        self._pages.clear()
        self._wanted, self._asked = [0], -1
        self._question.forget()
        self.endResetModel()
        if dataset:
            self._ask_next()

    @property
    def searching(self) -> bool:
        """Whether the number of documents found is still rising."""
        return bool(self.search) and not self.complete

    def document(self, row: int) -> Document | None:
        """A document if it is here; else it is asked for."""
        page = self._pages.get(row // PAGE)
        if page is not None:
            self._pages.move_to_end(row // PAGE)
            return page[row % PAGE] if row % PAGE < len(page) else None
        self._want(row // PAGE)
        return None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self.total

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, DOCUMENT):
            return None
        document = self.document(index.row())
        if role == DOCUMENT:
            return document
        return f"{document['title']}, {formatting.size(document['bytes'])}" if document else "Loading…"

    def _want(self, page: int) -> None:
        if page in self._wanted:
            self._wanted.remove(page)
        self._wanted.append(page)
        del self._wanted[:-4]  # what was scrolled past is not looked at any more
        if self._asked < 0 and not self._soon.isActive():
            self._soon.start()

    def _ask_next(self) -> None:
        if self._asked >= 0 or not self._wanted:
            return
        self._asked = self._wanted.pop()
        self._question.ask(dataset=self.dataset, start=self._asked * PAGE, count=PAGE, search=self.search)

    def _take(self, page: Mapping[str, Any]) -> None:
        self._pages[page["start"] // PAGE] = page["documents"]
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        self._count(page["total"], page.get("complete", True))
        if page["documents"]:
            first, last = page["start"], page["start"] + len(page["documents"]) - 1
            self.dataChanged.emit(self.index(first), self.index(last))
            self.arrived.emit(first, last)

    def _ended(self) -> None:
        self._asked = -1
        if self._wanted:
            self._soon.start()

    def _count(self, total: int, complete: bool) -> None:
        self.complete = self.complete or complete
        if total > self.total:
            self.beginInsertRows(QModelIndex(), self.total, total - 1)
            self.total = total
            self.endInsertRows()
        self.counted.emit()
