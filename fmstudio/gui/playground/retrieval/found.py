"""The passages that were found for a question: both scores and ranks, what came of them, and which are used."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from fmstudio.gui import formatting
from fmstudio.gui.playground.retrieval.text import path_of
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.menus import menu_of
from fmstudio.gui.widgets.lists.text_table import calm

Row = Mapping[str, Any]
_COLUMNS = ("#", "Passage", "Words", "Meaning", "Fused", "In the prompt")
_HELP = (
    "Place in the list",
    "Document › headings, and how the passage begins",
    "Score by the words of the question (BM25), and its rank among all chunks",
    "Cosine of the question's and the passage's embedding, and its rank among all chunks",
    "Sum of 1 / (constant + rank) over the rankings in use (reciprocal rank fusion)",
    "The number by which the model is given the passage, or why it is not used",
)
_WIDTHS = (36, 0, 88, 96, 72, 136)
_ROW = 30


class FoundModel(QAbstractTableModel):
    """Rows as the search tells them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: Sequence[Row] = ()
        self.numbers: dict[Any, int] = {}
        self.threshold = -1.0

    def show(self, rows: Sequence[Row], threshold: float) -> None:
        """Show other passages."""
        self.beginResetModel()
        self.rows, self.threshold = list(rows), threshold
        self.numbers = {row["id"]: number for number, row in enumerate((row for row in rows if row["used"]), 1)}
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(_COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        row, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row['source']}\n{path_of(row)}\n\n{row['text'][:800]}"
        if role == Qt.ItemDataRole.TextAlignmentRole and 1 < column < 5:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.color("text" if row["used"] else "secondary")
        if role == Qt.ItemDataRole.FontRole and column == 5 and row["used"]:
            return self._theme.font("strong")
        return None

    def _text(self, row: Row, column: int) -> str:
        if column == 0:
            return str(row["rank"])
        if column == 1:
            return name_of(row)
        if column == 2:
            return _scored(row["words_score"], row["words_rank"], 1)
        if column == 3:
            return _scored(row["vector_score"], row["vector_rank"], 2)
        return f"{row['fused']:.4f}" if column == 4 else self.use_of(row)

    def use_of(self, row: Row) -> str:
        """Whether the model is given a passage, and else why not."""
        if row["used"]:
            return f"✓ as [{self.numbers[row['id']]}]"
        cosine = row["vector_score"]
        return "below threshold" if cosine is not None and cosine < self.threshold else "not needed"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and 1 < section < 5:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return {Qt.ItemDataRole.DisplayRole: _COLUMNS, Qt.ItemDataRole.ToolTipRole: _HELP}.get(role, {section: None})[
            section
        ]


class FoundTable(QTableView):
    """`opened` tells the passage that was clicked, or chosen with the keys and Enter."""

    opened = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("retrieval-found")
        self.setAccessibleName("Passages found, best first")
        self.found = FoundModel(theme)
        self.setModel(self.found)
        self.setStyleSheet("QTableView { border: none; } QTableView::item { padding: 2px 8px; }")
        calm(self, _ROW)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(24)
        for section, width in enumerate(_WIDTHS):
            mode = QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch
            header.setSectionResizeMode(section, mode)
            if width:
                header.resizeSection(section, width)
        self.clicked.connect(self._open)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer)
        theme.changed.connect(self.viewport().update)

    def show_found(self, found: Mapping[str, Any]) -> None:
        """Show what a search found."""
        self.found.show(found["rows"], found["threshold"])
        self.scrollToTop()

    def clear(self) -> None:
        """Show nothing."""
        self.found.show((), -1.0)

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
