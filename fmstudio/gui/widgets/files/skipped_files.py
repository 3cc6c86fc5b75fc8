"""The files that an import left out, each with its reason, to read and to copy."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QTableView

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import button
from fmstudio.gui.widgets.lists.text_table import ROW, calm

_COLUMNS = ("File", "Why it was skipped")
_KEYS = ("source", "reason")
_MOSTROWS = 8


class _Model(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Mapping[str, str]] = []

    def show(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(_COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        text = self.rows[index.row()][_KEYS[index.column()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return text[:1].upper() + text[1:] if index.column() else text
        return text if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None


class SkippedFiles(Card):
    """Takes no room where nothing was skipped. Ctrl+C copies the chosen rows, the button all of them."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("Skipped files", name)
        self._model = _Model()
        self.table = _Table(self._model)
        self.table.setObjectName(f"{name}-table")
        self.body.addWidget(self.table)
        self._copy = button("Copy list", f"{name}-copy", theme, "mdi6.content-copy", "quiet", self.copy_all)
        self.add_control(self._copy)
        self.hide()

    def show_files(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Show files as {"source", "reason"}."""
        self._model.show(rows)
        self._copy.setText("Copy list")
        self.set_caption(formatting.plural(len(rows), "file"))
        lines = min(len(rows), _MOSTROWS)
        self.table.setFixedHeight(lines * ROW + self.table.horizontalHeader().sizeHint().height() + 4)
        self.setVisible(bool(rows))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """What is shown."""
        return [(row["source"], row["reason"]) for row in self._model.rows]

    def copy_all(self) -> None:
        """Put the list on the clipboard, a line each."""
        copy_rows(self._model.rows)
        self._copy.setText("Copied")


class _Table(QTableView):
    def __init__(self, model: _Model) -> None:
        super().__init__()
        self._rows = model
        self.setModel(model)
        self.setAccessibleName("Skipped files")
        self.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 11px; }")
        calm(self)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(0, 240)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_rows([self._rows.rows[index.row()] for index in self.selectionModel().selectedRows()])
        else:
            super().keyPressEvent(event)


def copy_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Put files and reasons on the clipboard, as a spreadsheet takes them."""
    QGuiApplication.clipboard().setText("\n".join(f"{row['source']}\t{row['reason']}" for row in rows))
