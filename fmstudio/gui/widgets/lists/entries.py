"""The list of entries, each painted as a card or a row of a few lines: datasets, runs, prompts, documents.

Only what is in sight is painted, so thousands are as quick as ten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.table import ROW, Column, GivenRows, Index, RowsModel
from fmstudio.gui.widgets.menus import MenuEntry, menu_of

_BOX = 16
_GAP = 8  # between cards
_CHECK = Qt.ItemDataRole.CheckStateRole


@dataclass(frozen=True, slots=True)
class Line:
    """A text in a role and a colour, cut to the room; `aside` is a quiet text at its right that is never cut."""

    text: str
    role: str = "caption"
    token: str = "secondary"
    aside: str = ""
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list shows of something.

    key: by which it is known. spoken: what a screen reader says; tip: what pointing at it tells. icon: its name and
    colour. fraction: how far it is, shown as a bar under the lines that are there. checked: whether its box is checked,
    None where it has none; box: the colour of a checked box. name: what can be changed in place with F2.
    """

    key: str
    lines: tuple[Line, ...]
    spoken: str = ""
    tip: str = ""
    icon: tuple[str, str] | None = None
    fraction: float | None = None
    busy: bool = False
    checked: bool | None = None
    box: str = "accent"
    name: str | None = None


class EntriesModel(GivenRows):
    """Entries that are all here."""

    checked = Signal(str, bool)
    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__([Column("Entry", lambda entry: entry.spoken)])

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; where the same ones are there already, places and selection stay."""
        if [entry.key for entry in entries] != [entry.key for entry in self.rows]:
            self.show(entries)
        elif self.rows != entries:
            self.rows = list(entries)
            self.dataChanged.emit(self.index(0, 0), self.index(len(entries) - 1, 0))

    def tip(self, row: Entry, column: Column) -> str:
        return row.tip

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry, flags = self.rows[index.row()], super().flags(index)
        flags |= Qt.ItemFlag.ItemIsUserCheckable if entry.checked is not None else Qt.ItemFlag.NoItemFlags
        return flags | (Qt.ItemFlag.ItemIsEditable if entry.name is not None else Qt.ItemFlag.NoItemFlags)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.rows[index.row()]
        if role == _CHECK and entry.checked is not None:
            return Qt.CheckState.Checked if entry.checked else Qt.CheckState.Unchecked
        return entry.name if role == Qt.ItemDataRole.EditRole else super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.rows[index.row()]
        if role == _CHECK and entry.checked is not None:
            self.checked.emit(entry.key, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole and entry.name is not None and value.strip() != entry.name:
            self.renamed.emit(entry.key, value)
            return True
        return False


class EntryList(QListView):
    """opened(key): an entry was clicked or entered, or reached with the arrows where the list `follows` them.

    deleted(key): Delete was pressed. checked(key, on): its box. renamed(key, name): F2 named it otherwise.
    """

    opened = Signal(str)
    deleted = Signal(str)
    checked = Signal(str, bool)
    renamed = Signal(str, str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        accessible_name: str,
        *,
        lines: int = 2,
        cards: bool = False,
        bare: bool = False,
        follows: bool = False,
        offered: Callable[[str], Sequence[MenuEntry]] | None = None,
        more: bool = False,
        model: RowsModel | None = None,
        entry_of: Callable[[Any], Entry] | None = None,
    ) -> None:
        """lines: of an entry. cards: each in a frame of its own. bare: without a surface, as cards always are.

        offered: what a right click offers for a key, and with `more` a ⋯ at the right of each as well.
        model: rows that are fetched by pages, each of which `entry_of` makes an entry; without one `show_entries`.
        """
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        if cards or bare:
            self.setStyleSheet("QListView { border: none; background: transparent; }")
        self._follows, self._offered, self._quiet = follows, offered, False
        self._entries = EntriesModel()
        self._marked = ""
        self._painter = EntryPainter(theme, lines, cards, cards or bare, more, entry_of or (lambda entry: entry))
        self.setModel(model or self._entries)
        self.setItemDelegate(self._painter)
        self._entries.checked.connect(self.checked)
        # The list may be filled anew by it, which must wait until the field in it is closed.
        self._entries.renamed.connect(self.renamed, Qt.ConnectionType.QueuedConnection)
        self._entries.modelReset.connect(self._mark_again)
        self.customContextMenuRequested.connect(self._offer)
        self.clicked.connect(lambda index: self._open(index) if not follows else None)
        self.selectionModel().currentChanged.connect(self._moved)
        theme.changed.connect(self.viewport().update)

    # What is in it.

    @property
    def entries(self) -> list[Entry]:
        """The entries from the first to the last."""
        return self._entries.rows

    @property
    def keys(self) -> list[str]:
        """The keys of the entries."""
        return [entry.key for entry in self.entries]

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; what is chosen stays chosen."""
        self._entries.show_entries(entries)

    @property
    def chosen(self) -> str:
        """The key of the entry that is chosen, or ""."""
        return self._key(self.currentIndex())

    def mark(self, key: str) -> bool:
        """Choose an entry without telling anyone, one that is not there chooses none; tells whether it is there."""
        self._marked = key
        return self._mark_again()

    def rename(self, key: str) -> None:
        """Let a person change the name of an entry in its place."""
        self.edit(self._entries.index(self.keys.index(key), 0))

    def _mark_again(self) -> bool:
        there = self._marked in (keys := self.keys)
        self._quiet = True
        self.setCurrentIndex(self._entries.index(keys.index(self._marked), 0) if there else QModelIndex())
        if not there:
            self.clearSelection()
        self._quiet = False
        return there

    def _key(self, index: QModelIndex) -> str:
        return self.entries[index.row()].key if index.isValid() and self.model() is self._entries else ""

    # What a person does.

    def _open(self, index: QModelIndex) -> None:
        if key := self._key(index):
            self._marked = key
            self.opened.emit(key)

    def _moved(self, index: QModelIndex) -> None:
        if self._follows and not self._quiet:
            self._open(index)

    def _offer(self, place: QPoint) -> None:
        if menu := self.menu(self._key(self.indexAt(place))):
            menu.popup(self.viewport().mapToGlobal(place))

    def menu(self, key: str) -> QMenu | None:
        """What a right click on an entry offers, or beside all of them ("")."""
        ways = self._offered(key) if self._offered else ()
        return menu_of(ways, self, f"{self.objectName()}-menu") if ways else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), self.chosen
        if self.state() == QAbstractItemView.State.EditingState:
            return  # Enter ends the change of a name, and reaches the list as well
        if key and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(index)
        elif key and event.key() == Qt.Key.Key_Space and index.data(_CHECK) is not None:
            toggle(index)
        elif key and event.key() == Qt.Key.Key_Delete:
            self.deleted.emit(key)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the box checks it, one on ⋯ offers what can be done, and neither opens anything."""
        index = self.indexAt(event.position().toPoint())
        at_end = index.isValid() and self._painter.at_end(QRectF(self.visualRect(index)), event.position())
        if at_end and index.data(_CHECK) is not None:
            toggle(index)
        elif at_end and self._painter.more:
            self._offer(event.position().toPoint())
        else:
            super().mouseReleaseEvent(event)


def toggle(index: QModelIndex) -> bool:
    """Check or uncheck an entry."""
    other = Qt.CheckState.Unchecked if index.data(_CHECK) == Qt.CheckState.Checked else Qt.CheckState.Checked
    return bool(index.model().setData(index, other, _CHECK))


class EntryPainter(QStyledItemDelegate):
    """Paints an entry: its ground, icon, lines, bar and box."""

    def __init__(
        self, theme: Theme, lines: int, cards: bool, bare: bool, more: bool, entry_of: Callable[[Any], Entry]
    ) -> None:
        super().__init__()
        self._theme, self._lines, self._cards, self._entry_of = theme, lines, cards, entry_of
        self._inset = 0 if bare else 4
        self.more = more

    def _height(self, role: str) -> float:
        return QFontMetricsF(self._theme.font(role)).height()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        texts = self._height("strong") + (self._lines - 1) * (self._height("caption") + 2)
        return QSize(120, round(texts) + (28 + _GAP if self._cards else 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        entry = self._entry_of(row) if row is not None else Entry("", (Line("Loading…", "body"),))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._ground(painter, QRectF(option.rect), option.state)
        if entry.icon:
            name, token = entry.icon
            self._theme.icon(name, token).paint(painter, int(area.left()), int(area.top()), 18, 18)
            area.adjust(26, 0, 0, 0)
        if entry.checked is not None:
            self._box(painter, self.box(QRectF(option.rect)), entry)
            area.adjust(0, 0, -_BOX - 8, 0)
        elif self.more:
            end = self.box(QRectF(option.rect)).toRect()
            self._theme.icon("mdi6.dots-horizontal", "secondary").paint(painter, end)
            area.adjust(0, 0, -_BOX - 8, 0)
        self._texts(painter, area, entry)
        painter.restore()

    def _ground(self, painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> QRectF:
        """Paint what is behind an entry, and a frame where the keyboard is; returns the room for what it says."""
        flags = QStyle.StateFlag
        chosen, hovered = bool(state & flags.State_Selected), bool(state & flags.State_MouseOver)
        focused = bool(state & flags.State_HasFocus)
        if self._cards:
            card = rect.adjusted(0.5, 0.5, -0.5, -0.5 - _GAP)
            edge = "accent" if chosen else "border" if hovered else "hairline"
            by_keyboard = focused and bool(state & flags.State_KeyboardFocusChange)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "surface"))
            painter.setPen(QPen(self._theme.color(edge), 2 if by_keyboard else 1))
            painter.drawRoundedRect(card, 8, 8)
            return card.adjusted(16, 12, -12, -12)
        area = rect.adjusted(self._inset, 1, -self._inset, -1)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft" if chosen else "hover"))
            painter.drawRoundedRect(area, 6, 6)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        return area.adjusted(8, 7, -8, -7)

    def _texts(self, painter: QPainter, area: QRectF, entry: Entry) -> None:
        top = area.top()
        for line in entry.lines:
            height = self._height(line.role)
            self._line(painter, QRectF(area.left(), top, area.width(), height), line)
            top += height + (4 if self._cards and top == area.top() else 2)
        if entry.busy:
            self._bar(painter, QRectF(area.left(), top, area.width(), self._height("caption")), entry.fraction)

    def _line(self, painter: QPainter, area: QRectF, line: Line) -> None:
        caption = self._theme.font("caption")
        if line.aside:
            painter.setFont(caption)
            painter.setPen(self._theme.color("secondary"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, line.aside)
            area = area.adjusted(0, 0, -QFontMetricsF(caption).horizontalAdvance(line.aside) - 8, 0)
        font = self._theme.font(line.role)
        painter.setFont(font)
        painter.setPen(self._theme.color(line.token))
        shown = QFontMetricsF(font).elidedText(line.text, line.cut, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _bar(self, painter: QPainter, area: QRectF, fraction: float | None) -> None:
        track = QRectF(area.left(), area.center().y() - 2, area.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pressed"))
        painter.drawRoundedRect(track, 2.5, 2.5)
        if fraction:
            track.setWidth(max(5.0, track.width() * min(1.0, fraction)))
            painter.setBrush(self._theme.color("accent_fill"))
            painter.drawRoundedRect(track, 2.5, 2.5)

    # What is at the right end: the box, or the ⋯.

    def box(self, rect: QRectF) -> QRectF:
        """Where it is."""
        return QRectF(rect.right() - 12 - _BOX, rect.center().y() - _BOX / 2, _BOX, _BOX)

    def at_end(self, rect: QRectF, point: QPointF) -> bool:
        """Whether a click is meant for it."""
        return self.box(rect).adjusted(-8, -8, 8, 8).contains(point)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """A name is changed where it stands."""
        left = 32 if self._entry_of(index.data(ROW)).icon else 4
        editor.setGeometry(QRect(option.rect.left() + left, option.rect.top() + 2, option.rect.width() - left - 4, 30))

    def _box(self, painter: QPainter, box: QRectF, entry: Entry) -> None:
        colour = self._theme.color(entry.box if entry.checked else "border")
        painter.setPen(QPen(colour, 1.2))
        painter.setBrush(colour if entry.checked else self._theme.color("field"))
        painter.drawRoundedRect(box, 4, 4)
        if entry.checked:
            painter.setPen(QPen(self._theme.color("surface"), 2))
            corners = [QPointF(0.25, 0.52), QPointF(0.44, 0.7), QPointF(0.76, 0.32)]
            painter.drawPolyline([QPointF(box.left() + p.x() * _BOX, box.top() + p.y() * _BOX) for p in corners])
