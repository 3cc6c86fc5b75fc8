"""The files that an import left out, each with its reason, to read and to copy."""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import button
from fmstudio.gui.widgets.lists.table import LINE, Column, GivenRows, TableView

_MOSTROWS = 8


def _reason(row: Mapping[str, str]) -> str:
    return row["reason"][:1].upper() + row["reason"][1:]


_COLUMNS = (Column("File", itemgetter("source"), 240), Column("Why it was skipped", _reason))


class SkippedFiles(Card):
    """Takes no room where nothing was skipped. Ctrl+C copies the chosen rows, the button all of them."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("Skipped files", name)
        self._model = GivenRows(_COLUMNS)
        self.table = TableView(self._model, f"{name}-table", "Skipped files")
        self.table.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 11px; }")
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
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
        self.table.setFixedHeight(lines * LINE + self.table.horizontalHeader().sizeHint().height() + 4)
        self.setVisible(bool(rows))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """What is shown."""
        return [(row["source"], row["reason"]) for row in self._model.rows]

    def copy_all(self) -> None:
        """Put the list on the clipboard, a line each."""
        lines = [f"{source}\t{reason}" for source, reason in self.texts]
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._copy.setText("Copied")
