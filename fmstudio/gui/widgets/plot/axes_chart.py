"""A chart on axes: numbers and titles where they always are, a legend above where there are several things to tell apart.

It paints without a scene: a redraw by hand costs a few tenths of a millisecond, so that such a chart follows a dragging
hand. Curves that grow, are zoomed and moved are a `LivePlot`.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axis import Look
from fmstudio.gui.widgets.plot.chart import Chart
from fmstudio.gui.widgets.plot.legend import Entry, paint_legend
from fmstudio.gui.widgets.plot.scale import Scale, View

_TOP, _RIGHT = 8, 12


class AxesChart(Chart):
    """Marks that follow each other from left to right lie between `edges`; other charts find theirs by `mark_at`."""

    upright_grid: ClassVar[bool] = False

    def __init__(self, theme: Theme, name: str, title: str, x: Scale, y: Scale, empty: str = "") -> None:
        super().__init__(theme, name, title, empty)
        self.x, self.y = x, y
        self.edges: np.ndarray = np.zeros(0)
        self._laid_out: tuple[object, View] = (None, View(x, y, QRectF()))

    # What a subclass says.

    def draw_marks(self, painter: QPainter, view: View) -> None:
        """Paint the marks; what leaves the plane is cut off."""
        raise NotImplementedError

    def draw_cursor(self, painter: QPainter, view: View) -> None:
        """Show which mark is meant: a band from bottom to top."""
        left, right = view.across(self.edges[self.cursor : self.cursor + 2])
        band = QRectF(left, view.area.top(), max(1.0, right - left), view.area.height())
        painter.fillRect(band, self.theme.color("text", 0.12))

    def legend(self) -> Sequence[Entry]:
        """What is to be told apart."""
        return ()

    def fitted(self, area: QRectF) -> tuple[Scale, Scale]:
        """Both axes on a plane of this size."""
        return self.x, self.y

    # Marks between edges.

    @property
    def count(self) -> int:
        return max(0, len(self.edges) - 1)

    def mark_at(self, place: QPointF) -> int:
        view = self.view()
        if not view.area.contains(place):
            return -1
        number = int(np.searchsorted(view.across(self.edges), place.x(), "right")) - 1
        return number if 0 <= number < self.count else -1

    def anchor(self, number: int) -> QPointF:
        view = self.view()
        return QPointF(float(view.across(self.edges[number])), view.area.top())

    # Where things are.

    def view(self) -> View:
        """The plane as it is shown now."""
        present = (self.x, self.y, self.size(), self.theme.text_size, len(self.legend()))
        if self._laid_out[0] != present:
            look, view = Look.of(self.theme), View(self.x, self.y, QRectF())
            for _ in range(2):  # the axes depend on the room, and the room on the numbers beside it
                view = View(view.x, view.y, self._area(look, view))
                view = View(*self.fitted(view.area), view.area)
            self._laid_out = present, view
        return self._laid_out[1]

    def _area(self, look: Look, view: View) -> QRectF:
        top = _TOP + (look.line + 6 if len(self.legend()) > 1 else 0)
        height = self.height() - top - self._beneath(look)
        left = look.beside(view.y, look.rows(view.y, height)) + (look.line + 2 if view.y.title else 0)
        return QRectF(left, top, max(1.0, self.width() - left - _RIGHT), max(1.0, height))

    def _beneath(self, look: Look) -> float:
        return look.line + 8 + (look.line + 2 if self.x.title else 0)

    def minimumSizeHint(self) -> QSize:
        """As small as its numbers, beneath each other and beside each other, can still be read."""
        look = Look.of(self.theme)
        height = _TOP + (look.line + 6 if len(self.legend()) > 1 else 0) + 3.5 * look.line + self._beneath(look)
        return QSize(*self.least).expandedTo(QSize(round(15 * look.line), round(height)))

    # Painting.

    def draw(self, painter: QPainter) -> None:
        view, look = self.view(), Look.of(self.theme)
        self._paint_axes(painter, view, look)
        entries = self.legend()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(entries) > 1:
            room = QRectF(view.area.left(), 4, view.area.width(), look.line + 4)
            paint_legend(painter, look, entries, room, Qt.AlignmentFlag.AlignLeft)
        painter.save()
        painter.setClipRect(view.area.adjusted(-1, -1, 1, 1))
        self.draw_marks(painter, view)
        painter.restore()
        if self.cursor >= 0:
            self.draw_cursor(painter, view)

    def _paint_axes(self, painter: QPainter, view: View, look: Look) -> None:
        area = view.area
        look.paint_rows(painter, area, view.y, look.rows(view.y, area.height()))
        look.paint_columns(painter, area, view.x, look.columns(view.x, area.width()), self.upright_grid)
        painter.setPen(look.text)
        centre = Qt.AlignmentFlag.AlignCenter
        if view.x.title:
            beneath = QRectF(area.left(), self.height() - look.line - 2, area.width(), look.line)
            painter.drawText(beneath, centre, _shortened(look.metrics, view.x.title, area.width()))
        if view.y.title:
            painter.save()
            painter.translate(0, area.center().y())
            painter.rotate(-90)
            beside = QRectF(-area.height() / 2, 0, area.height(), look.line)
            painter.drawText(beside, centre, _shortened(look.metrics, view.y.title, area.height()))
            painter.restore()


def _shortened(metrics: QFontMetricsF, text: str, room: float) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
