"""What the discriminator says of real and of generated pictures: two histograms over each other on one axis."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.gan_vae.run import Scores
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import outward, ticks

FEWEST, MOST = 8, 28  # bins
_LEFT, _BOTTOM, _TOP, _RIGHT = 44, 40, 30, 12
_LEAST_FILLED = 0.5
SIDES = (("real", "Real pictures"), ("generated", "Generated pictures"))


def histograms(scores: Scores, low: float, high: float) -> dict[str, np.ndarray]:
    """The share of each side's pictures in each bin, of which there are as many as so few pictures can fill.

    What lies beyond the ends counts in the last one.
    """
    found = {}
    bins = int(np.clip(2 * np.sqrt(min(len(scores.real), len(scores.generated))), FEWEST, MOST))
    for side, _ in SIDES:
        values = getattr(scores, side)
        counts, _ = np.histogram(np.clip(values, low, high), bins, (low, high))
        found[side] = counts / max(1, len(values))
    return found


class ScoresView(QWidget):
    """Repaints when new scores come. Its axis stands still while they fill most of it, so that bars do not jump."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("gan-scores")
        self.setAccessibleName("Histograms of the discriminator's scores")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self.scores: Scores | None = None
        self.shares: dict[str, np.ndarray] = {}
        self.nothing = "Scores appear while a run trains, and with each step you take below."
        self._low, self._high, self._top = 0.0, 1.0, 0.1
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 130)

    def show_scores(self, scores: Scores | None) -> None:
        """Show what the discriminator says now, or that nothing is known."""
        fresh = self.scores is None
        self.scores = scores
        if scores is not None and len(scores.real) and len(scores.generated):
            self._fit(scores, fresh)
            self.shares = histograms(scores, self._low, self._high)
            self._top = max(0.05, 1.08 * max(float(share.max()) for share in self.shares.values()))
        else:
            self.scores, self.shares = None, {}
        self.setAccessibleDescription(self.summary())
        self.update()

    def _fit(self, scores: Scores, fresh: bool) -> None:
        both = np.concatenate((scores.real, scores.generated))
        both = both[np.isfinite(both)]
        low, high = map(float, np.percentile(both, (0.5, 99.5))) if len(both) else (0.0, 1.0)
        beyond = low < self._low or high > self._high
        if fresh or beyond or high - low < _LEAST_FILLED * (self._high - self._low):
            self._low, self._high = outward(low, high)

    def summary(self) -> str:
        """Both means and how well the sides are told apart, in words."""
        if self.scores is None:
            return ""
        real, generated = (formatting.number(float(getattr(self.scores, side).mean())) for side, _ in SIDES)
        told = formatting.share(self.scores.told_apart)
        return f"Mean score of real pictures {real}, of generated ones {generated}; told apart {told} of the time."

    # Painting.

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    def _across(self, value: float) -> float:
        return self._area.left() + (value - self._low) / (self._high - self._low) * self._area.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._theme.font("caption"))
        if self.scores is None:
            painter.setPen(self._theme.color("secondary"))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(32, 0, -32, 0), wrapped, self.nothing)
            return
        self._paint_axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        for side, _ in SIDES:
            self._paint_side(painter, side)

    def _paint_axes(self, painter: QPainter) -> None:
        area = self._area
        grid, text = self._theme.color("grid"), self._theme.color("secondary")
        for tick in ticks(0, self._top, max(2, int(area.height() // 32))):
            y = area.bottom() - tick / self._top * area.height()
            painter.setPen(grid)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 10, _LEFT - 8, 20), beside, f"{compact(round(100 * tick, 2))} %")
        for tick in ticks(self._low, self._high, max(2, int(area.width() // 64))):
            place = QRectF(self._across(tick) - 32, area.bottom() + 3, 64, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, compact(tick))
        title = QRectF(area.left(), area.bottom() + 20, area.width(), 18)
        words = f"score of the latest {len(self.scores.real)} pictures (higher: taken for real)"
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_legend(self, painter: QPainter) -> None:
        left = self._area.left()
        for side, title in SIDES:
            mean = f"{float(getattr(self.scores, side).mean()):.2f}".replace("-", "−")
            text = f"{title.split()[0]} · mean {mean}"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color(side))
            painter.drawRoundedRect(QRectF(left, 9, 10, 10), 2, 2)
            painter.setPen(self._theme.color("text"))
            width = painter.fontMetrics().horizontalAdvance(text)
            painter.drawText(QRectF(left + 15, 4, width + 2, 20), Qt.AlignmentFlag.AlignVCenter, text)
            left += width + 34

    def _paint_side(self, painter: QPainter, side: str) -> None:
        """Bars as one area under a stepped line; both are seen where they overlap. Generated has a dashed edge."""
        area = self._area
        width = area.width() / len(self.shares[side])
        outline = QPolygonF([area.bottomLeft()])
        for number, share in enumerate(self.shares[side]):
            y = area.bottom() - float(share) / self._top * area.height()
            outline.append(QPointF(area.left() + number * width, y))
            outline.append(QPointF(area.left() + (number + 1) * width, y))
        outline.append(area.bottomRight())
        painter.setClipRect(area.adjusted(0, 0, 0, -1))  # no line where there are no pictures
        shape = QPainterPath()
        shape.addPolygon(outline)
        painter.fillPath(shape, self._theme.color(side, 0.32))
        pen = QPen(self._theme.color(side), 1.6)
        if side == "generated":
            pen.setDashPattern([3.5, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(outline)
        painter.setClipping(False)

    # Pointing.

    def describe(self, x: float) -> str:
        """What the bars over a place say, or nothing beside them."""
        area = self._area
        if self.scores is None or not area.left() <= x < area.right():
            return ""
        bins = len(self.shares["real"])
        number = int((x - area.left()) / area.width() * bins)
        edges = np.linspace(self._low, self._high, bins + 1)
        span = f"Score {compact(round(edges[number], 3))} to {compact(round(edges[number + 1], 3))}"
        shares = (f"{title.split()[0].lower()} {100 * self.shares[side][number]:.1f} %" for side, title in SIDES)
        return f"{span}: {', '.join(shares)}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        QToolTip.showText(event.globalPosition().toPoint(), self.describe(event.position().x()), self)
