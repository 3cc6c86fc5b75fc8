"""How bright the pixels of a dataset are: a curve for each channel."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QPainter

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.curve import line_pen
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.legend import LegendEntry
from fmstudio.gui.widgets.plot.marks import line, touching
from fmstudio.gui.widgets.plot.scale import Scale, View

_TOKENS = {"red": "error", "green": "success", "blue": "accent"}
_VALUES = np.arange(256)


class ChannelHistogram(AxesChart):
    """Shares of all pixels by value, 0 to 255. The share axis is logarithmic: white grounds dwarf the rest."""

    hint, least = (420, 220), (240, 180)

    def __init__(self, theme: Theme, name: str) -> None:
        across = Scale(0, 255, "value, 0 dark to 255 bright", marks=(0, 64, 128, 192, 255))
        up = Scale(1e-4, 1.0, "share of pixels", written=_percent, logarithmic=True)
        super().__init__(theme, name, "Histogram of brightness by channel", across, up,
                         "Curves appear when the pictures have been looked at.")  # fmt: skip
        self.shares: dict[str, np.ndarray] = {}

    def show_counts(self, histograms: Mapping[str, Sequence[int]]) -> None:
        """Show how many pixels have each of the 256 values, channel by channel."""
        self.shares = {name: np.asarray(counts) / (sum(counts) or 1) for name, counts in histograms.items()}
        self.spans, self.pointer = touching(np.arange(257) - 0.5)[: 256 if self.shares else 0], -1
        found = np.concatenate([share[share > 0] for share in self.shares.values()] or [np.zeros(0)])
        lowest = math.floor(math.log10(found.min())) if len(found) else -4
        self.y_scale = replace(self.y_scale, low=10.0 ** min(-1, max(-4, lowest)))
        self.legend = [LegendEntry(name.capitalize(), _TOKENS.get(name, "text")) for name in self.shares]
        self.refresh()

    def describe(self, number: int) -> str:
        parts = [f"{name} {_percent(shares[number])}" for name, shares in self.shares.items()]
        return f"Value {number}: " + ", ".join(parts)

    def summary(self) -> str:
        most = {name: int(np.argmax(shares)) for name, shares in self.shares.items()}
        return "; ".join(f"{name}: most often {n}, {_percent(self.shares[name][n])}" for name, n in most.items())

    def table(self) -> Table:
        return Table(["value", *self.shares], list(zip(_VALUES, *self.shares.values(), strict=True)))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        for name, shares in self.shares.items():
            painter.setPen(line_pen(self.theme.color(_TOKENS.get(name, "text")), 1.5))
            painter.drawPolyline(line(view, _VALUES, np.maximum(shares, self.y_scale.low)))


def _percent(share: float) -> str:
    """A share in per cent with as many figures as it needs: 12 %, 0.03 %."""
    percent = 100 * share
    if percent >= 10 or percent <= 0:
        return f"{percent:.0f} %"
    return f"{float(f'{percent:.1g}'):.{max(0, -math.floor(math.log10(percent)))}f} %"
