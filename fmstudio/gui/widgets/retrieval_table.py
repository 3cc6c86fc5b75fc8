"""A small table of texts that is as high as its rows and scrolls with its page; Ctrl+C copies what is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

_ROW = 30


class _Model(QAbstractTableModel):
    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self.columns = columns
        self.rows: list[Sequence[str]] = []

    def show(self, rows: Sequence[Sequence[str]]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        shown = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        return self.rows[index.row()][index.column()] if shown else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section]
        return None


class PlainTable(QTableView):
    """Shows rows of texts."""

    def __init__(self, name: str, accessible_name: str, columns: Sequence[str], shares: Sequence[int]) -> None:
        """shares: how the width is divided; 0 is as wide as its texts."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self._rows = _Model(columns)
        self.setModel(self._rows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 6px; }")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for section, share in enumerate(shares):
            header.setSectionResizeMode(
                section, QHeaderView.ResizeMode.Stretch if share else QHeaderView.ResizeMode.ResizeToContents
            )

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these texts."""
        self._rows.show(rows)
        self.setFixedHeight(len(rows) * _ROW + self.horizontalHeader().sizeHint().height() + 4)

    @property
    def texts(self) -> list[Sequence[str]]:
        """What is shown."""
        return self._rows.rows

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = [self._rows.rows[index.row()] for index in self.selectionModel().selectedRows()]
            QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in chosen))
        else:
            super().keyPressEvent(event)
