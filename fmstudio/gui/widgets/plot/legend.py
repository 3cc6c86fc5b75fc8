"""What each curve or bar is, where there are several: the entries of a legend, and the line above a live plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axis import Look
from fmstudio.gui.widgets.plot.curve import Curve
from fmstudio.gui.widgets.plot.hover import draw_swatch

_BEFORE, _BETWEEN, _MORE = 20, 14, 60  # pixels: of the sample of a line, between entries, of "+ 3 more"


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several things to be told apart. filled: an area of this colour instead of a line."""

    title: str
    colour: QColor
    dashed: bool = False
    filled: bool = False


def paint_legend(
    painter: QPainter, look: Look, entries: Sequence[Entry], room: QRectF, side: Qt.AlignmentFlag
) -> None:
    """Entries beside each other at one side of a line. Those that do not fit are counted instead of cut off."""
    widths = [_BEFORE + look.metrics.horizontalAdvance(entry.title) + _BETWEEN for entry in entries]
    shown = len(widths)
    while shown and sum(widths[:shown]) + (-_BETWEEN if shown == len(widths) else _MORE) > room.width():
        shown -= 1
    more = f"+ {len(widths) - shown} more" if shown < len(widths) else ""
    x = room.left()
    if side == Qt.AlignmentFlag.AlignRight:
        end = look.metrics.horizontalAdvance(more) if more else -_BETWEEN
        x = room.right() - sum(widths[:shown]) - end
    line = Qt.AlignmentFlag.AlignVCenter
    for entry, width in zip(entries[:shown], widths, strict=False):
        if entry.filled:
            painter.fillRect(QRectF(x + 2, room.center().y() - 5, 10, 10), entry.colour)
        else:
            draw_swatch(painter, QPointF(x, room.center().y()), entry.colour, entry.dashed)
        painter.setPen(look.text)
        painter.drawText(QRectF(x + _BEFORE, room.top(), width, room.height()), line, entry.title)
        x += width
    if more:
        painter.setPen(look.text)
        painter.drawText(QRectF(x, room.top(), 100, room.height()), line, more)


class PlotHeading(QWidget):
    """Title and unit at the left, the legend at the right."""

    def __init__(self, theme: Theme, title: str, unit: str) -> None:
        super().__init__()
        self.theme, self.title, self.unit = theme, title, unit
        self._entries: list[Curve] = []
        self.latest = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(120, self.theme.size("caption") + 12)

    @property
    def entries(self) -> list[str]:
        """The titles in the legend: none for a single curve, which needs no telling apart."""
        return [curve.title for curve in self._entries] if len(self._entries) > 1 else []

    def set_entries(self, curves: list[Curve]) -> None:
        """Name these curves in the legend."""
        self._entries = curves
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
        painter, look = QPainter(self), Look.of(self.theme)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bold = self.theme.font("caption")
        bold.setWeight(QFont.Weight.DemiBold)
        area = QRectF(self.rect()).adjusted(12, 4, -12, 0)
        taken = self._title(painter, area, bold, look)
        rest = area.adjusted(taken + 16, 0, 0, 0)
        if self.entries:
            entries = [Entry(each.title, self.theme.color(each.colour), each.dashed) for each in self._entries]
            paint_legend(painter, look, entries, rest, Qt.AlignmentFlag.AlignRight)
        elif self.latest and QFontMetricsF(bold).horizontalAdvance(self.latest) <= rest.width():
            painter.setFont(bold)
            painter.setPen(self.theme.color("text"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.latest)

    def _title(self, painter: QPainter, area: QRectF, bold: QFont, look: Look) -> float:
        """Draws title and unit; returns the width they take."""
        painter.setFont(bold)
        painter.setPen(self.theme.color("text"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.title)
        width = QFontMetricsF(bold).horizontalAdvance(self.title) + 6
        painter.setFont(self.theme.font("caption"))
        painter.setPen(look.text)
        painter.drawText(area.adjusted(width, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.unit)
        return width + look.metrics.horizontalAdvance(self.unit)
