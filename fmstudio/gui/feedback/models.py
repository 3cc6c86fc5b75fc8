"""Models side by side: how many outputs were judged, and how good they were found, with how sure one can be."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.export import Table
from fmstudio.gui.widgets.plot.row_chart import RowChart

_SHARES = (0.30, 0.16, 0.30, 0.24)  # of the width: name, counts, thumbs up, score
_TITLES = ("Model", "Rated", "Thumbs up, with 95 % interval", "Mean score")
_FIGURES = ("entries", "rated", "up", "down", "scored")


class ModelRows(RowChart):
    """`chosen` tells a model that was clicked, or on which Enter was pressed."""

    chosen = Signal(str)
    above, beneath, hint, least = 10, 11, (480, 64), (320, 64)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "feedback-models", "Models")
        self.rows: list[Mapping[str, Any]] = []
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def head(self) -> float:
        return self.line() + 13

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these, in this order."""
        self.rows = list(rows)
        self.refresh()

    def describe(self, number: int) -> str:
        return words_of(self.rows[number])

    def summary(self) -> str:
        return "; ".join(words_of(row) for row in self.rows)

    def table(self) -> Table:
        rows = [
            (row["name"], *(row[figure] for figure in _FIGURES),
             *(row["share_interval"] or (math.nan, math.nan)), *(row["score_interval"] or (math.nan, math.nan)))
            for row in self.rows
        ]  # fmt: skip
        return Table(["model", *_FIGURES, "share_low", "share_high", "score_low", "score_high"], rows)

    def press(self, number: int) -> None:
        self.chosen.emit(self.rows[number]["name"])

    def _columns(self, row: QRectF) -> list[QRectF]:
        x, columns = 0.0, []
        for share in _SHARES:
            columns.append(QRectF(x, row.top(), share * row.width() - 16, row.height()))
            x += share * row.width()
        return columns

    def draw(self, painter: QPainter) -> None:
        painter.setPen(self.theme.color("secondary"))
        for title, column in zip(_TITLES, self._columns(QRectF(0, 0, self.width(), self.head)), strict=True):
            self._text(painter, column, title)
        super().draw(painter)

    def draw_row(self, painter: QPainter, number: int, place: QRectF) -> None:
        row = self.rows[number]
        painter.setPen(QPen(self.theme.color("hairline"), 1))
        painter.drawLine(place.topLeft() + QPointF(0, 0.5), place.topRight() + QPointF(0, 0.5))
        name, counts, thumbs, score = self._columns(place)
        painter.setFont(self.theme.font("body"))
        painter.setPen(self.theme.color("text"))
        self._text(painter, name, row["name"] or "no model named")
        painter.setFont(self.theme.font("caption"))
        self._text(painter, counts, f"{row['rated']:,} of {row['entries']:,}")
        share = row["share_up"]
        words = f"{formatting.share(share)} of {row['up'] + row['down']:,}" if share is not None else "no thumbs yet"
        self._interval(painter, thumbs, share, row["share_interval"], (0.0, 1.0), words)
        mean = row["mean_score"]
        words = f"{mean:.1f} of {row['scored']:,}" if mean is not None else "no score yet"
        self._interval(painter, score, mean, row["score_interval"], (1.0, 5.0), words)

    def _text(self, painter: QPainter, area: QRectF, text: str) -> None:
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, shown)

    def _interval(
        self, painter: QPainter, area: QRectF, value: float | None, interval: tuple[float, float] | None,
        limits: tuple[float, float], words: str,
    ) -> None:  # fmt: skip
        """A dot on a track with a line as long as the interval, and the number beside it."""
        painter.setPen(self.theme.color("text" if value is not None else "secondary"))
        words_width = painter.fontMetrics().horizontalAdvance("no thumbs yet") + 4
        self._text(painter, QRectF(area.left(), area.top(), words_width, area.height()), words)
        track = area.adjusted(words_width + 8, 0, 0, 0)
        track = QRectF(track.left(), track.center().y() - 2, track.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("pressed"))
        painter.drawRoundedRect(track, 2, 2)
        if value is None:
            return
        low, high = limits

        def place(at: float) -> float:
            return track.left() + (at - low) / (high - low) * track.width()

        if interval:
            painter.setBrush(self.theme.color("accent", 0.45))
            painter.drawRoundedRect(
                QRectF(place(interval[0]), track.top(), place(interval[1]) - place(interval[0]), 4), 2, 2
            )
        painter.setBrush(self.theme.color("accent"))
        painter.drawEllipse(QPointF(place(value), track.center().y()), 5, 5)


def words_of(row: Mapping[str, Any]) -> str:
    """A row in words, for a screen reader."""
    parts = [row["name"], f"{row['rated']} of {row['entries']} rated"]
    if row["share_up"] is not None:
        low, high = row["share_interval"]
        parts.append(f"thumbs up {row['share_up']:.0%}, between {low:.0%} and {high:.0%}")
    if row["mean_score"] is not None:
        parts.append(f"mean score {row['mean_score']:.1f}")
    return ", ".join(parts)
