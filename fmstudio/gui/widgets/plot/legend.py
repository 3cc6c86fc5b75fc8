"""What each curve or bar is, where there are several: the entries of a legend, and the line above a live plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axis import Look
from fmstudio.gui.widgets.plot.curve import Curve
from fmstudio.gui.widgets.plot.hover import draw_swatch

_BEFORE, _BETWEEN = 20, 14  # pixels: of the sample of a line, and between entries


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One of several things to be told apart, in a colour of the theme. filled: an area of it instead of a line."""

    title: str
    colour: str
    opacity: float = 1.0
    dashed: bool = False
    filled: bool = False


def legend_width(look: Look, entries: Sequence[LegendEntry]) -> float:
    """The room in which all entries fit beside each other."""
    return sum(_BEFORE + look.metrics.horizontalAdvance(each.title) + _BETWEEN for each in entries) - _BETWEEN


def paint_legend(
    painter: QPainter, theme: Theme, look: Look, entries: Sequence[LegendEntry], room: QRectF,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:  # fmt: skip
    """Entries beside each other at one side of a line. Those that do not fit are counted instead of cut off."""
    shown, more = len(entries), ""
    while shown and legend_width(look, entries[:shown]) + look.metrics.horizontalAdvance(more) > room.width():
        shown -= 1
        more = f"  + {len(entries) - shown} more"
    taken = legend_width(look, entries[:shown]) + look.metrics.horizontalAdvance(more)
    x = room.right() - taken if side == Qt.AlignmentFlag.AlignRight else room.left()
    line = Qt.AlignmentFlag.AlignVCenter
    for entry in entries[:shown]:
        width = legend_width(look, [entry])
        if entry.filled:
            painter.fillRect(QRectF(x + 2, room.center().y() - 5, 10, 10), theme.color(entry.colour, entry.opacity))
        else:
            draw_swatch(painter, QPointF(x, room.center().y()), theme.color(entry.colour), entry.dashed)
        painter.setPen(look.text)
        painter.drawText(QRectF(x + _BEFORE, room.top(), width, room.height()), line, entry.title)
        x += width + _BETWEEN
    if more:
        painter.setPen(look.text)
        painter.drawText(QRectF(x - _BETWEEN, room.top(), room.right() - x + _BETWEEN + 2, room.height()), line, more)


class PlotHeading(QWidget):
    """Title and unit at the left, the legend at the right; beneath, where there is no room beside the title."""

    def __init__(self, theme: Theme, title: str, unit: str, beneath: bool = False) -> None:
        super().__init__()
        self.theme, self.title, self.unit, self._beneath = theme, title, unit, beneath
        self.restyle(Look.of(theme))
        self._entries: list[LegendEntry] = []
        self.latest = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def restyle(self, look: Look) -> None:
        """Take the colours and fonts of the theme."""
        self._look, self._bold = look, QFont(look.font)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """One line of text, or two."""
        return QSize(120, (2 if self._beneath and self.entries else 1) * (self.theme.size("caption") + 6) + 6)

    @property
    def entries(self) -> list[str]:
        """The titles in the legend: none for a single curve, which needs no telling apart."""
        return [entry.title for entry in self._entries] if len(self._entries) > 1 else []

    def set_entries(self, curves: list[Curve]) -> None:
        """Name these curves in the legend."""
        self._entries = [LegendEntry(curve.title, curve.colour, dashed=curve.dashed) for curve in curves]
        self.updateGeometry()
        self.update()

    def set_title(self, title: str, unit: str) -> None:
        """Say what is measured."""
        self.title, self.unit = title, unit
        self.update()

    def set_latest(self, text: str) -> None:
        """The newest value, shown at the right of a plot that has but one curve."""
        if text != self.latest:
            self.latest = text
            self.update()

    def paintEvent(self, _event: object) -> None:
        painter, look, bold = QPainter(self), self._look, self._bold
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(12, 4, -12, 0)
        newest = "" if self.entries else self.latest
        if self._beneath and self.entries:
            line = area.height() / 2
            paint_legend(painter, self.theme, look, self._entries, area.adjusted(0, line, 0, 0))
            area.setHeight(line)
        room = QFontMetricsF(bold).horizontalAdvance(newest) + 8 if newest else 0.0
        taken = self._title(painter, area.adjusted(0, 0, -room, 0), bold, look)
        if self.entries and not self._beneath:
            rest = area.adjusted(taken + 16, 0, 0, 0)
            paint_legend(painter, self.theme, look, self._entries, rest, Qt.AlignmentFlag.AlignRight)
        elif newest:
            painter.setFont(bold)
            painter.setPen(self.theme.color("text"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, newest)

    def _title(self, painter: QPainter, area: QRectF, bold: QFont, look: Look) -> float:
        """Draws title and unit, shortened where they do not fit; returns the width they take."""
        metrics, shorten = QFontMetricsF(bold), Qt.TextElideMode.ElideRight
        title = metrics.elidedText(self.title, shorten, area.width())
        painter.setFont(bold)
        painter.setPen(self.theme.color("text"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, title)
        width = metrics.horizontalAdvance(title) + 6
        rest = area.adjusted(width, 0, 0, 0)
        unit = look.metrics.elidedText(self.unit, shorten, max(0.0, rest.width()))
        painter.setFont(look.font)
        painter.setPen(look.text)
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, unit)
        return width + look.metrics.horizontalAdvance(unit)
