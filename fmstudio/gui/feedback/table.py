"""The feedback log as a table: when, which model, prompt, output, rating and tags."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from fmstudio.gui.feedback.rows import TITLES, FeedbackRows, Row
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.feedback.score import STARS
from fmstudio.gui.widgets.lists.table import ROW, Index, TableView
from fmstudio.gui.widgets.menus import menu_of

_LINE = 36
_NAMES = tuple(TITLES)
_STAR = 10
_GIVE_WAY = ("tags", "kind", "score", "model")
_USUAL_TEXT, _READABLE = 13, 110  # pixels: of the text for which the columns' widths are meant, and of a prompt


class FeedbackTable(TableView):
    """`opened` tells the id of the entry that is chosen, "" for none; `deleted` that the chosen ones are to go."""

    opened = Signal(str)
    deleted = Signal()
    rows: FeedbackRows

    def __init__(self, theme: Theme, rows: FeedbackRows) -> None:
        super().__init__(rows, "feedback-table", "Entries of the feedback log", _LINE)
        self.chosen = ""
        self._wished = ""
        self._theme, self._scale = theme, 1.0
        self._painter = _CellPainter(theme)
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._order()
        self.selectionModel().currentRowChanged.connect(self._moved)
        self.selectionModel().selectionChanged.connect(self._stay_within)
        self.customContextMenuRequested.connect(self._offer)
        rows.arrived.connect(self._keep_chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """The columns that say least give way where prompts and outputs could not be read beside them."""
        scale = self._theme.text_size / _USUAL_TEXT
        widths = {name: round(width * scale) for name, (_, width) in TITLES.items() if width}
        wanted = sum(widths.values()) + 2 * _READABLE * scale
        for name in _GIVE_WAY:
            hidden = wanted > self.viewport().width()
            self.setColumnHidden(_NAMES.index(name), hidden)
            wanted -= widths[name] if hidden else 0
        if scale != self._scale:
            self._scale = scale
            for name, width in widths.items():
                self.horizontalHeader().resizeSection(_NAMES.index(name), width)

    def _order(self) -> None:
        header = self.horizontalHeader()
        header.setObjectName("feedback-table-header")
        header.setStyleSheet("QHeaderView::section { padding-left: 11px; }")  # where the cells' texts begin
        header.setMinimumSectionSize(56)
        header.setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)

    # What is chosen.

    def choose(self, id: str) -> None:
        """Show an entry as chosen: now, or when its row is here."""
        self._wished = id
        self._keep_chosen()

    def unchoose(self) -> None:
        """Choose none."""
        self.chosen = self._wished = ""
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())

    def selected_ids(self) -> list[str]:
        """The entries of the selected rows, as far as they are here."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        found = [self.rows.row(row) for row in rows]
        return [entry["id"] for entry in found if entry]

    @property
    def everything_selected(self) -> bool:
        """Whether all entries that the filters choose are selected, seen or not."""
        ranges = self.selectionModel().selection()
        return (
            self.rows.total > 0
            and sum(ranges.at(number).height() for number in range(ranges.count())) == self.rows.total
        )

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """Ctrl with a key that moves goes to a row and chooses it: what is read is what Delete takes away."""
        flags = QItemSelectionModel.SelectionFlag
        asked = super().selectionCommand(index, event)
        moves = isinstance(event, QKeyEvent) and event.key() != Qt.Key.Key_Space
        return flags.ClearAndSelect | flags.Rows if moves and asked == flags.NoUpdate else asked

    def _stay_within(self) -> None:
        """Of the selected rows one is read, never one that was just taken out of the selection."""
        current = self.currentIndex()
        if not self._is_left_out(current):
            self._moved(current)
        else:
            rows = [index.row() for index in self.selectionModel().selectedRows()]
            nearest = self.rows.index(min(rows, key=lambda row: abs(row - current.row())), 0)
            self.selectionModel().setCurrentIndex(nearest, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _is_left_out(self, index: QModelIndex) -> bool:
        """Whether other rows are selected, and this one is not."""
        selection = self.selectionModel()
        return index.isValid() and selection.hasSelection() and not selection.isRowSelected(index.row(), QModelIndex())

    def _moved(self, index: QModelIndex) -> None:
        if self._is_left_out(index):
            return  # for a moment, while it is being selected
        entry = self.rows.row(index.row()) if index.isValid() else None
        if entry and entry["id"] != self.chosen:
            self.chosen, self._wished = entry["id"], ""
            self.opened.emit(self.chosen)

    def _keep_chosen(self) -> None:
        """The chosen entry may stand in another row now, or has come at last."""
        wanted = self._wished or self.chosen
        row = self.rows.row_of(wanted) if wanted else -1
        if row < 0:
            if not wanted and self.currentIndex().isValid():
                self._moved(self.currentIndex())
            return
        if row != self.currentIndex().row():
            flags = QItemSelectionModel.SelectionFlag
            chosen_before, self.chosen = self.chosen, wanted
            self.selectionModel().setCurrentIndex(self.rows.index(row, 0), flags.ClearAndSelect | flags.Rows)
            self.chosen = chosen_before
        if self._wished:
            self.chosen, self._wished = self._wished, ""
            self.opened.emit(self.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selectionModel().hasSelection():
            self.deleted.emit()
        else:
            super().keyPressEvent(event)

    def menu(self) -> QMenu:
        """What a right click offers."""
        count = self.rows.total if self.everything_selected else len(self.selectionModel().selectedRows())
        words = f"Delete {count:,} entries" if count != 1 else "Delete"
        return menu_of([(words, self.deleted.emit)], self, "feedback-menu")

    def _offer(self, place: QPoint) -> None:
        if self.indexAt(place).isValid():
            self.menu().popup(self.viewport().mapToGlobal(place))


class _CellPainter(QStyledItemDelegate):
    """Texts in one line, quiet where they are not what one reads; the rating as thumb, stars and pencil."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._signs = {
            "up": theme.icon("mdi6.thumb-up", "accent"),
            "down": theme.icon("mdi6.thumb-down", "validation"),
            "star": theme.icon("mdi6.star", "warning"),
            "corrected": theme.icon("mdi6.pencil", "secondary"),
            "image": theme.icon("mdi6.image-outline", "secondary"),
            "text": theme.icon("mdi6.text", "secondary"),
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, _LINE)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        column = _NAMES[index.column()]
        option.state &= ~QStyleOptionViewItem().state.State_HasFocus
        if column in ("created", "model", "tags"):
            option.font = self._theme.font("caption")
            option.palette.setColor(option.palette.ColorRole.Text, self._theme.color("secondary"))
        if column in ("score", "kind"):
            option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        entry = index.data(ROW)
        if entry and _NAMES[index.column()] == "kind":
            self._signs[entry["kind"]].paint(
                painter, QRect(option.rect.left() + 12, option.rect.center().y() - 7, 15, 15)
            )
        elif entry and _NAMES[index.column()] == "score":
            self._paint_rating(painter, option, entry)

    def _paint_rating(self, painter: QPainter, option: QStyleOptionViewItem, entry: Row) -> None:
        x, middle = option.rect.left() + 12, option.rect.center().y()
        if entry["thumbs"]:
            self._signs["up" if entry["thumbs"] > 0 else "down"].paint(painter, QRect(x, middle - 6, 13, 13))
        x += 20
        for _ in range(entry["score"]):
            self._signs["star"].paint(painter, QRect(x, middle - _STAR // 2, _STAR, _STAR))
            x += _STAR + 1
        if entry["corrected"]:
            x = option.rect.left() + 32 + STARS * (_STAR + 1) + 3
            self._signs["corrected"].paint(painter, QRect(x, middle - 6, 12, 12))
