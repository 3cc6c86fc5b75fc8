"""The logit lens: what the model would guess after each of its layers, at every position of the text."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from fmstudio.gui.playground.inside.bars import Choice, ChoiceBars, chance
from fmstudio.gui.playground.inside.colours import tint
from fmstudio.gui.playground.inside.jobs import LENS
from fmstudio.gui.playground.inside.legend import ScaleLegend
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.lists.table import Index
from fmstudio.gui.widgets.text.token_view import visible
from fmstudio.jobs import Sample

_ROW, _COLUMN = 19, 72
_SIDE = 196


class InsideLens(InsideTab):
    """A table of layers × tokens; the likeliest five of the chosen cell stand beside it."""

    def __init__(self, studio: Studio, name: str = "inside-lens") -> None:
        super().__init__(
            studio, LENS, name,
            "Each cell is the next token that the model would guess if it ended after that layer; the stronger the "
            "colour, the surer. Look for the frame: from there on up the guess is the final one.",
        )  # fmt: skip
        self.start = 0
        self.found: Mapping[str, Any] = {}
        self.model_of_table = _Lens()
        self.table = QTableView()
        self.table.setModel(self.model_of_table)
        self.table.setItemDelegate(_Cell(self._theme, self.table, self.model_of_table))
        self.legend = ScaleLegend(self._theme, f"{name}-legend", "accent", "0", "100 % sure", tinted=True)
        self.title = label("", "strong", f"{name}-title", wrap=True)
        self.facts = label("", "caption", f"{name}-facts", wrap=True)
        self.bars = ChoiceBars(self._theme, f"{name}-bars", "The five likeliest guesses of the chosen cell")
        self.pages = label("", "caption", f"{name}-pages")
        self.before = button("Earlier", f"{name}-before", self._theme, "mdi6.chevron-left", "quiet", self._earlier)
        self.after = button("Later", f"{name}-after", self._theme, "mdi6.chevron-right", "quiet", self._later)
        self._style(name)
        self._fill()
        self.table.selectionModel().currentChanged.connect(self._show_cell)

    def _style(self, name: str) -> None:
        self.table.setObjectName(f"{name}-table")
        self.table.setAccessibleName("Guesses by layer (rows, the last layer first) and token (columns)")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        for header, size in ((self.table.horizontalHeader(), _COLUMN), (self.table.verticalHeader(), _ROW)):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(size)
            header.setHighlightSections(False)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            header.setStyleSheet(
                "QHeaderView::section { padding: 0 5px; }"
            )  # rows are lower than those of other tables
        self.table.verticalHeader().setMinimumWidth(64)

    def _fill(self) -> None:
        left = vbox((self.table, 1), hbox(self.pages, self.before, self.after, ..., gap=4), gap=4)
        side = QWidget()
        side.setFixedWidth(_SIDE)
        side.setLayout(vbox(self.title, self.bars, self.facts, ..., self.legend, gap=6))
        line = hbox((left, 1), side, gap=16)
        self.body.addLayout(line, 1)

    # Asking.

    def arguments(self) -> dict[str, Any]:
        return super().arguments() | {"start": self.start}

    def look(self, model: str, text: str, chat: bool = False, system: str = "") -> None:
        if model != self.model or not text.startswith(self.text[: 1 + self.start]):
            self.start = 0
        super().look(model, text, chat, system)

    def _earlier(self) -> None:
        self._turn(-1)

    def _later(self) -> None:
        self._turn(1)

    def _turn(self, by: int) -> None:
        self.start = max(0, self.found["start"] + by * self._page)
        self.refresh()

    @property
    def _page(self) -> int:
        return max(1, self.model_of_table.columnCount())

    # Answers.

    def take(self, sample: Sample) -> None:
        self.found = found = sample.structure
        self.start = found["start"]
        if not found["count"]:
            self.show_nothing(self.nothing)
            return
        current = self.table.currentIndex()
        self.model_of_table.show_lens(found)
        shown, count = self._page, found["count"]
        several = count > shown
        for each in (self.before, self.after):
            each.setVisible(several)
        self.before.setEnabled(self.start > 0)
        self.after.setEnabled(self.start + shown < count)
        self.pages.setText(f"Tokens {self.start + 1}–{self.start + shown} of {count:,}" if several else "")
        column = min(current.column(), shown - 1) if current.isValid() else shown - 1
        row = min(current.row(), found["layers"]) if current.isValid() else 0
        self.table.setCurrentIndex(self.model_of_table.index(row, column))
        # The scroll bars learn of the new columns when the table is laid out.
        QTimer.singleShot(0, self.table, lambda: self.table.scrollTo(self.table.currentIndex()))
        self._show_cell(self.table.currentIndex())

    def _show_cell(self, index: QModelIndex, _before: QModelIndex | None = None) -> None:
        if not index.isValid() or not self.found:
            return
        lens = self.model_of_table
        layer, column = lens.layer(index.row()), index.column()
        found = self.found
        self.title.setText(f"{lens.layer_name(layer).capitalize()}, after “{lens.token(column)}”")
        settles, appears = int(found["settles"][column]), int(found["appears"][column])
        final = visible(found["texts"][int(found["ids"][-1, column, 0])])
        stays = "and stays" if settles == appears else f"and stays from {_layer(settles)} on"
        self.facts.setText(f"The final guess “{final}” first appears {_after(appears)} {stays}.")
        rows = zip(found["ids"][layer, column].tolist(), found["probabilities"][layer, column].tolist(), strict=True)
        last = int(found["ids"][-1, column, 0])
        self.bars.show_rows([Choice(found["texts"][number], value, taken=number == last) for number, value in rows])

    def show_nothing(self, why: str) -> None:
        super().show_nothing(why)
        self.found = {}


def _after(row: int) -> str:
    return f"after layer {row}" if row else "before the first layer"


def _layer(row: int) -> str:
    return f"layer {row}" if row else "the beginning"


class _Lens(QAbstractTableModel):
    """Rows are layers with the last on top, columns are tokens."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Mapping[str, Any] = {}

    def show_lens(self, found: Mapping[str, Any]) -> None:
        self.beginResetModel()
        self._found = found
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._found["ids"]) if "ids" in self._found else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return self._found["ids"].shape[1] if "ids" in self._found else 0

    def layer(self, row: int) -> int:
        """The number of layers that a row's guess went through."""
        return self.rowCount() - 1 - row

    def layer_name(self, layer: int) -> str:
        return f"layer {layer}" if layer else "embedding"

    def token(self, column: int) -> str:
        return visible(self._found["tokens"][column]["text"])

    def settled(self, index: Index) -> bool:
        """Whether this is where the final guess comes to stay."""
        return self.layer(index.row()) == int(self._found["settles"][index.column()])

    def probability(self, index: Index) -> float:
        return float(self._found["probabilities"][self.layer(index.row()), index.column(), 0])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return visible(self._texts(index)[0][0])
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            layer = self.layer_name(self.layer(index.row()))
            lines = [f"{visible(text)}   {chance(value)}" for text, value in self._texts(index)]
            return "\n".join([f"{layer}, after “{self.token(index.column())}”", *lines])
        return None

    def _texts(self, index: Index) -> list[tuple[str, float]]:
        layer, column = self.layer(index.row()), index.column()
        ids, values = self._found["ids"][layer, column], self._found["probabilities"][layer, column]
        return [(self._found["texts"][int(n)], float(p)) for n, p in zip(ids, values, strict=True)]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.token(section) if orientation == Qt.Orientation.Horizontal else self.layer_name(self.layer(section))


class _Cell(QStyledItemDelegate):
    """A guess on a background as strong as the model was sure; a frame where the final guess comes to stay."""

    def __init__(self, theme: Theme, table: QTableView, lens: _Lens) -> None:
        super().__init__(table)
        self._theme, self._lens = theme, lens
        theme.changed.connect(table.viewport().update)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_COLUMN, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        lens, theme = self._lens, self._theme
        place = QRectF(option.rect).adjusted(1, 1, -1, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint(theme, "accent", lens.probability(index)))
        painter.drawRoundedRect(place, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if lens.settled(index):
            painter.setPen(QPen(theme.color("generated"), 2))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(theme.color("text"), 1.5))
            painter.drawRoundedRect(place.adjusted(2, 2, -2, -2), 2, 2)
        painter.setPen(theme.color("text"))
        painter.setFont(theme.font("mono"))
        room = place.adjusted(4, 0, -2, 0)
        text = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
