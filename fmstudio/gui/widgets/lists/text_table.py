"""Tables that only show: how they look, and one of plain texts."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

ROW = 32
"""The height of a line."""

_NARROWEST, _WIDEST = 64, 280


class TextsModel(QAbstractTableModel):
    """Rows of texts under the names of their columns."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: list[str] = []
        self.rows: list[Sequence[str]] = []

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show these."""
        self.beginResetModel()
        self.columns, self.rows = list(columns), list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        text = self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(text.split())
        return text if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section]
        return None


def calm(table: QTableView, row: int = ROW) -> None:
    """Rows of one height that are chosen whole, and nothing between them."""
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setHighlightSections(False)


class TextsTable(QTableView):
    """The last column takes the room that is left; Ctrl+C copies the chosen rows."""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.texts = TextsModel()
        self.setModel(self.texts)
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 11px; }")
        calm(self)
        self.horizontalHeader().setStretchLastSection(True)

    def show_texts(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows; a column is as wide as its texts, within bounds."""
        self.texts.show(columns, rows)
        for section in range(len(columns) - 1):
            wanted = max(self.sizeHintForColumn(section), self.horizontalHeader().sectionSizeHint(section))
            self.horizontalHeader().resizeSection(section, min(_WIDEST, max(_NARROWEST, wanted)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = [self.texts.rows[index.row()] for index in self.selectionModel().selectedRows()]
            QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))
        else:
            super().keyPressEvent(event)
