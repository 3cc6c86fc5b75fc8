"""How well passages are found, as groups of bars: each measure by words, by meaning and by both."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.axes_chart import AxesChart
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.legend import LegendEntry
from fmstudio.gui.widgets.plot.marks import bars, touching
from fmstudio.gui.widgets.plot.scale import Scale, View

MEASURES = {"recall_at_1": "Recall@1", "recall_at_5": "Recall@5", "recall_at_10": "Recall@10", "mrr": "MRR"}
METHODS = {"words": "Words", "vectors": "Meaning", "both": "Both"}
_LOOKS = {"words": ("secondary", 0.45), "vectors": ("secondary", 0.85), "both": ("accent", 1.0)}
_TITLES = list(MEASURES.values())
_HIGHEST = 1.1  # room for the number over a whole bar
_WIDEST, _OF_GROUP = 40.0, 0.25  # a bar: pixels, and part of its group


class QualityBars(AxesChart):
    """Values from 0 to 1; those of both together are written over their bars."""

    hint, least = (480, 220), (240, 160)

    def __init__(self, theme: Theme) -> None:
        middles = tuple(place + 0.5 for place in range(len(_TITLES)))
        across = Scale(0, len(_TITLES), written=lambda place: _TITLES[int(place)], marks=middles)
        up = Scale(0, _HIGHEST, "score, 0 to 1", written=lambda value: f"{value:.1f}", marks=(0.0, 0.5, 1.0))
        super().__init__(theme, "retrieval-quality-bars", "Quality of retrieval by method", across, up,
                         "Figures appear when questions have been asked.")  # fmt: skip
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.rows: Sequence[Mapping[str, Any]] = ()

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show the figures of each method."""
        self.rows = list(rows)
        self.spans = touching(range(len(_TITLES) + 1))[: len(_TITLES) if rows else 0]
        self.legend = [LegendEntry(METHODS[row["method"]], *_LOOKS[row["method"]], filled=True) for row in rows]
        self.refresh()

    def describe(self, number: int) -> str:
        key, title = list(MEASURES.items())[number]
        return f"{title}: " + ", ".join(f"{METHODS[row['method']].lower()} {row[key]:.2f}" for row in self.rows)

    def summary(self) -> str:
        told = [f"{METHODS[row['method']]}: " + ", ".join(f"{title} {row[key]:.2f}" for key, title in MEASURES.items())
                for row in self.rows]  # fmt: skip
        return "; ".join(told)

    def table(self) -> Table:
        rows = [(METHODS[row["method"]], *(row[key] for key in MEASURES)) for row in self.rows]
        return Table(["method", *_TITLES], rows)

    def draw_marks(self, painter: QPainter, view: View) -> None:
        wide = min(_OF_GROUP, _WIDEST * len(_TITLES) / view.area.width())
        for place, row in enumerate(self.rows):
            lefts = self.spans.mean(axis=1) + (place - len(self.rows) / 2) * wide
            drawn = bars(
                view, np.stack([lefts, lefts + wide], axis=1), [max(1e-9, row[key]) for key in MEASURES], gap=2
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color(*_LOOKS[row["method"]]))
            painter.drawRects(drawn)
            if row["method"] == "both":  # the table beside has the others; side by side they would touch
                painter.setPen(self.theme.color("text"))
                for bar, key in zip(drawn, MEASURES, strict=True):
                    above = QRectF(bar.center().x() - 40, bar.top() - self.line() - 1, 80, self.line())
                    painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"{row[key]:.2f}")
