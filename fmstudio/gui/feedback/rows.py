"""The entries of the feedback log as a table model that fetches the pages that are looked at, and no others."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.feedback.jobs import TABLE
from fmstudio.gui.widgets.feedback.score import STARS
from fmstudio.gui.widgets.lists.row_pages import RowPages

ENTRY = Qt.ItemDataRole.UserRole
COLUMNS = ("created", "kind", "model", "prompt", "output", "score", "tags")
TITLES = {
    "created": "When",
    "kind": "Kind",
    "model": "Model",
    "prompt": "Prompt",
    "output": "Output",
    "score": "Rating",
    "tags": "Tags",
}

Row = Mapping[str, Any]


class FeedbackRows(QAbstractTableModel):
    """Entries by filter, text and order. A row that is not here yet is asked for when it is looked at.

    counted: the number of rows is known or has changed. arrived: some rows are here now. failed(reason, details).
    """

    counted = Signal()
    arrived = Signal()
    failed = Signal(str, str)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.filters: dict[str, str] = {}
        self.text = ""
        self.total = self.everything = 0
        self.known = False
        self._sort, self._descending = "created", True
        self._rows = RowPages(studio, TABLE, kept=40)
        self._rows.taken.connect(self._take)
        self._rows.failed.connect(self.failed)

    # What is chosen.

    def choose(self, filters: Mapping[str, str], text: str = "") -> None:
        """Show the entries that these filters and words choose."""
        self.filters, self.text = dict(filters), text.strip()
        self._begin_anew()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort, self._descending = COLUMNS[column], order == Qt.SortOrder.DescendingOrder
        self._begin_anew()

    def refresh(self) -> None:
        """Something in the log has changed: ask again, and show what there is until the answer comes."""
        self._rows.refresh()

    def _begin_anew(self) -> None:
        wanted = {"filters": self.filters, "text": self.text, "sort": self._sort, "descending": self._descending}
        self._rows.begin(wanted, empty=False)

    # What is here.

    def entry(self, row: int) -> Row | None:
        """An entry if it is here; else it is asked for."""
        return self._rows.row(row)

    def row_of(self, id: str) -> int:
        """Where an entry is among those that are here, or -1."""
        return next((number for number, row in self._rows.here() if row["id"] == id), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self.total

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[COLUMNS[section]]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, ENTRY):
            return None
        row = self.entry(index.row())
        if role == ENTRY:
            return row
        column = COLUMNS[index.column()]
        if row is None:
            return "Loading…" if column == "prompt" else ""
        return shown(row, column)

    def _take(self, page: Mapping[str, Any]) -> None:
        self.known, self.everything = True, page["everything"]
        self._resize(page["total"])
        if self.total:
            self.dataChanged.emit(self.index(0, 0), self.index(self.total - 1, len(COLUMNS) - 1))
        self.counted.emit()
        self.arrived.emit()

    def _resize(self, total: int) -> None:
        if total > self.total:
            self.beginInsertRows(QModelIndex(), self.total, total - 1)
            self.total = total
            self.endInsertRows()
        elif total < self.total:
            self.beginRemoveRows(QModelIndex(), total, self.total - 1)
            self.total = total
            self.endRemoveRows()


def shown(row: Row, column: str) -> str:
    """A cell's text; the rating in words, as a screen reader says it."""
    if column == "created":
        return formatting.when(row["created"])
    if column == "kind":
        return "picture" if row["kind"] == "image" else "text"
    if column == "tags":
        return ", ".join(row["tags"])
    if column == "score":
        thumbs = {1: "thumbs up", -1: "thumbs down"}.get(row["thumbs"], "")
        score = f"{row['score']} of {STARS}" if row["score"] else ""
        return ", ".join(part for part in (thumbs, score, "corrected" if row["corrected"] else "") if part)
    return str(row[column])
