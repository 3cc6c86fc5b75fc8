"""Tables: columns that say what a cell shows, rows that are given or fetched by pages, and how all of them look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from fmstudio.gui.studio import Studio
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.row_pages import RowPages

ROW = Qt.ItemDataRole.UserRole
"""The role under which a model tells the whole row of a cell."""

LINE = 32
"""The height of a line."""

_NARROWEST, _WIDEST = 64, 280
_ROLE = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Column:
    """What a column is called and what its cells say.

    width: in pixels; 0 shares the room that is left. token: the colour of a cell. key: what a job sorts by; without
    one it cannot be sorted by. help: the tip of the title. right: numbers, which stand at the right.
    """

    title: str
    text: Callable[[Any], str]
    width: int = 0
    token: Callable[[Any], str] | None = None
    key: str = ""
    help: str = ""
    right: bool = False


class RowsModel(QAbstractTableModel):
    """Rows of whatever kind under columns; a row that is not here yet says so."""

    def __init__(self, columns: Sequence[Column] = (), theme: Theme | None = None) -> None:
        """theme: whose colours the columns' tokens name."""
        super().__init__()
        self.columns = list(columns)
        self.theme = theme
        self.total = 0

    def row(self, number: int) -> Any | None:
        """A row, or None while it is not here."""
        raise NotImplementedError

    def tip(self, row: Any, column: Column) -> str:
        """What pointing at a cell tells."""
        return column.text(row)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self.total

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:
        row = self.row(index.row())
        if role == ROW:
            return row
        column = self.columns[index.column()]
        if row is None:
            return "Loading…" if role == _ROLE.DisplayRole and not column.width else None
        match role:
            case _ROLE.DisplayRole:
                return in_one_line(column.text(row))
            case _ROLE.AccessibleTextRole:
                return column.text(row)
            case _ROLE.ToolTipRole:
                return self.tip(row, column)
            case _ROLE.TextAlignmentRole if column.right:
                return _RIGHT
            case _ROLE.ForegroundRole if column.token and self.theme:
                return self.theme.color(token) if (token := column.token(row)) else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        match role:
            case _ROLE.DisplayRole:
                return column.title
            case _ROLE.ToolTipRole:
                return column.help or None
            case _ROLE.TextAlignmentRole if column.right:
                return _RIGHT
        return None


def in_one_line(text: str) -> str:
    """A text without its line breaks and tabs, and the blanks around them."""
    return " ".join(text.split()) if "\n" in text or "\t" in text else text


class GivenRows(RowsModel):
    """Rows that are all here."""

    def __init__(self, columns: Sequence[Column] = (), theme: Theme | None = None) -> None:
        super().__init__(columns, theme)
        self.rows: list[Any] = []

    def show(self, rows: Sequence[Any], columns: Sequence[Column] | None = None) -> None:
        """Show these rows, under other columns where they are given."""
        self.beginResetModel()
        self.columns = list(columns) if columns is not None else self.columns
        self.rows, self.total = list(rows), len(rows)
        self.endResetModel()

    def row(self, number: int) -> Any:
        return self.rows[number]


class PagedRows(RowsModel):
    """Rows that a job tells by pages: those that are looked at are fetched, so 100,000 are as quick as ten.

    counted(answer): a page has come, and with it the number of rows. arrived(first, last): these rows are here now.
    failed(reason, details).
    """

    counted = Signal(object)
    arrived = Signal(int, int)
    failed = Signal(str, str)

    def __init__(
        self, studio: Studio, target: str, columns: Sequence[Column] = (), key: str = "rows", kept: int = 20
    ) -> None:
        """target: a job that is asked with `start` and `count`. key: what its answers call the rows. kept: pages."""
        super().__init__(columns, studio.theme)
        self.known = False
        self._key = key
        self._pages = RowPages(studio, target, key, kept)
        self._pages.taken.connect(self.take)
        self._pages.failed.connect(self.failed)

    def ask(self, arguments: Mapping[str, Any], *, empty: bool = True) -> None:
        """Turn to the rows that these arguments choose. empty: show none until they come, else those there are."""
        if empty:
            self.clear()
        self._pages.begin(arguments, empty=empty)

    def clear(self) -> None:
        """Show no rows."""
        self.beginResetModel()
        self.total, self.known = 0, False
        self._pages.forget()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if key := self.columns[column].key:
            descending = order == Qt.SortOrder.DescendingOrder
            self.ask({**self._pages.arguments, "sort": key, "descending": descending}, empty=False)

    def refresh(self) -> None:
        """The rows have changed: ask again, and show what there is until the answer comes."""
        self._pages.refresh()

    def look_for_more(self) -> None:
        """There may be more rows at the end now."""
        self._pages.want_row(self.total)

    def row(self, number: int) -> Any | None:
        """A row if it is here; else it is asked for."""
        return self._pages.row(number)

    def here(self) -> list[tuple[int, Any]]:
        """The rows that are here, with their numbers."""
        return sorted(self._pages.here(), key=itemgetter(0))

    def take(self, answer: Mapping[str, Any]) -> None:
        """A page has come."""
        self.known = True
        self._resize(answer["total"])
        first, last = answer["start"], answer["start"] + len(answer[self._key]) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.counted.emit(answer)
        if last >= first:
            self.arrived.emit(first, last)

    def _resize(self, total: int) -> None:
        if total > self.total:
            self.beginInsertRows(QModelIndex(), self.total, total - 1)
            self.total = total
            self.endInsertRows()
        elif total < self.total:
            self.beginRemoveRows(QModelIndex(), total, self.total - 1)
            self.total = total
            self.endRemoveRows()


class TableView(QTableView):
    """Rows that are chosen whole; Ctrl+C copies them as a spreadsheet takes them."""

    def __init__(self, model: RowsModel, name: str, accessible_name: str, line: int = LINE) -> None:
        super().__init__()
        self.rows = model
        self.setModel(model)
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self._look(line)
        self._size_columns()
        model.modelReset.connect(self._size_columns)
        if model.theme:
            model.theme.changed.connect(self.viewport().update)

    def _look(self, line: int) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(line)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        for section, column in enumerate(self.rows.columns):
            mode = QHeaderView.ResizeMode.Interactive if column.width else QHeaderView.ResizeMode.Stretch
            header.setSectionResizeMode(section, mode)
            if column.width:
                header.resizeSection(section, column.width)

    def copy_rows(self) -> None:
        """Put the chosen rows on the clipboard."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        found = [row for number in chosen if (row := self.rows.row(number)) is not None]
        lines = [[in_one_line(column.text(row)) for column in self.rows.columns] for row in found]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        else:
            super().keyPressEvent(event)


class TextsTable(TableView):
    """Rows of plain texts; the last column takes the room that is left."""

    def __init__(self, name: str, accessible_name: str, line: int = LINE) -> None:
        self.texts = GivenRows()
        super().__init__(self.texts, name, accessible_name, line)
        self.setStyleSheet("QTableView { border: none; } QHeaderView::section { padding: 6px 11px; }")

    def show_texts(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows; a column is as wide as its texts, within bounds."""
        self.texts.show(rows, [Column(title, itemgetter(number)) for number, title in enumerate(columns)])
        header = self.horizontalHeader()
        for section in range(len(columns) - 1):
            wanted = max(self.sizeHintForColumn(section), header.sectionSizeHint(section))
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, min(_WIDEST, max(_NARROWEST, wanted)))
