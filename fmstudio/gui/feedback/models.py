"""Models side by side: how many outputs were judged, and how good they were found, with how sure one can be."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme

_LINE, _HEAD = 36, 28
_SHARES = (0.30, 0.16, 0.30, 0.24)  # of the width: name, counts, thumbs up, score
_TITLES = ("Model", "Rated", "Thumbs up, with 95 % interval", "Mean score")


class ModelRows(QWidget):
    """`chosen` tells a model that was clicked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("feedback-models")
        self._theme = theme
        self.rows: list[Mapping[str, Any]] = []
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, _HEAD + _LINE * max(1, len(self.rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self.sizeHint().height())

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show these, in this order."""
        self.rows = list(rows)
        self.setAccessibleName("Models: " + "; ".join(words_of(row) for row in self.rows))
        self.updateGeometry()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = int((event.position().y() - _HEAD) // _LINE)
        if event.position().y() >= _HEAD and 0 <= number < len(self.rows):
            self.chosen.emit(self.rows[number]["name"])

    def _columns(self) -> list[QRectF]:
        x, columns = 0.0, []
        for share in _SHARES:
            columns.append(QRectF(x, 0, share * self.width() - 16, _LINE))
            x += share * self.width()
        return columns

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("caption"))
        painter.setPen(self._theme.color("secondary"))
        for title, column in zip(_TITLES, self._columns(), strict=True):
            self._text(painter, QRectF(column.left(), 0, column.width(), _HEAD), title)
        for number, row in enumerate(self.rows):
            self._paint_row(painter, row, _HEAD + number * _LINE)

    def _paint_row(self, painter: QPainter, row: Mapping[str, Any], top: float) -> None:
        painter.setPen(QPen(self._theme.color("hairline"), 1))
        painter.drawLine(QPointF(0, top + 0.5), QPointF(self.width(), top + 0.5))
        name, counts, thumbs, score = (column.translated(0, top) for column in self._columns())
        painter.setFont(self._theme.font("body"))
        painter.setPen(self._theme.color("text"))
        self._text(painter, name, row["name"] or "no model named")
        painter.setFont(self._theme.font("caption"))
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
        painter.setPen(self._theme.color("text" if value is not None else "secondary"))
        self._text(painter, QRectF(area.left(), area.top(), 84, area.height()), words)
        track = QRectF(area.left() + 92, area.center().y() - 2, area.width() - 92, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("pressed"))
        painter.drawRoundedRect(track, 2, 2)
        if value is None:
            return
        low, high = limits

        def place(at: float) -> float:
            return track.left() + (at - low) / (high - low) * track.width()

        if interval:
            painter.setBrush(self._theme.color("accent", 0.45))
            painter.drawRoundedRect(
                QRectF(place(interval[0]), track.top(), place(interval[1]) - place(interval[0]), 4), 2, 2
            )
        painter.setBrush(self._theme.color("accent"))
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
