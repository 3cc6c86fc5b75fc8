"""The rows of a batch as a table that fetches the pages that are looked at: 100,000 rows are as quick as ten."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.lists.table import Column, PagedRows, TableView

RESULTS = "fmstudio.adapt.batch_views:results"
_STATUS = {"done": "Done", "failed": "Failed", "bad": "Bad row"}
Cells = Mapping[str, Any]


class ResultsModel(PagedRows):
    """counted(totals): {"all", "failed", "wrong"} are known or have changed. failed(reason, details)."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, RESULTS)

    def show(self, batch: str, variables: list[str], expected: bool, only: str = "all") -> None:
        """Show a batch's rows: all of them, those that failed, or those whose answer is not the expected one."""
        right = [("expected", "Expected", 120), ("match", "Match", 72)] if expected else []
        width = max(120, min(260, 360 // max(1, len(variables))))  # so many that the output has room
        shown = [(f"variable:{name}", f"{{{name}}}", width) for name in variables]
        columns = [("row", "Row", 56), ("status", "Status", 88), *shown, ("output", "Output", 0), *right]
        self.columns = [
            Column(title, partial(text_of, column=name), width, partial(token_of, column=name))
            for name, title, width in columns
        ]
        self.clear()
        if batch:
            self.ask({"batch": batch, "only": only})


def text_of(cells: Cells, column: str) -> str:
    """What a cell says."""
    if column.startswith("variable:"):
        return cells["variables"].get(column.removeprefix("variable:"), "")
    match column:
        case "row":
            return formatting.count(cells["row"])
        case "status":
            return _STATUS.get(cells["status"], str(cells["status"]))
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


class ResultsTable(TableView):
    """picked(row): the number of the row, from 1, that a person looks at."""

    picked = Signal(int)

    def __init__(self, model: ResultsModel) -> None:
        super().__init__(model, "batch-results-table", "Results, a line a row")
        self.setStyleSheet("QHeaderView::section { padding: 6px 11px; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.selectionModel().currentRowChanged.connect(self._moved)
        copy = QAction("Copy row", self)
        copy.triggered.connect(self.copy_rows)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        cells = self.rows.row(current.row()) if current.isValid() else None
        if cells is not None:
            self.picked.emit(cells["row"])
