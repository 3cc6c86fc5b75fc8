"""How long the documents are: bars over bins of a logarithmic axis."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.marks import bars, touching
from fmstudio.gui.widgets.plot.scale import Scale, View


class Histogram(AxesChart):
    """One bar between two edges; there is one edge more than bins, and all are above 0."""

    hint, least = (480, 220), (240, 180)

    def __init__(self, theme: Theme, name: str, quantity: str, counted: str) -> None:
        """quantity: what lies along the axis ("characters"); counted: what is counted ("document")."""
        across = Scale(1, 10, f"Length ({quantity}, logarithmic)", logarithmic=True)
        super().__init__(theme, name, f"Histogram by {quantity}", across, Scale(whole=True),
                         "Bars appear when all have been counted.")  # fmt: skip
        self._quantity = quantity
        self.count_in(counted)
        self.counts: list[int] = []

    def count_in(self, counted: str) -> None:
        """What is counted is called so."""
        self._counted = counted
        self.y_scale = replace(self.y_scale, title=f"{counted.capitalize()}s")

    def show_counts(self, edges: Sequence[float], counts: Sequence[int]) -> None:
        """Show the number in each bin."""
        self.spans, self.counts, self.pointer = touching(edges), list(counts), -1
        if self.counts:
            self.x_scale = replace(self.x_scale, low=float(edges[0]), high=float(edges[-1]))
            self.y_scale = replace(self.y_scale, high=max(1.0, max(self.counts) * 1.05))
        self.refresh()

    def describe(self, number: int) -> str:
        low, high = self.spans[number]
        # The last bin includes its upper edge; the others end before it, and lengths are whole.
        high = max(low, high - 1)
        span = formatting.count(low) if low == high else f"{formatting.count(low)} to {formatting.count(high)}"
        return f"{formatting.plural(self.counts[number], self._counted)} of {span} {self._quantity}"

    def summary(self) -> str:
        return f"Most: {self.describe(int(np.argmax(self.counts)))}" if self.counts else ""

    def table(self) -> Table:
        return Table(["from", "to", f"{self._counted}s"], list(zip(*self.spans.T, self.counts, strict=True)))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("accent", 0.75))
        painter.drawRects(bars(view, self.spans, self.counts))
