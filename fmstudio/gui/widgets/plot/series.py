"""The numbers behind a plot: buffers that grow cheaply, smoothing, and as few points as the pixels can show."""

from dataclasses import dataclass, field

import numpy as np


class Growing:
    """An array that is appended to: it doubles its room, so that a million appends cost a million, not their square."""

    def __init__(self) -> None:
        self._room = np.empty(256)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def array(self) -> np.ndarray:
        """A view of what is there, valid until the next append."""
        return self._room[: self._count]

    def extend(self, values: np.ndarray) -> None:
        """Add values at the end."""
        needed = self._count + len(values)
        if needed > len(self._room):
            room = np.empty(max(needed, 2 * len(self._room)))
            room[: self._count] = self.array
            self._room = room
        self._room[self._count : needed] = values
        self._count = needed

    def truncate(self, count: int) -> None:
        """Forget what lies beyond the first `count` values."""
        self._count = min(self._count, count)


@dataclass(eq=False)
class Series:
    """A quantity over a run: three columns of one length, in order of step. A value that is NaN is a gap."""

    _steps: Growing = field(default_factory=Growing)
    _seconds: Growing = field(default_factory=Growing)
    _values: Growing = field(default_factory=Growing)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> np.ndarray:
        """The training step of each value."""
        return self._steps.array

    @property
    def seconds(self) -> np.ndarray:
        """The training time of each value."""
        return self._seconds.array

    @property
    def values(self) -> np.ndarray:
        """The values."""
        return self._values.array

    @property
    def last(self) -> float:
        """The latest value, NaN where there is none."""
        return float(self.values[-1]) if len(self) else float("nan")

    def append(self, step: float, value: float, seconds: float = 0.0) -> None:
        """Add one value. A step that was measured before (a resumed run) takes the old one and all after it away."""
        self.extend(np.array([step]), np.array([value]), np.array([seconds]))

    def extend(self, steps: np.ndarray, values: np.ndarray, seconds: np.ndarray) -> None:
        """Add several values whose steps ascend."""
        if len(self) and len(steps) and steps[0] <= self.steps[-1]:
            self.rewind(float(steps[0]))
        self._steps.extend(steps)
        self._values.extend(values)
        self._seconds.extend(seconds)

    def rewind(self, step: float) -> None:
        """Forget everything from `step` on."""
        count = int(np.searchsorted(self.steps, step))
        for column in (self._steps, self._seconds, self._values):
            column.truncate(count)


class Smoother:
    """The exponential moving average of a growing series, computed only for what is new.

    The average starts unbiased (Adam's correction, Kingma & Ba 2015, section 3): the first smoothed value is the first
    value. NaN values leave it as it is.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._smoothed = Growing()
        self._state = (0.0, 0.0)  # the weighted sum so far, and the sum of its weights
        self._check = (float("nan"), float("nan"))

    def update(self, values: np.ndarray) -> np.ndarray:
        """The smoothed values of all `values`, of which those seen before are not computed again."""
        done = len(self._smoothed)
        if done > len(values) or (done and not self._continues(values, done)):
            self._smoothed.truncate(0)
            self._state, done = (0.0, 0.0), 0
        if done < len(values):
            self._smoothed.extend(self._average(values[done:]))
            self._check = (float(values[0]), float(values[-1]))
        return self._smoothed.array

    def _continues(self, values: np.ndarray, done: int) -> bool:
        """Whether `values` goes on from those seen: a resumed run replaces the end of its series."""
        return bool(np.array_equal(self._check, (values[0], values[done - 1]), equal_nan=True))

    def _average(self, values: np.ndarray) -> np.ndarray:
        known = np.isfinite(values)
        decay = np.where(known, self.weight, 1.0)
        total = recurrence(decay, np.where(known, (1 - self.weight) * values, 0.0), self._state[0])
        weights = recurrence(decay, np.where(known, 1 - self.weight, 0.0), self._state[1])
        self._state = (float(total[-1]), float(weights[-1]))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(known, total / weights, np.nan)


def recurrence(decay: np.ndarray, gain: np.ndarray, start: float) -> np.ndarray:
    """y[t] = decay[t] * y[t-1] + gain[t] with y[-1] = start, by doubling (Hillis & Steele 1986): log n array passes."""
    decay, total = decay.copy(), gain.copy()
    total[0] += decay[0] * start
    reach = 1
    while reach < len(total):
        total[reach:] += decay[reach:] * total[:-reach]
        decay[reach:] = decay[reach:] * decay[:-reach]
        reach *= 2
        if not decay[reach:].any():  # nothing older can be felt any more
            break
    return total


@dataclass(frozen=True, slots=True)
class Columns:
    """A curve as pixels see it: for each column an x, the lowest and the highest y. Equal where there is one point."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def dense(self) -> bool:
        """Whether columns stand for several points each, so that only their envelope can be shown."""
        return self.low is not self.high


def decimate(x: np.ndarray, y: np.ndarray, start: float, end: float, columns: int) -> Columns:
    """What of a curve with ascending `x` can be seen between `start` and `end` on `columns` pixel columns.

    One neighbour on each side is kept, so that the line leaves the picture at the right angle. Up to two points a
    column are returned as they are; more become the lowest and highest of each column.
    """
    first = max(int(np.searchsorted(x, start)) - 1, 0)
    last = min(int(np.searchsorted(x, end, side="right")) + 1, len(x))
    x, y = x[first:last], y[first:last]
    if len(x) <= 2 * columns:
        return Columns(x, y, y)
    edges = np.searchsorted(x, np.linspace(x[0], x[-1], columns + 1)[:-1])
    edges = np.unique(edges)
    # fmin and fmax pass over NaN; a column of nothing but NaN stays NaN and becomes a gap.
    low = np.fmin.reduceat(y, edges)
    high = np.fmax.reduceat(y, edges)
    return Columns(x[edges], low, high)


def runs_of_finite(values: np.ndarray) -> list[slice]:
    """The stretches between gaps."""
    finite = np.isfinite(values)
    if finite.all():
        return [slice(0, len(values))] if len(values) else []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], finite, [False])).astype(np.int8)))
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
