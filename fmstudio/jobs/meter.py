"""Rate and time left, from the progress events of a job."""

import math
import time
from collections import deque
from collections.abc import Callable

from fmstudio.jobs.events import Progress

FEWEST = 3
"""Measurements, each from one advance to the next, before which nothing is said of the pace."""

_CALM = 15.0
"""Seconds in which the expected end follows most of a change of pace."""

_KEPT = 10
"""Measurements that are averaged however long they take, so that a single slow one says little."""


class Meter:
    """Watches one job's progress. The rate is taken over the last `window` seconds, or the last few advances where
    these took longer.
    """

    def __init__(self, window: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()
        self._latest: Progress | None = None
        self._now = 0.0
        self._end: float | None = None

    def update(self, progress: Progress) -> None:
        """Take the next progress event; a step backwards (a new phase with its own count) begins anew."""
        before, self._now = self._now, self._clock()
        if self._latest and (progress.done < self._latest.done or progress.unit != self._latest.unit):
            self.restart()
        self._latest = progress
        if not self._seen or progress.done > self._seen[-1][1]:
            self._seen.append((self._now, progress.done))
        while len(self._seen) > _KEPT + 1 and self._now - self._seen[0][0] > self._window:
            self._seen.popleft()
        self._expect(self._now - before)

    def _expect(self, passed: float) -> None:
        """Move the expected end towards where the present pace puts it."""
        rate, latest = self.rate, self._latest
        if not rate or latest is None or latest.total is None:
            self._end = None
            return
        end = self._now + max(0.0, latest.total - latest.done) / rate
        weight = 1.0 if self._end is None or latest.done >= latest.total else -math.expm1(-passed / _CALM)
        self._end = end if self._end is None else self._end + weight * (end - self._end)

    def restart(self) -> None:
        """Forget the pace but not the place: call it when a held job goes on."""
        self._seen.clear()
        self._end = None

    @property
    def rate(self) -> float | None:
        """Units a second, or None while there is too little to tell."""
        if len(self._seen) <= FEWEST:
            return None
        (t0, done0), (t1, done1) = self._seen[0], self._seen[-1]
        return (done1 - done0) / (t1 - t0) if t1 > t0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds from the latest event to the end as it looks, without a change's first jump; None while unknown."""
        return None if self._end is None else max(0.0, self._end - self._now)

    @property
    def fraction(self) -> float | None:
        """Part done, 0 to 1, or None where the total is unknown."""
        latest = self._latest
        if latest is None or not latest.total:
            return None
        return min(1.0, latest.done / latest.total)
