"""What the discriminator says of real and of generated pictures: two histograms over each other on one axis."""

from dataclasses import replace

import numpy as np
from PySide6.QtGui import QPainter

from fmstudio.gui import formatting
from fmstudio.gui.runs.scores import Scores
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.curve import line_pen
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.legend import LegendEntry
from fmstudio.gui.widgets.plot.marks import steps, touching
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.scale import Scale, View
from fmstudio.gui.widgets.plot.ticks import outward

FEWEST, MOST = 8, 28  # bins
_LEAST_FILLED = 0.5
SIDES = ("real", "generated")


def histograms(scores: Scores, low: float, high: float) -> dict[str, np.ndarray]:
    """The share of each side's pictures in each bin, of which there are as many as so few pictures can fill.

    What lies beyond the ends counts in the last one.
    """
    found = {}
    bins = int(np.clip(2 * np.sqrt(min(len(scores.real), len(scores.generated))), FEWEST, MOST))
    for side in SIDES:
        values = getattr(scores, side)
        counts, _ = np.histogram(np.clip(values, low, high), bins, (low, high))
        found[side] = counts / max(1, len(values))
    return found


class ScoresView(AxesChart):
    """Repaints when new scores come. Its axis stands still while they fill most of it, so that bars do not jump."""

    least, live = (240, 130), True

    def __init__(self, theme: Theme) -> None:
        up = Scale(title="share of pictures", written=lambda share: f"{compact(round(100 * share, 2))} %")
        super().__init__(theme, "gan-scores", "Histograms of the discriminator's scores", Scale(), up,
                         "Scores appear while a run trains, and with each step you take below.")  # fmt: skip
        self.scores: Scores | None = None
        self.shares: dict[str, np.ndarray] = {}

    def show_scores(self, scores: Scores | None) -> None:
        """Show what the discriminator says now, or that nothing is known."""
        fresh = self.scores is None
        if scores is not None and len(scores.real) and len(scores.generated):
            self.scores = scores
            means = {side: f"{self._mean(side):.2f}".replace("-", "−") for side in SIDES}
            self.legend = [
                LegendEntry(f"{side.capitalize()} · mean {means[side]}", side, filled=True) for side in SIDES
            ]
            self._fit(scores, fresh)
            self.shares = histograms(scores, self.x_scale.low, self.x_scale.high)
            highest = max(float(share.max()) for share in self.shares.values())
            if fresh or not _LEAST_FILLED * self.y_scale.high <= highest <= self.y_scale.high:
                self.y_scale = replace(self.y_scale, high=outward(0.0, max(highest, 0.05))[1])
            self.spans = touching(np.linspace(self.x_scale.low, self.x_scale.high, len(self.shares["real"]) + 1))
        else:
            self.scores, self.shares, self.spans = None, {}, self.spans[:0]
        self.refresh()

    def _fit(self, scores: Scores, fresh: bool) -> None:
        both = np.concatenate((scores.real, scores.generated))
        both = both[np.isfinite(both)]
        low, high = map(float, np.percentile(both, (0.5, 99.5))) if len(both) else (0.0, 1.0)
        beyond = low < self.x_scale.low or high > self.x_scale.high
        if fresh or beyond or high - low < _LEAST_FILLED * (self.x_scale.high - self.x_scale.low):
            low, high = outward(low, high)
        else:
            low, high = self.x_scale.low, self.x_scale.high
        title = f"score of the latest {len(scores.real)} pictures (higher: taken for real)"
        self.x_scale = replace(self.x_scale, low=low, high=high, title=title)

    def _mean(self, side: str) -> float:
        return float(getattr(self.scores, side).mean())

    def summary(self) -> str:
        """Both means and how well the sides are told apart, in words."""
        if self.scores is None:
            return ""
        real, generated = (formatting.number(self._mean(side)) for side in SIDES)
        told = formatting.share(self.scores.told_apart)
        return f"Mean score of real pictures {real}, of generated ones {generated}; told apart {told} of the time."

    def describe(self, number: int) -> str:
        low, high = (compact(round(float(edge), 3)) for edge in self.spans[number])
        shares = (f"{side} {100 * self.shares[side][number]:.1f} %" for side in SIDES)
        return f"Score {low} to {high}: {', '.join(shares)}"

    def table(self) -> Table:
        rows = zip(*self.spans.T, *(self.shares[side] for side in SIDES), strict=True)
        return Table(["from", "to", *SIDES], list(rows))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        """Bars as one area under a stepped line; both are seen where they overlap. Generated has a dashed edge."""
        painter.setClipRect(view.area.adjusted(0, 0, 0, -1))  # no line where there are no pictures
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # nothing is aslant here
        for side in SIDES:
            painter.setPen(line_pen(self.theme.color(side), dashed=side == "generated"))
            painter.setBrush(self.theme.color(side, 0.32))
            painter.drawPolygon(steps(view, self.spans, self.shares[side]))
