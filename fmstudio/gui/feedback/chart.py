"""A small chart over time: a bar for each day or week, or a line with the band in which its true value likely lies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.curve import line_pen
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.legend import LegendEntry
from fmstudio.gui.widgets.plot.marks import band, bars, line
from fmstudio.gui.widgets.plot.scale import Scale, View

_UNKNOWN = (np.nan, np.nan)


class TimeChart(AxesChart):
    """Periods across on a true scale of time; values up. Bars are of `kinds`, from bottom to top: name and colour."""

    hint, least = (480, 130), (240, 84)

    def __init__(self, theme: Theme, name: str, title: str, y: Scale, kinds: Mapping[str, str] | None = None) -> None:
        super().__init__(theme, name, title, Scale(written=_day), y, "Nothing has been rated yet.")
        self._kinds = kinds or {}
        self.legend = [LegendEntry(kind, token, filled=True) for kind, token in self._kinds.items()]
        self._days: list[str] = []
        self._words: list[str] = []
        self._values: dict[str, np.ndarray] = {}

    def show_bars(
        self, days: Sequence[str], width: int, parts: Mapping[str, Sequence[int]], words: Sequence[str]
    ) -> None:
        """parts: how many of each kind in each period. width: days of a period. words: what is said of each."""
        self._values = {kind: np.asarray(parts[kind], float) for kind in self._kinds}
        self.y_scale = replace(self.y_scale, high=_round_up(max(sum(self._values.values(), np.zeros(1)), default=1)))
        self._place(days, width, words)

    def show_line(
        self, days: Sequence[str], width: int, values: Sequence[float | None],
        bands: Sequence[tuple[float, float] | None], words: Sequence[str],
    ) -> None:  # fmt: skip
        """values: of each period, None where nobody knows; bands: where the true value likely lies."""
        low, high = np.array([each or _UNKNOWN for each in bands], float).reshape(-1, 2).T
        self._values = {"value": np.array(values, float), "low": low, "high": high}
        self._place(days, width, words)

    def _place(self, days: Sequence[str], width: int, words: Sequence[str]) -> None:
        starts = [date.fromisoformat(day).toordinal() for day in days]
        self._days, self._words = list(days), list(words)
        # A day's number stands beneath the middle of its bar, a week's beneath its beginning.
        before = 0.5 if width == 1 else 0.0
        self.spans = np.array([(day - before, day - before + width) for day in starts]).reshape(-1, 2)
        if starts:
            # Never less than a week, or seven, so that one bar is no wall.
            last = starts[-1] + width
            first = min(starts[0], last - 7 * width)
            self.x_scale = replace(self.x_scale, low=first - before, high=last - before, marks=range(first, last))
        self.refresh()

    def describe(self, number: int) -> str:
        return self._words[number]

    def summary(self) -> str:
        return f"Latest: {self._words[-1]}" if self._words else ""

    def table(self) -> Table:
        return Table(["from", *self._values], list(zip(self._days, *self._values.values(), strict=True)))

    def draw_marks(self, painter: QPainter, view: View) -> None:
        if not self._kinds:
            self._draw_line(painter, view)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        base = np.zeros(self.count)
        for kind, token in self._kinds.items():
            painter.setBrush(self.theme.color(token))
            top = base + self._values[kind]
            painter.drawRects(bars(view, self.spans, top, base, gap=6.0, widest=48.0))
            base = top

    def _draw_line(self, painter: QPainter, view: View) -> None:
        known = np.isfinite(self._values["value"])
        x, value, low, high = (each[known] for each in (self.spans.mean(axis=1), *self._values.values()))
        sure = np.isfinite(low)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("accent", 0.14))
        painter.drawPolygon(band(view, x[sure], low[sure], high[sure]))
        painter.setPen(QPen(self.theme.color("accent"), 1))
        for each in np.flatnonzero(sure):
            painter.drawLine(view.place(x[each], low[each]), view.place(x[each], high[each]))
        painter.setPen(line_pen(self.theme.color("accent")))
        painter.drawPolyline(line(view, x, value))
        painter.setBrush(self.theme.color("accent"))
        for across, down in zip(view.across(x).tolist(), view.down(value).tolist(), strict=True):
            painter.drawEllipse(QPointF(across, down), 2.5, 2.5)


def _day(ordinal: float) -> str:
    if not date.min.toordinal() <= ordinal <= date.max.toordinal():
        return ""
    shown = date.fromordinal(int(ordinal))
    return f"{shown.day} {shown:%b}"


def _round_up(value: float) -> float:
    """An even number to end an axis of counts at, so that its middle is whole too."""
    for limit in (2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100, 200, 300, 400, 500, 600, 800, 1000):
        if value <= limit:
            return float(limit)
    return float(-(-int(value) // 500) * 500 + 500)
