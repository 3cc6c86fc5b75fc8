"""Shapes that charts are made of, in pixels of a view."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from fmstudio.gui.widgets.plot.curve import polygon
from fmstudio.gui.widgets.plot.scale import View

LEAST = 2.0  # pixels that a bar is high
SHAPES = ("circle", "square", "triangle", "diamond")


def touching(edges: Sequence[float] | np.ndarray) -> np.ndarray:
    """The spans between edges, (count, 2): each begins where the one before ends."""
    edges = np.asarray(edges, float)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def bars(
    view: View,
    spans: np.ndarray,
    tops: Sequence[float] | np.ndarray,
    bottoms: Sequence[float] | np.ndarray | None = None,
    gap: float = 1.5,
    widest: float = np.inf,
) -> list[QRectF]:
    """A bar over each span of the x axis, (count, 2); where there is nothing there is no bar.

    widest: how many pixels wide a bar is at most.
    """
    tops = np.asarray(tops, float)
    lefts, rights = view.across(spans).T
    spare = np.minimum(gap, (rights - lefts) / 4)
    widths = np.minimum(np.maximum(1.0, rights - lefts - spare), widest)
    base = view.down(view.y.low if bottoms is None else np.asarray(bottoms, float)) + np.zeros(len(tops))
    starts = (lefts + rights - widths) / 2
    # One among thousands is still to be seen, and parts upon each other stand apart.
    heights = np.maximum(LEAST, base - view.down(tops)) if bottoms is None else base - view.down(tops) - 1
    there = tops > (view.y.low if bottoms is None else np.asarray(bottoms, float))
    found = np.stack([starts, base - heights, widths, heights], axis=1)[there]
    return [QRectF(*each) for each in found.tolist()]


def line(view: View, x: np.ndarray, y: np.ndarray) -> QPolygonF:
    """A curve through values."""
    return polygon(view.across(x), view.down(y))


def band(view: View, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> QPolygonF:
    """The area between two curves."""
    across = view.across(x)
    return polygon(np.concatenate((across, across[::-1])), np.concatenate((view.down(high), view.down(low)[::-1])))


def steps(view: View, spans: np.ndarray, values: np.ndarray) -> QPolygonF:
    """The outline of bars that touch each other, from the axis to the axis."""
    across, bottom = view.across(spans).ravel(), [view.area.bottom()]
    down = np.concatenate((bottom, np.repeat(view.down(values), 2), bottom))
    return polygon(np.concatenate((across[:1], across, across[-1:])), down)


def draw_upright(painter: QPainter, view: View, x: float, pen: QPen) -> None:
    """A line from bottom to top at a value."""
    across = float(view.across(x))
    painter.setPen(pen)
    painter.drawLine(QPointF(across, view.area.top()), QPointF(across, view.area.bottom()))


def draw_mark(painter: QPainter, shape: str, place: QPointF, radius: float) -> None:
    """One dot, filled with the painter's brush."""
    x, y, r = place.x(), place.y(), radius
    if shape == "circle":
        painter.drawEllipse(place, r, r)
    elif shape == "square":
        painter.drawRect(QRectF(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r))
    elif shape == "triangle":
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 1.2 * r), QPointF(x + 1.1 * r, y + r), QPointF(x - 1.1 * r, y + r)])
        )
    else:
        around = [QPointF(x, y - 1.3 * r), QPointF(x + 1.3 * r, y), QPointF(x, y + 1.3 * r), QPointF(x - 1.3 * r, y)]
        painter.drawPolygon(QPolygonF(around))
