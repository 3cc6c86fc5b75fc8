"""Which part of the plane a plot shows when nobody has zoomed."""

from collections.abc import Sequence

import numpy as np

from fmstudio.gui.widgets.plot.curve import Curve
from fmstudio.gui.widgets.plot.ticks import LOWEST, round_step


def log10(values: np.ndarray) -> np.ndarray:
    """The logarithm; what has none is a gap."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(values > 0, np.log10(np.maximum(values, LOWEST)), np.nan)


def across(curves: Sequence[Curve], extent: float) -> tuple[float, float]:
    """The range of x: to `extent` where the end is known, else with some room, so that the axis seldom changes."""
    high = max((float(curve.x[-1]) for curve in curves), default=0.0)
    low = min((float(curve.x[0]) for curve in curves), default=0.0)
    left = low if low > 0.05 * max(high, extent) else min(low, 0.0)
    if extent:
        return left, max(extent, high)
    if not high:
        return left, 1.0
    step = round_step(high, 16)
    return left, float(step * np.ceil(high / step))


def bounds(curves: Sequence[Curve]) -> tuple[float, float]:
    """The lowest and highest value worth showing: all of most curves, of long noisy ones all but rare outliers."""
    lows, highs = [], []
    for curve in curves:
        seen = curve.main[:: max(len(curve.main) // 4000, 1)]
        seen = seen[np.isfinite(seen)]
        if not len(seen):
            continue
        rare = 0.002 if curve.smoothed and len(seen) > 500 else 0.0
        low, high = np.quantile(seen, [rare, 1 - rare]) if rare else (seen.min(), seen.max())
        latest = curve.main[-1]
        lows.append(min(low, latest) if np.isfinite(latest) else low)
        highs.append(high)
    return (float(min(lows)), float(max(highs))) if lows else (np.nan, np.nan)
