"""A chart on axes: numbers and titles where they always are, a legend above where several things are to be told apart.

It paints without a scene, which costs a fraction of one, so that such a chart follows a dragging hand. Curves that
grow, are zoomed and moved are a `LivePlot`.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.chart import Chart
from fmstudio.gui.widgets.plot.legend import LegendEntry, legend_width, paint_legend
from fmstudio.gui.widgets.plot.scale import Scale, View

_TOP, _RIGHT = 8, 12


class AxesChart(Chart):
    """Marks that follow each other from left to right have `spans`, (count, 2): where each begins and ends across.

    Charts with other marks say themselves how many there are and which is where.
    """

    upright_grid: ClassVar[bool] = False
    live: ClassVar[bool] = False
    """Whether new marks come many times a second: they are painted over axes that are kept while they stand still."""

    def __init__(self, theme: Theme, name: str, title: str, x: Scale, y: Scale, empty: str = "") -> None:
        super().__init__(theme, name, title, empty or "Nothing to show yet.")
        self.x_scale, self.y_scale = x, y
        self.spans = np.zeros((0, 2))
        self.legend: Sequence[LegendEntry] = ()
        self._filled = False
        self._laid_out: tuple[object, View] = (None, View(x, y, QRectF()))

    # What a subclass says.

    def draw_marks(self, painter: QPainter, view: View) -> None:
        """Paint the marks; what leaves the plane is cut off."""
        raise NotImplementedError

    def draw_pointer(self, painter: QPainter, view: View) -> None:
        """Show which mark is meant: a band from bottom to top."""
        left, right = view.across(self.spans[self.pointer])
        band = QRectF(left, view.area.top(), max(1.0, right - left), view.area.height())
        painter.fillRect(band, self.theme.color("text", 0.12))

    def fitted(self, area: QRectF) -> tuple[Scale, Scale]:
        """Both axes on a plane of this size."""
        return self.x_scale, self.y_scale

    # Marks with spans.

    @property
    def count(self) -> int:
        return len(self.spans)

    def mark_at(self, place: QPointF) -> int:
        view = self.view()
        if not view.area.contains(place):
            return -1
        along = view.values_at(place)[0]
        number = int(np.searchsorted(self.spans[:, 0], along, "right")) - 1
        return number if number >= 0 and along < self.spans[number, 1] else -1

    def anchor(self, number: int) -> QPointF:
        view = self.view()
        middle = float(view.across(self.spans[number].mean()))
        return QPointF(min(max(middle, view.area.left()), view.area.right()), view.area.top())

    # Where things are.

    def view(self) -> View:
        """The plane as it is shown now."""
        present = (self.x_scale, self.y_scale, self.size(), self.theme.text_size, len(self.legend))
        if self._laid_out[0] != present:
            view = View(self.x_scale, self.y_scale, QRectF())
            for _ in range(2):  # the axes depend on the room, and the room on the numbers beside it
                view = View(view.x, view.y, self._area(view))
                view = View(*self.fitted(view.area), view.area)
            self._laid_out = present, view
        return self._laid_out[1]

    def _area(self, view: View) -> QRectF:
        look = self.look
        top = _TOP + (look.line + 6 if len(self.legend) > 1 else 0)
        height = self.height() - top - self._beneath()
        left = look.beside(look.rows(view.y, height)) + (look.line + 2 if view.y.title else 0)
        return QRectF(left, top, max(1.0, self.width() - left - _RIGHT), max(1.0, height))

    def _beneath(self) -> float:
        look = self.look
        return (look.line + 8 if self.x_scale.marks != () else 6) + (look.line + 2 if self.x_scale.title else 0)

    def minimumSizeHint(self) -> QSize:
        """As small as its numbers, beneath each other and beside each other, can still be read."""
        look = self.look
        height = _TOP + (look.line + 6 if len(self.legend) > 1 else 0) + 3.5 * look.line + self._beneath()
        return QSize(*self.least).expandedTo(QSize(round(15 * look.line), round(height)))

    # Painting.

    def refresh(self) -> None:
        kept, before = self._picture, self._laid_out[1]
        super().refresh()
        if self.live and self._filled and self.count and self.view() is before:
            self._picture = kept
        self._filled = self.count > 0

    def draw(self, painter: QPainter) -> None:
        self._paint_axes(painter, self.view())
        if not self.live:
            self._paint_content(painter)

    def draw_over(self, painter: QPainter) -> None:
        if self.live:
            self._paint_content(painter)
        if self.pointer >= 0:
            self.draw_pointer(painter, self.view())

    def _paint_content(self, painter: QPainter) -> None:
        """The legend and the marks."""
        view, look, entries = self.view(), self.look, self.legend
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(entries) > 1:
            # Above the plane where it fits there, else from the left edge on.
            left = max(4.0, min(view.area.left(), view.area.right() - legend_width(look, entries)))
            paint_legend(painter, self.theme, look, entries, QRectF(left, 4, view.area.right() - left, look.line + 4))
        painter.save()
        painter.setClipRect(view.area.adjusted(-1, -1, 1, 1))
        self.draw_marks(painter, view)
        painter.restore()

    def _paint_axes(self, painter: QPainter, view: View) -> None:
        area, look = view.area, self.look
        look.paint_rows(painter, area, look.rows(view.y, area.height()))
        look.paint_columns(painter, area, look.columns(view.x, area.width()), self.upright_grid)
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
