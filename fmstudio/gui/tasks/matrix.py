"""Who can do what: a row for each model, a column for each task, in each cell the share that is right with how sure
one can be."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui import formatting
from fmstudio.gui.tasks.jobs import BASE
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.chart import Chart
from fmstudio.gui.widgets.plot.export import Table

_NAMES = 0.22  # of the width: the column with the models' names
_INDENT = 8
_FIGURES = ("right", "of", "share", "low", "high", "difference", "difference_low", "difference_high")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TaskMatrix(Chart):
    """`chosen` tells (who, task) of a cell that was clicked, or on which Enter was pressed, and that has answers."""

    chosen = Signal(str, str)
    hint, least = (640, 320), (480, 240)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "task-matrix", "Who can do what", empty="")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.found: Mapping[str, Any] = {"tasks": [], "models": [], "doing": ""}
        self.marked: tuple[str, str] | None = None
        self._cells: dict[tuple[str, str], Mapping[str, Any]] = {}

    def show_table(self, found: Mapping[str, Any]) -> None:
        """Show a table."""
        self.found = found
        self._cells = {(cell["who"], cell["task"]): cell for cell in found["cells"]}
        self.updateGeometry()
        self.refresh()

    def mark(self, who: str, task: str) -> None:
        """Frame the cell whose answers are shown."""
        self.marked = (who, task)
        self.refresh()

    # What a chart says.

    @property
    def count(self) -> int:
        return len(self.found["models"]) * len(self.found["tasks"])

    def key_of(self, number: int) -> tuple[str, str]:
        """The model and the task of a cell."""
        row, column = divmod(number, len(self.found["tasks"]))
        return self.found["models"][row]["who"], self.found["tasks"][column]["name"]

    def describe(self, number: int) -> str:
        who, task = self.key_of(number)
        title = next(each["title"] for each in self.found["tasks"] if each["name"] == task)
        cell = self._cells.get((who, task))
        return f"{self._name(who)}, {title}: {self._state(who, task) if cell is None else words_of(cell)}"

    def summary(self) -> str:
        return "; ".join(self.describe(number) for number in range(self.count) if self.key_of(number) in self._cells)

    def table(self) -> Table:
        rows = [(self._name(who), task, *(cell.get(name) for name in _FIGURES))
                for (who, task), cell in self._cells.items()]  # fmt: skip
        return Table(["model", "task", *_FIGURES], rows)

    def press(self, number: int) -> None:
        if self.key_of(number) in self._cells:
            self.chosen.emit(*self.key_of(number))

    def neighbour(self, key: int) -> int:
        columns = len(self.found["tasks"])
        steps: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns,
                                 Qt.Key.Key_Down: columns}  # fmt: skip
        if key not in steps:
            return super().neighbour(key)
        if self.pointer < 0:
            return 0
        wanted = self.pointer + steps[key]
        return wanted if 0 <= wanted < self.count else self.pointer

    # Where things are.

    @property
    def head(self) -> float:
        """The height of the line of titles."""
        return self.line() + 14

    def row_height(self) -> float:
        """The height of each row: two lines of text around a track."""
        return 3 * self.line() + 30

    def place(self, number: int) -> QRectF:
        """Where a cell is."""
        row, column = divmod(number, len(self.found["tasks"]))
        names = _NAMES * self.width()
        wide = (self.width() - names) / len(self.found["tasks"])
        return QRectF(names + column * wide, self.head + row * self.row_height(), wide, self.row_height())

    def mark_at(self, place: QPointF) -> int:
        return next((number for number in range(self.count) if self.place(number).contains(place)), -1)

    def anchor(self, number: int) -> QPointF:
        return self.place(number).bottomLeft()

    def sizeHint(self) -> QSize:
        return QSize(self.hint[0], round(self.head + max(1, len(self.found["models"])) * self.row_height()) + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.least[0], self.sizeHint().height())

    # Painting.

    def draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.theme.color("secondary"))
        for column, task in enumerate(self.found["tasks"]):
            place = self.place(column)
            self._text(painter, QRectF(place.left() + 12, 0, place.width() - 24, self.head), task["title"])
        for row, model in enumerate(self.found["models"]):
            self._draw_name(painter, model, self.place(row * len(self.found["tasks"])))
        for number in range(self.count):
            self._draw_cell(painter, number)

    def _draw_name(self, painter: QPainter, model: Mapping[str, Any], beside: QRectF) -> None:
        painter.setPen(QPen(self.theme.color("hairline"), 1))
        painter.drawLine(QPointF(0, beside.top() + 0.5), QPointF(self.width(), beside.top() + 0.5))
        area = QRectF(_INDENT, beside.top() + 10, beside.left() - _INDENT - 12, self.line() + 4)
        painter.setFont(self.theme.font("strong"))
        painter.setPen(self.theme.color("text" if model["model"] else "secondary"))
        self._text(painter, area, self._name(model["who"]))
        painter.setFont(self.look.font)
        painter.setPen(self.theme.color("secondary"))
        what = "The base" if model["who"] == BASE else "Adapter" if model["model"] else "No adapter yet"
        self._text(painter, area.translated(0, self.line() + 6), what)

    def _draw_cell(self, painter: QPainter, number: int) -> None:
        (who, task), place = self.key_of(number), self.place(number)
        inner = place.adjusted(4, 5, -4, -4)
        if who == task:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("accent_soft"))
            painter.drawRoundedRect(inner, 6, 6)
        if self.marked == (who, task):
            painter.setPen(QPen(self.theme.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(inner, 6, 6)
        area = place.adjusted(12, 9, -12, -8)
        cell = self._cells.get((who, task))
        if cell is None:
            painter.setFont(self.look.font)
            painter.setPen(self.theme.color("secondary"))
            self._text(painter, area, self._state(who, task))
            return
        line = QRectF(area.left(), area.top(), area.width(), self.line() + 2)
        painter.setFont(self.theme.font("strong"))
        painter.setPen(self.theme.color("text"))
        self._text(painter, line, formatting.share(cell["share"]))
        painter.setFont(self.look.font)
        painter.setPen(self.theme.color("secondary"))
        self._text(painter, line, f"{cell['right']:,} of {cell['of']:,}", _RIGHT)
        self._draw_track(painter, QRectF(area.left() + 5, line.bottom() + 8, area.width() - 10, 4), cell, task)
        below = QRectF(area.left(), line.bottom() + 18, area.width(), self.line() + 2)
        painter.setPen(self.theme.color(token_of(cell)))
        gain = gain_of(cell)
        if painter.fontMetrics().horizontalAdvance(gain) > below.width():
            gain = gain.replace(" points", "")  # a number is never cut
        self._text(painter, below, gain or "without an adapter")

    def _draw_track(self, painter: QPainter, track: QRectF, cell: Mapping[str, Any], task: str) -> None:
        """From 0 to 100 %: a dot, a bar as long as the interval, and a stroke where the base is."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("pressed"))
        painter.drawRoundedRect(track, 2, 2)

        def at(share: float) -> float:
            return track.left() + share * track.width()

        token = "secondary" if cell["who"] == BASE else "accent"
        painter.setBrush(self.theme.color(token, 0.45))
        painter.drawRoundedRect(QRectF(at(cell["low"]), track.top(), at(cell["high"]) - at(cell["low"]), 4), 2, 2)
        painter.setBrush(self.theme.color(token))
        painter.drawEllipse(QPointF(at(cell["share"]), track.center().y()), 5, 5)
        base = self._cells.get((BASE, task))
        if base is not None and cell["who"] != BASE:
            painter.setPen(QPen(self.theme.color("secondary"), 2))
            x = at(base["share"])
            painter.drawLine(QPointF(x, track.top() - 4), QPointF(x, track.bottom() + 4))

    def draw_over(self, painter: QPainter) -> None:
        if self.pointer >= 0:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("text", 0.06))
            painter.drawRoundedRect(self.place(self.pointer).adjusted(4, 5, -4, -4), 6, 6)

    def _text(self, painter: QPainter, area: QRectF, text: str, align: Qt.AlignmentFlag = _LEFT) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, align, shown)

    # Words.

    def _name(self, who: str) -> str:
        model = next(each for each in self.found["models"] if each["who"] == who)
        return str(model["model"] or who)

    def _state(self, who: str, task: str) -> str:
        """What is to be said of a cell without answers."""
        if self.found["doing"] == f"{who}/{task}":
            return "answering…"
        return "being trained…" if self.found["doing"] == who == task else "not asked yet"


