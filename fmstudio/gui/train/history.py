"""The runs of a workspace as a list: open one, lay others over it, go on with one, or delete it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QMenu, QStyledItemDelegate, QStyleOptionViewItem

from fmstudio.gui import formatting
from fmstudio.gui.runs.book import RunBook
from fmstudio.gui.runs.state import WORDS, RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.row_painting import paint_ground, paint_text
from fmstudio.workspace import RunRecord

_HEIGHT = 60
_BOX = 16
ICONS = {
    "queued": ("mdi6.clock-outline", "secondary"),
    "running": ("mdi6.play-circle", "training"),
    "paused": ("mdi6.pause-circle", "warning"),
    "stopping": ("mdi6.stop-circle", "warning"),
    "completed": ("mdi6.check-circle", "success"),
    "stopped": ("mdi6.stop-circle-outline", "secondary"),
    "cancelled": ("mdi6.close-circle-outline", "secondary"),
    "failed": ("mdi6.alert-circle", "error"),
    "interrupted": ("mdi6.flash-alert-outline", "warning"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of a run."""

    id: str
    name: str
    status: str
    detail: str
    when: str


def row_of(run: "RunRecord | RunState", best: float | None = None) -> Row:
    """A run in one row."""
    status = run.status
    if isinstance(run, RunRecord) and status == "running":
        status = "interrupted"  # it has no job here
    reached = f"{run.step:,} of {run.steps:,} steps" if run.step < run.steps else f"{run.step:,} steps"
    loss = f"loss {best:.3f}" if best is not None else ""
    detail = " · ".join(part for part in (WORDS.get(status, status), loss, reached) if part)
    return Row(run.id, run.name, status, detail, formatting.when(run.created) if run.created else "now")


class HistoryModel(QAbstractListModel):
    """The book's rows."""

    def __init__(self, book: RunBook) -> None:
        super().__init__()
        self.book = book
        self._runs: list[RunRecord | RunState] = []
        self.rows: list[Row] = []
        book.listed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take the book's present rows; where only texts changed, places and selection stay."""
        runs = self.book.rows()
        rows = [row_of(run, self.book.best(run)) for run in runs]
        if [(row.id, row.name) for row in rows] == [(row.id, row.name) for row in self.rows]:
            self._runs, self.rows = runs, rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._runs, self.rows = runs, rows
        self.endResetModel()

    def run(self, index: QModelIndex) -> "RunRecord | RunState":
        """The run of a row."""
        return self._runs[index.row()]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.name}, {row.detail}, {row.when}"
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if row.id and row.id in self.book.overlaid else Qt.CheckState.Unchecked
        return None

    def setData(self, index: QModelIndex, value, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()]
        if role != Qt.ItemDataRole.CheckStateRole or not row.id:
            return False
        self.book.lay_over(row.id, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True


class _RowPainter(QStyledItemDelegate):
    """Status icon, name, what became of it; a box at the right to lay its curves over the shown run's."""

    def __init__(self, theme: Theme, model: HistoryModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(200, _HEIGHT)

    def box(self, area) -> QRectF:
        """Where the check box is."""
        return QRectF(area.right() - 12 - _BOX, area.center().y() - _BOX / 2, _BOX, _BOX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row, book = self._model.rows[index.row()], self._model.book
        run = self._model.run(index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect).adjusted(4, 2, -4, -2)
        current = book.current is not None and (run is book.current or (row.id and row.id == book.current.id))
        paint_ground(self._theme, painter, area, option.state, bool(current))
        icon, token = ICONS.get(row.status, ICONS["completed"])
        self._theme.icon(icon, token).paint(painter, int(area.left() + 8), int(area.top() + 9), 18, 18)
        self._texts(painter, area.adjusted(34, 8, -(_BOX + 24), -6), row)
        if row.id and not current:
            self._check(painter, self.box(area), row.id)
        painter.restore()

    def _texts(self, painter: QPainter, area: QRectF, row: Row) -> None:
        strong, caption = self._theme.font("body"), self._theme.font("caption")
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(caption)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, row.when)
        taken = QFontMetricsF(caption).horizontalAdvance(row.when) + 8
        paint_text(painter, area, row.detail, caption, self._theme.color("secondary"), Qt.AlignmentFlag.AlignBottom)
        paint_text(painter, area.adjusted(0, 0, -taken, 0), row.name, strong, self._theme.color("text"),
                   Qt.AlignmentFlag.AlignTop, Qt.TextElideMode.ElideMiddle)  # fmt: skip

    def _check(self, painter: QPainter, box: QRectF, id: str) -> None:
        checked = id in self._model.book.overlaid
        colour = self._theme.color(self._model.book.colour(id) if checked else "border")
        painter.setPen(QPen(colour, 1.2))
        painter.setBrush(colour if checked else self._theme.color("field"))
        painter.drawRoundedRect(box, 4, 4)
        if checked:
            painter.setPen(QPen(self._theme.color("surface"), 2))
            corners = [QPointF(0.25, 0.52), QPointF(0.44, 0.7), QPointF(0.76, 0.32)]
            painter.drawPolyline([QPointF(box.left() + p.x() * _BOX, box.top() + p.y() * _BOX) for p in corners])

    def editorEvent(self, event, model, option, index) -> bool:
        if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            area = QRectF(option.rect).adjusted(4, 2, -4, -2)
            if self.box(area).adjusted(-8, -8, 8, 8).contains(event.position()):
                return toggle(model, index)
        return False


def toggle(model: QAbstractListModel, index: QModelIndex) -> bool:
    """Check or uncheck a row."""
    checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    state = Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked
    return model.setData(index, state, Qt.ItemDataRole.CheckStateRole)


class RunHistory(QListView):
    """`opened` tells the run of a row that was clicked or on which Enter was pressed; Space lays it over."""

    opened = Signal(object)

    def __init__(self, theme: Theme, book: RunBook, actions: Callable[[RunState], list[tuple[str, Callable]]]) -> None:
        """actions: what a right click offers for a run, as (text, what to do); None in the list is a rule."""
        super().__init__()
        self.setObjectName("run-history")
        self.setAccessibleName("Runs of this workspace")
        self.setMouseTracking(True)
        self.history = HistoryModel(book)
        self._actions = actions
        self._painter = _RowPainter(theme, self.history)
        self.setModel(self.history)
        self.setItemDelegate(self._painter)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._offer)
        theme.changed.connect(self.viewport().update)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._count_on)
        self.setToolTip("Click opens a run; its box lays its curves over the run that is shown.")

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._clock.start()

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._clock.stop()

    def _count_on(self) -> None:
        """Runs that train count their steps; the list shows it once a second, and only while it is seen."""
        if self.history.book.live():
            self.history.refresh()

    def mouseReleaseEvent(self, event) -> None:
        before = list(self.history.book.overlaid)
        index = self.indexAt(event.position().toPoint())
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and before == self.history.book.overlaid:
            self.opened.emit(self.state_of(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.opened.emit(self.state_of(index))
        elif index.isValid() and event.key() == Qt.Key.Key_Space:
            toggle(self.history, index)
        else:
            super().keyPressEvent(event)

    def state_of(self, index: QModelIndex) -> RunState:
        """The run of a row, with its curves."""
        run = self.history.run(index)
        return run if isinstance(run, RunState) else self.history.book.state(run.id)

    def _offer(self, place) -> None:
        index = self.indexAt(place)
        if not index.isValid():
            return
        menu = QMenu(self)
        for text, act in self._actions(self.state_of(index)):
            menu.addAction(text, act) if text else menu.addSeparator()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(place))
