"""The rows of a batch as a table that fetches the pages that are looked at: 100,000 rows are as quick as ten."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.row_pages import PAGE, RowPages
from fmstudio.gui.widgets.lists.text_table import calm

RESULTS = "fmstudio.adapt.batch_views:results"
_STATUS = {"done": "Done", "failed": "Failed", "bad": "Bad row"}
Cells = Mapping[str, Any]


class ResultsModel(QAbstractTableModel):
    """counted(totals): {"all", "failed", "wrong"} are known or have changed. failed(reason, details)."""

    counted = Signal(dict)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._theme = studio.theme
        self.batch = ""
        self.only = "all"
        self.total = 0
        self.columns: list[tuple[str, str]] = []
        self._rows = RowPages(studio, RESULTS)
        self._rows.taken.connect(self._take)
        self._rows.failed.connect(self.failed)

    def show(self, batch: str, variables: list[str], expected: bool, only: str = "all") -> None:
        """Show a batch's rows: all of them, those that failed, or those whose answer is not the expected one."""
        self.beginResetModel()
        self.batch, self.only, self.total = batch, only, 0
        right = [("expected", "Expected"), ("match", "Match")] if expected else []
        shown = [(f"variable:{name}", f"{{{name}}}") for name in variables]
        self.columns = [("row", "Row"), ("status", "Status"), *shown, ("output", "Output"), *right]
        self._rows.forget()
        self.endResetModel()
        if batch:
            self._rows.begin({"batch": batch, "only": only})

    def refresh(self) -> None:
        """There may be more rows now: the page where the next one comes is asked for again."""
        if self.batch:
            self._rows.want(self.total // PAGE)

    def cells(self, row: int) -> Cells | None:
        """A row if it is here; else it is asked for."""
        return self._rows.row(row)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self.total

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section][1]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        shown = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        if role not in (*shown, Qt.ItemDataRole.ForegroundRole):
            return None
        cells, column = self.cells(index.row()), self.columns[index.column()][0]
        if cells is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and column == "row" else None
        if role == Qt.ItemDataRole.ForegroundRole:
            token = token_of(cells, column)
            return self._theme.color(token) if token else None
        text = text_of(cells, column)
        return " ".join(text.split()) if role == Qt.ItemDataRole.DisplayRole else text

    def _take(self, page: Mapping[str, Any]) -> None:
        if page["batch"] != self.batch or page["only"] != self.only:
            return
        self._grow(page["total"])
        if page["rows"]:
            last = page["start"] + len(page["rows"]) - 1
            self.dataChanged.emit(self.index(page["start"], 0), self.index(last, len(self.columns) - 1))
        self.counted.emit({name: page[name] for name in ("all", "failed", "wrong")})

    def _grow(self, total: int) -> None:
        if total > self.total:
            self.beginInsertRows(QModelIndex(), self.total, total - 1)
            self.total = total
            self.endInsertRows()


def text_of(cells: Cells, column: str) -> str:
    """What a cell says."""
    if column.startswith("variable:"):
        return cells["variables"].get(column.removeprefix("variable:"), "")
    match column:
        case "row":
            return formatting.count(cells["row"])
        case "status":
            return _STATUS.get(cells["status"], cells["status"])
        case "match":
            return "" if cells["exact"] is None else verdict_of(cells)
        case "output":
            return cells["output"] or cells["error"]
    return str(cells.get(column) or "")


def verdict_of(cells: Cells) -> str:
    """How an answer compares with the expected one."""
    return "Exact" if cells["exact"] else "Within" if cells["contains"] else "Differs"


def token_of(cells: Cells, column: str) -> str:
    """The colour that says it a second time: errors red, matches green."""
    if column in ("status", "output") and cells["status"] != "done":
        return "error"
    if column == "match" and cells["exact"] is not None:
        return "success" if cells["exact"] else "warning" if cells["contains"] else "error"
    return "secondary" if column in ("row", "status") else ""


class ResultsTable(QTableView):
    """picked(row): the number of the row, from 1, that a person looks at."""

    picked = Signal(int)

    def __init__(self, theme: Theme, model: ResultsModel) -> None:
        super().__init__()
        self.results = model
        self.setModel(model)
        self.setObjectName("batch-results-table")
        self.setAccessibleName("Results, a line a row")
        calm(self)
        self.setStyleSheet("QHeaderView::section { padding: 6px 11px; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        model.modelReset.connect(self._size_columns)
        self.selectionModel().currentRowChanged.connect(self._moved)
        theme.changed.connect(self.viewport().update)
        copy = QAction("Copy row", self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_row)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def copy_row(self) -> None:
        """Put the chosen row on the clipboard, as a spreadsheet takes it."""
        row = self.currentIndex().row()
        if row >= 0:
            texts = [self.results.data(self.results.index(row, column)) for column in range(len(self.results.columns))]
            QGuiApplication.clipboard().setText("\t".join(text or "" for text in texts))

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        widths = {"row": 56, "status": 88, "match": 72, "expected": 120, "output": 240}
        variables = sum(column.startswith("variable:") for column, _ in self.results.columns)
        of_a_variable = max(120, min(260, 360 // max(1, variables)))  # so many that the output has room
        for section, (column, _) in enumerate(self.results.columns):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, widths.get(column, of_a_variable))
            if column == "output":
                header.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)

    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        cells = self.results.cells(current.row()) if current.isValid() else None
        if cells is not None:
            self.picked.emit(cells["row"])
