"""How well passages are found, as groups of bars: each measure by words, by meaning and by both."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme

MEASURES = {"recall_at_1": "Recall@1", "recall_at_5": "Recall@5", "recall_at_10": "Recall@10", "mrr": "MRR"}
METHODS = {"words": "Words", "vectors": "Meaning", "both": "Both"}
_LOOKS = {"words": ("secondary", 0.45), "vectors": ("secondary", 0.85), "both": ("accent", 1.0)}
_LEFT, _TOP, _BOTTOM = 40, 44, 26


class QualityBars(QWidget):
    """Values from 0 to 1; those of both together are written over their bars."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("retrieval-quality-bars")
        self.setAccessibleName("Quality of retrieval by method")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.rows: Sequence[Mapping[str, Any]] = ()
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, 220)

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show the figures of each method."""
        self.rows = list(rows)
        told = [f"{METHODS[row['method']]}: " + ", ".join(f"{title} {row[key]:.2f}" for key, title in MEASURES.items())
                for row in rows]  # fmt: skip
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        area = QRectF(self.rect()).adjusted(_LEFT, _TOP, -8, -_BOTTOM)
        self._paint_grid(painter, area)
        self._paint_legend(painter)
        width = area.width() / len(MEASURES)
        for place, (key, title) in enumerate(MEASURES.items()):
            group = QRectF(area.left() + place * width, area.top(), width, area.height())
            self._paint_group(painter, group, key)
            painter.setPen(self._theme.color("secondary"))
            beneath = QRectF(group.left(), area.bottom() + 4, width, 18)
            painter.drawText(beneath, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_grid(self, painter: QPainter, area: QRectF) -> None:
        for value in (0.0, 0.5, 1.0):
            y = area.bottom() - value * area.height()
            painter.setPen(self._theme.color("grid"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._theme.color("secondary"))
            left = QRectF(0, y - 8, _LEFT - 8, 16)
            painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.1f}")

    def _paint_group(self, painter: QPainter, group: QRectF, key: str) -> None:
        wide = min(40.0, group.width() / 4)
        left = group.center().x() - wide * len(self.rows) / 2
        for place, row in enumerate(self.rows):
            height = max(1.0, row[key] * group.height())
            bar = QRectF(left + place * wide + 1, group.bottom() - height, wide - 2, height)
            painter.fillRect(bar, self._color(row["method"]))
            if row["method"] == "both":  # the table beside has the others; side by side they would touch
                painter.setPen(self._theme.color("text"))
                above = QRectF(bar.left() - 6, bar.top() - 16, wide + 10, 15)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"{row[key]:.2f}")

    def _paint_legend(self, painter: QPainter) -> None:
        x = float(_LEFT)
        for row in self.rows:
            painter.fillRect(QRectF(x, 4, 10, 10), self._color(row["method"]))
            painter.setPen(self._theme.color("secondary"))
            words = METHODS[row["method"]]
            painter.drawText(QPointF(x + 16, 13), words)
            x += 16 + QFontMetricsF(painter.font()).horizontalAdvance(words) + 20

    def _color(self, method: str):
        token, opacity = _LOOKS[method]
        return self._theme.color(token, opacity)
