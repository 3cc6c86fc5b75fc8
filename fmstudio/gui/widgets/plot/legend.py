"""The line above a plot: what is measured and in which unit, and what each curve is where there are several."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.curve import Curve
from fmstudio.gui.widgets.plot.hover import draw_swatch


class PlotHeading(QWidget):
    """Title and unit at the left, the legend at the right. Entries that do not fit are counted instead of cut off."""

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

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.theme.font("caption")
        metrics = QFontMetricsF(font)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        area = QRectF(self.rect()).adjusted(12, 4, -12, 0)
        left = area.left() + self._title(painter, area, bold, font)
        painter.setFont(font)
        if self.entries:
            self._legend(painter, area, left + 16, metrics)
        elif self.latest:
            painter.setFont(bold)
            painter.setPen(self.theme.color("text"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.latest)

    def _title(self, painter: QPainter, area: QRectF, bold: QFont, font: QFont) -> float:
        """Draws title and unit; returns the width they take."""
        painter.setFont(bold)
        painter.setPen(self.theme.color("text"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.title)
        width = QFontMetricsF(bold).horizontalAdvance(self.title) + 6
        painter.setFont(font)
        painter.setPen(self.theme.color("secondary"))
        painter.drawText(area.adjusted(width, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.unit)
        return width + QFontMetricsF(font).horizontalAdvance(self.unit)

    def _legend(self, painter: QPainter, area: QRectF, left: float, metrics: QFontMetricsF) -> None:
        widths = [20 + metrics.horizontalAdvance(curve.title) + 14 for curve in self._entries]
        room, shown = area.right() - left, len(widths)
        while shown and sum(widths[:shown]) + (0 if shown == len(widths) else 60) > room:
            shown -= 1
        hidden = len(widths) - shown
        more = f"+ {hidden} more" if hidden else ""
        x = area.right() - sum(widths[:shown]) - (metrics.horizontalAdvance(more) if more else -14)
        for curve, width in zip(self._entries[:shown], widths, strict=False):
            draw_swatch(painter, QPointF(x, area.center().y()), self.theme.color(curve.colour), curve.dashed)
            painter.setPen(self.theme.color("secondary"))
            painter.drawText(
                QRectF(x + 20, area.top(), width, area.height()), Qt.AlignmentFlag.AlignVCenter, curve.title
            )
            x += width
        if more:
            painter.drawText(QRectF(x, area.top(), 100, area.height()), Qt.AlignmentFlag.AlignVCenter, more)
