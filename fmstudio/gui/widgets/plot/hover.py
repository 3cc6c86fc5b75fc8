"""The crosshair of a plot and the card beside it that tells every curve's value there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.curve import Curve
from fmstudio.gui.widgets.plot.notation import compact, precise
from fmstudio.gui.widgets.plot.scale import View

_PAD, _ROW, _SWATCH = 8.0, 18.0, 14.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One curve's value at the cursor."""

    title: str
    text: str
    colour: str
    dashed: bool
    point: QPointF | None


def nearest(x: np.ndarray, value: float) -> int:
    """The index of the entry of ascending `x` that is closest to `value`."""
    right = int(np.searchsorted(x, value))
    if right == 0:
        return 0
    if right == len(x):
        return len(x) - 1
    return right if x[right] - value < value - x[right - 1] else right - 1


def reading(curve: Curve, at: float, view: View, logarithmic: bool) -> Reading | None:
    """A curve's point nearest to `at`; None where it has none or a gap."""
    if not len(curve.x):
        return None
    index = nearest(curve.x, at)
    x, y = float(curve.x[index]), float(curve.main[index])
    if not np.isfinite(y):
        return None
    # Another place than the one pointed at is told: validations are far apart.
    elsewhere = abs(x - at) > 0.01 * (view.x.high - view.x.low)
    title = f"{curve.title} at {compact(x)}" if elsewhere else curve.title
    point = view.place(x, y)
    dot = point if view.area.contains(point) else None
    return Reading(title, precise(10.0**y if logarithmic else y), curve.colour, curve.dashed, dot)


def told(heading: str, readings: Sequence[Reading]) -> str:
    """Readings in words, line by line."""
    return "\n".join([heading, *(f"{each.title}  {each.text}" for each in readings)])


class Crosshair(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph tells no types
    """A hairline at the cursor, a dot on each curve, and a card of readings that keeps clear of the cursor."""

    def __init__(self, box: pg.ViewBox, theme: Theme) -> None:
        super().__init__()
        self._box, self._theme = box, theme
        self._at: float | None = None
        self._heading = ""
        self._readings: list[Reading] = []
        self.setParentItem(box)
        self.setZValue(100)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_at(self, x: float | None, heading: str, readings: list[Reading]) -> None:
        """Stand at pixel `x` with these readings, or go away for None."""
        self._at, self._heading, self._readings = x, heading, readings
        self.update()

    @property
    def text(self) -> str:
        """What the card says, line by line."""
        return told(self._heading, self._readings) if self._at is not None else ""

    def boundingRect(self) -> QRectF:
        """The view box."""
        return self._box.boundingRect()

    def paint(self, painter: QPainter, *_: object) -> None:
        """The line, the dots, the card."""
        if self._at is None:
            return
        area = self.boundingRect()
        painter.setPen(QPen(self._theme.color("border"), 1))
        painter.drawLine(QPointF(self._at, area.top()), QPointF(self._at, area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for each in self._readings:
            if each.point is not None:
                painter.setPen(QPen(self._theme.color("surface"), 2))
                painter.setBrush(self._theme.color(each.colour))
                painter.drawEllipse(each.point, 4.5, 4.5)
        self._card(painter, area, self._at)

    def _card(self, painter: QPainter, area: QRectF, at: float) -> None:
        font, bold = self._theme.font("caption"), self._theme.font("caption")
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        line = max(_ROW, metrics.height())
        titles = max((metrics.horizontalAdvance(r.title) for r in self._readings), default=0.0)
        values = max((metrics.horizontalAdvance(r.text) for r in self._readings), default=0.0)
        width = max(_SWATCH + titles + 16 + values, metrics.horizontalAdvance(self._heading)) + 2 * _PAD
        card = QRectF(0, area.top() + 4, width, line * (1 + len(self._readings)) + 2 * _PAD - 4)
        card.moveLeft(at + 12 if at + 16 + width < area.right() else at - 12 - width)
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.setBrush(self._theme.color("surface", 0.95))
        painter.drawRoundedRect(card, 6, 6)
        row = QRectF(card.left() + _PAD, card.top() + _PAD - 2, width - 2 * _PAD, line)
        painter.setFont(font)
        painter.setPen(self._theme.color("secondary"))
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, self._heading)
        for each in self._readings:
            row.translate(0, line)
            self._row(painter, row, each, font, bold)

    def _row(self, painter: QPainter, row: QRectF, each: Reading, font: QFont, bold: QFont) -> None:
        draw_swatch(painter, QPointF(row.left(), row.center().y()), self._theme.color(each.colour), each.dashed)
        painter.setPen(self._theme.color("text"))
        painter.setFont(font)
        painter.drawText(row.adjusted(_SWATCH + 4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, each.title)
        painter.setFont(bold)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, each.text)


def draw_swatch(painter: QPainter, left: QPointF, colour: QColor, dashed: bool) -> None:
    """A short piece of a curve's line, as legends show it."""
    pen = QPen(colour, 2.5)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:
        pen.setDashPattern([2.0, 1.2])
    painter.setPen(pen)
    painter.drawLine(left, left + QPointF(_SWATCH, 0))
