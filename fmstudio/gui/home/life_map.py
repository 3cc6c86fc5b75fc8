"""The life cycle as a loop: a card for each stage, joined by arrows, and an arrow back from the last to the first.

Two or three stages stand in one row, with the way back beneath. More stand in a ring: the first half above from left to
right, the second half below from right to left, so that the last stands under the first.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from fmstudio.gui.home.life_cycle import Stage
from fmstudio.gui.home.stage_card import StageCard
from fmstudio.gui.theme import Theme

_RETURN = 36
_ROW = 3
"""Stages that one row has room for."""


class LifeMap(QWidget):
    """wanted(panel, what): a card, what was made last there, or its step was clicked."""

    GAP = 40
    wanted = Signal(str, dict)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("life-map")
        self.setAccessibleName("Life cycle")
        self._theme = theme
        self._cards: dict[str, StageCard] = {}
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(self.GAP)

    def show_stages(self, stages: Sequence[Stage], current: str) -> None:
        """Show the stages; `current` is the one that the next step is in."""
        if list(self._cards) != [stage.panel for stage in stages]:
            self._build(stages)
        for stage in stages:
            self._cards[stage.panel].show_stage(stage, stage.panel == current)
        self.update()

    def card(self, name: str) -> StageCard:
        """The card of a stage."""
        return self._cards[name]

    def _build(self, stages: Sequence[Stage]) -> None:
        for card in self._cards.values():
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = {stage.panel: StageCard(stage, self._theme) for stage in stages}
        for (name, card), (row, column) in zip(self._cards.items(), _places(len(stages)), strict=True):
            card.clicked.connect(partial(self.wanted.emit, name, {}))
            card.wanted.connect(self.wanted)
            self._layout.addWidget(card, row, column)
        for column in range(self._layout.columnCount()):
            self._layout.setColumnStretch(column, int(any(column == place[1] for place in _places(len(stages)))))
        self._layout.setContentsMargins(0, 0, 0, _RETURN if 1 < len(stages) <= _ROW else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        cards = list(self._cards.values())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for before, after in pairwise(cards):
            self._arrow(painter, _between(before.geometry(), after.geometry()), before.done)
        if len(cards) > _ROW:
            self._arrow(painter, _between(cards[-1].geometry(), cards[0].geometry()), False)
        elif len(cards) > 1:
            first, last = cards[0].geometry(), cards[-1].geometry()
            low = last.bottom() + _RETURN - 8.0
            path = [QPointF(last.center().x(), last.bottom() + 6.0), QPointF(last.center().x(), low)]
            path += [QPointF(first.center().x(), low), QPointF(first.center().x(), first.bottom() + 6.0)]
            self._arrow(painter, path, False)

    def _arrow(self, painter: QPainter, points: list[QPointF], done: bool) -> None:
        painter.setPen(QPen(self._theme.color("accent" if done else "border"), 1.6, Qt.PenStyle.SolidLine))
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        tip, before = points[-1], points[-2]
        along = QPointF(_sign(tip.x() - before.x()), _sign(tip.y() - before.y()))
        across = QPointF(-along.y(), along.x())
        for side in (1, -1):
            painter.drawLine(tip, tip - along * 5 + across * 4 * side)


def _places(count: int) -> list[tuple[int, int]]:
    """Row and column of each stage."""
    if count <= _ROW:
        return [(0, column) for column in range(count)]
    half = (count + 1) // 2
    below = [round((half - 1) * (1 - number / (count - half - 1))) for number in range(count - half)]
    return [(0, column) for column in range(half)] + [(1, column) for column in below]


def _between(before: QRect, after: QRect) -> list[QPointF]:
    """An arrow's two ends in the gap between two cards that stand beside or above each other."""
    middle = QPointF(before.center())
    if before.top() == after.top():
        if after.left() > before.left():
            return [QPointF(before.right() + 6, middle.y()), QPointF(after.left() - 5, middle.y())]
        return [QPointF(before.left() - 5, middle.y()), QPointF(after.right() + 6, middle.y())]
    if after.top() > before.top():
        return [QPointF(middle.x(), before.bottom() + 6), QPointF(middle.x(), after.top() - 5)]
    return [QPointF(middle.x(), before.top() - 5), QPointF(middle.x(), after.bottom() + 6)]


def _sign(value: float) -> int:
    return (value > 0.5) - (value < -0.5)
