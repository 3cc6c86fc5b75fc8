"""A small table of texts that is as high as its rows and scrolls with its page; Ctrl+C copies what is chosen."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView

from fmstudio.gui.widgets.lists.table import TextsTable

_ROW = 30


class PlainTable(TextsTable):
    """Shows rows of texts."""

    def __init__(self, name: str, accessible_name: str, columns: Sequence[str], shares: Sequence[int]) -> None:
        """shares: how the width is divided; 0 is as wide as its texts."""
        super().__init__(name, accessible_name, _ROW)
        self._columns, self._shares = columns, shares
        self.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 6px; }")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_rows(())

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these texts."""
        self.show_texts(self._columns, rows)
        for section, share in enumerate(self._shares):
            mode = QHeaderView.ResizeMode.Stretch if share else QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(section, mode)
        self.setFixedHeight(len(rows) * _ROW + self.horizontalHeader().sizeHint().height() + 4)
