"""Bars in order of size, the ones that count marked: KL for each latent dimension, or use of each code."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.marks import bars, draw_upright, touching
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.scale import Scale, View
from fmstudio.gui.widgets.plot.ticks import outward


class Bars(AxesChart):
    """`names` are what the bars are called; the first `marked` bars are in full colour, the rest grey."""

    hint, least = (420, 180), (240, 120)

    def __init__(self, theme: Theme, name: str, title: str, quantity: str, counted: str) -> None:
        """quantity: the title of the vertical axis; counted: what lies along the other, which bears no numbers."""
        across, up = Scale(title=counted, marks=()), Scale(title=quantity)
        super().__init__(theme, name, title, across, up)
        self.values: list[float] = []
        self.names: list[str] = []
        self.marked = 0

    def show_values(self, values: Sequence[float], names: Sequence[str], marked: int) -> None:
        """Show values in this order."""
        self.values, self.names, self.marked, self.pointer = list(values), list(names), marked, -1
        self.spans = touching(np.arange(len(values) + 1))
        self.x_scale = replace(self.x_scale, high=float(max(1, len(values))))
        self.y_scale = replace(self.y_scale, high=outward(0.0, max(values, default=1.0) or 1.0, parts=6)[1])
        self.refresh()

    def describe(self, number: int) -> str:
        return f"{self.names[number]}: {compact(self.values[number])} {self.y_scale.title}"

    def summary(self) -> str:
        return f"Largest: {self.describe(0)}" if self.values else ""

    def table(self) -> Table:
        return Table(["name", self.y_scale.title], list(zip(self.names, self.values, strict=True)))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for first, last, token, opacity in (
            (0, self.marked, "accent", 0.85),
            (self.marked, len(self.values), "secondary", 0.45),
        ):
            painter.setBrush(self.theme.color(token, opacity))
            painter.drawRects(bars(view, self.spans[first:last], self.values[first:last], gap=2.0))
        if 0 < self.marked < len(self.values):
            draw_upright(painter, view, self.marked, QPen(self.theme.color("secondary"), 1, Qt.PenStyle.DashLine))
