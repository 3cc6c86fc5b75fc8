"""The batches of a workspace, the newest first: open one, go on with it, delete it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QMenu, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.batch_jobs import BatchJobs
from fmstudio.gui.widgets.error_box import UndoBanner
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.prompt_row import Line, mark_row, paint_row, plain_list

_HEIGHT = 64
Batch = Mapping[str, Any]


class BatchModel(QAbstractListModel):
    """The batches that the jobs list."""

    def __init__(self, jobs: BatchJobs) -> None:
        super().__init__()
        self._jobs = jobs
        self.batches: list[Batch] = []
        jobs.listed.connect(self.refresh)
        jobs.moved.connect(self._count_on)

    def refresh(self) -> None:
        """Take what is listed now; where the same batches are there, places stay."""
        batches = list(self._jobs.batches)
        same = [batch["id"] for batch in batches] == [batch["id"] for batch in self.batches]
        if not same:
            self.beginResetModel()
        self.batches = batches
        if not same:
            self.endResetModel()
        elif batches:
            self.dataChanged.emit(self.index(0), self.index(len(batches) - 1))

    def _count_on(self, id: str) -> None:
        if (row := self.row(id)) >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def row(self, id: str) -> int:
        """Where a batch stands, or -1."""
        return next((row for row, batch in enumerate(self.batches) if batch["id"] == id), -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.batches)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        batch = self.batches[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return "\n".join((title_of(batch), *facts_of(batch)))
        return None


def title_of(batch: Batch) -> str:
    """A batch by the name of its table."""
    return str(batch.get("title") or batch["id"])


def facts_of(batch: Batch) -> tuple[str, str]:
    """What was asked, and how far it is."""
    if batch.get("problem"):
        return str(batch["problem"]), ""
    done = f"{formatting.count(batch['rows'])} of {formatting.count(batch['total'])} rows"
    state = {"running": "Running", "complete": "Complete", "incomplete": "Not finished"}[batch["state"]]
    told = f"{state} · {formatting.plural(batch['total'], 'row') if batch['state'] == 'complete' else done}"
    return f"{batch['prompt']} · {formatting.when(batch['created'])}", told


class _Painter(QStyledItemDelegate):
    def __init__(self, theme: Theme, model: BatchModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(120, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        batch = self._model.batches[index.row()]
        first, second = facts_of(batch)
        middle, bottom = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignBottom
        lines = (
            Line(title_of(batch), "strong", "text"),
            Line(first, token="error" if batch.get("problem") else "secondary", place=middle),
            Line(second, token="warning" if batch.get("state") == "incomplete" else "secondary", place=bottom),
        )
        paint_row(self._theme, painter, option, lines)


class BatchList(QWidget):
    """opened(id): a batch to look at."""

    opened = Signal(str)

    def __init__(self, theme: Theme, jobs: BatchJobs) -> None:
        super().__init__()
        self.setObjectName("batch-library")
        self._jobs = jobs
        self._current = ""
        self.model = BatchModel(jobs)
        self._painter = _Painter(theme, self.model)
        self.list = self._make_list()
        self.none = label("Batches that you run are kept here.", "secondary", "batch-none", wrap=True)
        self.undo = UndoBanner(theme, "batch-undo")
        self.undo.restore_wanted.connect(jobs.restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label("Batches", "section", "batch-list-title"))
        layout.addWidget(self.none)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.undo)
        jobs.listed.connect(self._listed)
        jobs.deleted.connect(self._was_deleted)

    def _make_list(self) -> QListView:
        made = plain_list("batch-list", "Batches")
        made.setModel(self.model)
        made.setItemDelegate(self._painter)
        made.customContextMenuRequested.connect(self._offer)
        made.clicked.connect(self._clicked)
        made.activated.connect(self._clicked)
        return made

    def mark(self, id: str) -> None:
        """Show which batch is looked at; none marks none."""
        self._current = id
        mark_row(self.list, self.model.row(id))

    def menu(self, batch: Batch) -> QMenu:
        """What can be done with a batch."""
        menu = QMenu(self)
        menu.setObjectName("batch-menu")
        name = batch["id"]
        menu.addAction("Open", lambda: self.opened.emit(name))
        if batch.get("state") == "incomplete":
            menu.addAction("Resume", lambda: self._jobs.resume(name)).setEnabled(self._jobs.state is None)
        menu.addAction("Delete", lambda: self._jobs.delete(name)).setEnabled(batch.get("state") != "running")
        return menu

    def _offer(self, place) -> None:
        index = self.list.indexAt(place)
        if index.isValid():
            menu = self.menu(self.model.batches[index.row()])
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.list.viewport().mapToGlobal(place))

    def _clicked(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.batches[index.row()]["id"])

    def _listed(self) -> None:
        self.none.setVisible(not self.model.batches)
        self.mark(self._current)

    def _was_deleted(self, id: str) -> None:
        self.undo.offer(id, "Batch deleted.")
