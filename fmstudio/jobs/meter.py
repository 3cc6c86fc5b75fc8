"""Rate and time left, from the progress events of a job."""

import time
from collections import deque
from collections.abc import Callable

from fmstudio.jobs.events import Progress


class Meter:
    """Watches one job's progress. The rate is taken over the last `window` seconds, so a pause does not haunt it."""

    def __init__(self, window: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()
        self._latest: Progress | None = None

    def update(self, progress: Progress) -> None:
        """Take the next progress event; a step backwards (a new phase with its own count) begins anew."""
        now = self._clock()
        if self._latest and (progress.done < self._latest.done or progress.unit != self._latest.unit):
            self._seen.clear()
        self._latest = progress
        self._seen.append((now, progress.done))
        while len(self._seen) > 2 and now - self._seen[0][0] > self._window:
            self._seen.popleft()

    def restart(self) -> None:
        """Forget the pace but not the place: call it when a held job goes on."""
        self._seen.clear()

    @property
    def rate(self) -> float | None:
        """Units a second, or None while there is too little to tell."""
        if len(self._seen) < 2:
            return None
        (t0, done0), (t1, done1) = self._seen[0], self._seen[-1]
        return (done1 - done0) / (t1 - t0) if t1 > t0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end at the present rate, or None while unknown."""
        rate = self.rate
        if not rate or self._latest is None or self._latest.total is None:
            return None
        return max(0.0, self._latest.total - self._latest.done) / rate

    @property
    def fraction(self) -> float | None:
        """Part done, 0 to 1, or None where the total is unknown."""
        latest = self._latest
        if latest is None or not latest.total:
            return None
        return min(1.0, latest.done / latest.total)
