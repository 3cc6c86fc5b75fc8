"""What an axis measures, and the part of the plane that is shown on pixels."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from fmstudio.gui.widgets.plot.notation import compact
from fmstudio.gui.widgets.plot.ticks import LOWEST, logarithmic_ticks, ticks

_MORE = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: from where to where it goes, what lies along it and in which unit, and how its numbers are written.

    marks: where numbers may stand, instead of round ones. whole: none but whole numbers (of things that are counted).
    """

    low: float = 0.0
    high: float = 1.0
    title: str = ""
    written: Callable[[float], str] = compact
    logarithmic: bool = False
    time: bool = False
    whole: bool = False
    marks: tuple[float, ...] | range | None = None

    def to(self, low: float, high: float) -> "Scale":
        """The same over another range."""
        return replace(self, low=low, high=high)

    def part(self, values: np.ndarray | float) -> np.ndarray:
        """How far along the axis values lie: 0 at its low end, 1 at its high one."""
        low, high, found = self.low, self.high, np.asarray(values, float)
        if self.logarithmic:
            low, high, found = np.log10(low), np.log10(high), np.log10(np.maximum(found, LOWEST))
        return (found - low) / ((high - low) or 1.0)

    def value(self, part: float) -> float:
        """What lies at a part of the axis."""
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** part)
        return self.low + part * (self.high - self.low)

    def ticks(self, at_most: int) -> list[float]:
        """Where numbers stand, in about `at_most` steps."""
        if self.marks is not None:
            few = self.marks[:: max(1, -(-len(self.marks) // (at_most + 1)))]
            return [mark for mark in few if self.low <= mark <= self.high]
        if self.logarithmic:
            return logarithmic_ticks(float(np.log10(self.low)), float(np.log10(self.high)), at_most + 1)
        for more in range(_MORE):  # one number alone tells no distance
            found = ticks(self.low, self.high, at_most + more, time=self.time)
            if len(found) > 1:
                break
        return [tick for tick in found if tick == int(tick)] if self.whole else found


@dataclass(frozen=True, slots=True)
class View:
    """The part of the plane that is shown, and the pixels it is shown on."""

    x: Scale
    y: Scale
    area: QRectF

    def across(self, values: np.ndarray | float) -> np.ndarray:
        """Horizontal pixels of values."""
        return self.area.left() + self.x.part(values) * self.area.width()

    def down(self, values: np.ndarray | float) -> np.ndarray:
        """Vertical pixels of values, kept near the picture so that no far-off point costs anything."""
        pixels = self.area.bottom() - self.y.part(values) * self.area.height()
        return np.clip(pixels, self.area.top() - 1000, self.area.bottom() + 1000)

    def place(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is."""
        return QPointF(float(self.across(x)), float(self.down(y)))

    def values_at(self, place: QPointF) -> tuple[float, float]:
        """The point of the plane at a place."""
        along = (place.x() - self.area.left()) / max(1.0, self.area.width())
        up = (self.area.bottom() - place.y()) / max(1.0, self.area.height())
        return self.x.value(along), self.y.value(up)