def gain_of(cell: Mapping[str, Any]) -> str:
    """How much better an adapter is than the base, in points of 100; "" for the base."""
    if cell["difference"] is None:
        return ""
    found = [_signed(cell[name]) for name in ("difference", "difference_low", "difference_high")]
    return f"{found[0]} points ({found[1]} to {found[2]})"


def _signed(part: float) -> str:
    """A part of a whole in points of 100 with its sign, none for 0."""
    points = round(100 * part)
    return f"{points:+d}".replace("-", "\N{MINUS SIGN}") if points else "0"


def token_of(cell: Mapping[str, Any]) -> str:
    """The colour of that: the interval lies above zero, below it, or holds it."""
    if cell["difference"] is None:
        return "secondary"
    return "success" if cell["difference_low"] > 0 else "error" if cell["difference_high"] < 0 else "secondary"


def words_of(cell: Mapping[str, Any]) -> str:
    """A cell in words."""
    low, high = formatting.share(cell["low"]), formatting.share(cell["high"])
    told = f"{cell['right']:,} of {cell['of']:,} right, {formatting.share(cell['share'])} ({low} to {high})"
    gain = gain_of(cell)
    if not gain:
        return told
    return f"{told}\n{gain} against the base: {cell['gained']:,} gained, {cell['lost']:,} lost"
