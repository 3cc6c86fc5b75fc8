"""The numbers of a run in a row of cells that never change their place or size."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme

_CELL = 7.4  # times the height of the text: as narrow as a number with its note can be
REPAINT_EVERY = 250  # milliseconds: faster than that nobody reads


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with what it is."""

    caption: str
    value: str
    note: str = ""


def facts_of(run: RunState | None) -> list[Fact]:
    """What a person asks of a run at a glance."""
    if run is None:
        return [Fact(caption, "–") for caption in ("Step", "Training loss", "Best validation", "Speed", "Time left")]
    name = next((name for name in run.series if name.startswith("loss/") and name != "loss/validation"), "")
    training, best = run.series.get(name), run.best
    loss = smoothed_last(training.values) if training is not None and len(training) else None
    whose = name.removeprefix("loss/").capitalize() or "Training"
    unit = "nats" if run.family == "language" else ""
    about = "about " if run.timed and run.live else ""
    steps = f"of {about}{formatting.count(run.steps)}" if run.steps else ""
    return [
        Fact("Step", formatting.count(run.step), steps),
        Fact(f"{whose} loss", formatting.number(loss, 4), unit),
        Fact("Best validation", formatting.number(best[1], 4) if best else "–", f"at {best[0]:,}" if best else ""),
        Fact("Speed", formatting.rate(*(run.rate or (None, f"{run.unit}/s")))),
        _time(run),
    ]


def smoothed_last(values: np.ndarray) -> float:
    """The mean of the last few values: a single batch's loss says little."""
    return float(values[-20:].mean())


def _time(run: RunState) -> Fact:
    if run.live and run.seconds_left is not None:
        return Fact("Time left", formatting.clock(run.seconds_left), "")
    return Fact("Training time", formatting.duration(run.seconds), "")


class RunFacts(QWidget):
    """Facts painted in equal cells: no layout is touched when a number changes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("run-facts")
        self.setAccessibleName("Facts of the run")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.facts: list[Fact] = facts_of(None)
        self._run: RunState | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REPAINT_EVERY)
        self._timer.timeout.connect(self.refresh)

    def sizeHint(self) -> QSize:
        """All beside each other."""
        return QSize(480, self._cell_height)

    def heightForWidth(self, width: int) -> int:
        """As many rows as it takes for each to be read."""
        return -(-len(self.facts) // self._columns(width)) * self._cell_height

    @property
    def _cell_height(self) -> int:
        """Of two lines."""
        return self._theme.size("caption") + self._theme.size("title") + 18

    def _columns(self, width: int) -> int:
        """As few as the least number of rows asks for."""
        fitting = max(1, int(width / (_CELL * self._theme.text_size)))
        return -(-len(self.facts) // -(-len(self.facts) // fitting))

    def set_run(self, run: RunState | None) -> None:
        """Show a run's numbers from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._touch)
        self._run = run
        if run is not None:
            run.changed.connect(self._touch)
        self.refresh()

    def _touch(self, what: str) -> None:
        if what == "status":
            self.refresh()
        elif not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Bring the numbers up to date."""
        facts = facts_of(self._run)
        if facts != self.facts:
            self.facts = facts
            self.setAccessibleDescription("; ".join(f"{fact.caption} {fact.value} {fact.note}" for fact in facts))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        columns, height = self._columns(self.width()), self._cell_height
        width = self.width() / columns
        for number, fact in enumerate(self.facts):
            row, column = divmod(number, columns)
            self._cell(painter, QRectF(column * width, row * height, width, height), fact)

    def _cell(self, painter: QPainter, cell: QRectF, fact: Fact) -> None:
        caption, value = self._theme.font("caption"), self._theme.font("section")
        value.setPixelSize(self._theme.size("section") + 2)
        top = QRectF(cell.left(), cell.top(), cell.width() - 8, caption.pixelSize() + 6)
        painter.setFont(caption)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(top, Qt.AlignmentFlag.AlignVCenter, fact.caption)
        row = QRectF(cell.left(), top.bottom() + 2, cell.width() - 8, value.pixelSize() + 10)
        painter.setFont(value)
        painter.setPen(self._theme.color("text"))
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, fact.value)
        left = painter.fontMetrics().horizontalAdvance(fact.value) + 6
        painter.setFont(caption)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(row.adjusted(left, 2, 0, 0), Qt.AlignmentFlag.AlignVCenter, fact.note)
