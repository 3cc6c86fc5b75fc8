"""The passages that were found for a question: both scores and ranks, what came of them, and which are used."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.text import path_of
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.table import Column, GivenRows, Index, TableView
from fmstudio.gui.widgets.menus import menu_of

Row = Mapping[str, Any]
_ROW = 30


class FoundModel(GivenRows):
    """Rows as the search tells them."""

    def __init__(self, theme: Theme) -> None:
        columns = (
            Column("#", lambda row: str(row["rank"]), 36, _shade, help="Place in the list"),
            Column("Passage", name_of, 0, _shade, help="Document › headings, and how the passage begins"),
            Column("Words", lambda row: _scored(row["words_score"], row["words_rank"], 1), 88, _shade, right=True,
                   help="Score by the words of the question (BM25), and its rank among all chunks"),
            Column("Meaning", lambda row: _scored(row["vector_score"], row["vector_rank"], 2), 96, _shade, right=True,
                   help="Cosine of the question's and the passage's embedding, and its rank among all chunks"),
            Column("Fused", lambda row: f"{row['fused']:.4f}", 72, _shade, right=True,
                   help="Sum of 1 / (constant + rank) over the rankings in use (reciprocal rank fusion)"),
            Column("In the prompt", self.use_of, 136, _shade,
                   help="The number by which the model is given the passage, or why it is not used"),
        )  # fmt: skip
        super().__init__(columns, theme)
        self.numbers: dict[Any, int] = {}
        self.threshold = -1.0

    def show_found(self, rows: Sequence[Row], threshold: float) -> None:
        """Show other passages."""
        self.threshold = threshold
        self.numbers = {row["id"]: number for number, row in enumerate((row for row in rows if row["used"]), 1)}
        self.show(rows)

    def tip(self, row: Row, column: Column) -> str:
        return f"{row['source']}\n{path_of(row)}\n\n{row['text'][:800]}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.FontRole and self.theme and index.column() == 5 and self.rows[index.row()]["used"]:
            return self.theme.font("strong")
        return super().data(index, role)

    def use_of(self, row: Row) -> str:
        """Whether the model is given a passage, and else why not."""
        if row["used"]:
            return f"✓ as [{self.numbers[row['id']]}]"
        cosine = row["vector_score"]
        return "below threshold" if cosine is not None and cosine < self.threshold else "not needed"


class FoundTable(TableView):
    """`opened` tells the passage that was clicked, or chosen with the keys and Enter."""

    opened = Signal(object)

    def __init__(self, theme: Theme) -> None:
        self.found = FoundModel(theme)
        super().__init__(self.found, "retrieval-found", "Passages found, best first", _ROW)
        self.setStyleSheet("QTableView { border: none; } QTableView::item { padding: 2px 8px; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.clicked.connect(self._open)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer)

    def show_found(self, found: Mapping[str, Any]) -> None:
        """Show what a search found."""
        self.found.show_found(found["rows"], found["threshold"])
        self.scrollToTop()

    def clear(self) -> None:
        """Show nothing."""
        self.found.show_found((), -1.0)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self.found.rows[index.row()])

    def _offer(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            text = self.found.rows[index.row()]["text"]
            ways = [
                ("Show in its document", lambda: self._open(index)),
                ("Copy the passage", lambda: QGuiApplication.clipboard().setText(text)),
            ]
            menu_of(ways, self).popup(self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)


def _shade(row: Row) -> str:
    return "text" if row["used"] else "secondary"


def name_of(row: Row) -> str:
    """Where a passage stands, and how it begins."""
    headings = path_of(row)
    place = row["title"] if not headings or headings == row["title"] else f"{row['title']} › {headings}"
    if headings.startswith(str(row["title"])):
        place = headings
    return f"{place} — {' '.join(row['text'][:160].split())}"


def _scored(score: float | None, rank: int | None, digits: int) -> str:
    if score is None:
        return "–"
    return f"{score:.{digits}f}  #{rank}" if rank else f"{score:.{digits}f}"


def finding_figures(found: Mapping[str, Any]) -> str:
    """How long the finding took, part by part."""
    times = found["milliseconds"]
    parts = [("embed", "question"), ("words", "words"), ("vectors", "vectors")]
    told = [f"{words} {formatting.number(times[key], 2)} ms" for key, words in parts if key in times]
    return " · ".join(told)
