"""The clock of a run: how much of its time is over, and how many steps that will make."""

import math
import time
from collections.abc import Generator

from fmstudio.jobs import Event

FEWEST = 3
"""Steps from which on anything is said of how fast they are."""

_RECENT = 0.02
"""The least weight of the latest step, with what was done before it, in the pace that a clock counts on."""

_MOST_RESERVED = 0.25
"""The largest part of the time that is kept for the validation of the end."""


class Clock:
    """The time that a run may take, and has taken. It never plans from one measurement: it looks at each step.

    It counts the run's own work: steps, validations, samples and checkpoints, on a machine as busy as it happens to
    be. It stands still while the run is held or lets other jobs go first. `used`, in seconds, goes on after a resume.
    """

    def __init__(self, minutes: float, used: float = 0.0) -> None:
        """minutes: 0 where time is no limit; then the clock only counts."""
        self._limit, self._before = 60.0 * minutes, used
        self._since: float | None = None
        self._reserved = 0.0
        self._steps = 0
        self._pace = 0.0
        self._latest = used

    @property
    def limited(self) -> bool:
        """Whether the run ends by time and not by its steps."""
        return self._limit > 0

    @property
    def used(self) -> float:
        """Seconds of work so far."""
        return self._before + (time.perf_counter() - self._since if self._since is not None else 0.0)

    @property
    def fraction(self) -> float:
        """Part of the time for steps that is over, from 0 to 1."""
        room = self._limit - min(self._reserved, _MOST_RESERVED * self._limit)
        return min(1.0, self.used / room) if room else 0.0

    def reserve(self, seconds: float) -> None:
        """Keep as long at the end as a validation took now."""
        self._reserved = seconds

    def count(self) -> None:
        """A step was made."""
        took, self._latest = self.used - self._latest, self.used
        self._steps += 1
        self._pace += max(1 / self._steps, _RECENT) * (took - self._pace)

    def steps_at_end(self, step: int) -> int | None:
        """How many steps there will be at the present pace, or None while too few were made to tell.

        It is a guess until the end, and rounded to three digits so that it does not flicker.
        """
        if self.fraction >= 1:
            return step
        if self._steps < FEWEST:
            return None
        left = self.used * (1 / max(self.fraction, 1e-9) - 1)
        guess = step + math.ceil(left / max(self._pace, 1e-9))
        unit = 10 ** max(0, len(str(guess)) - 3)
        return -(-guess // unit) * unit

    def counting(self, events: Generator[Event, None, None]) -> Generator[Event, None, None]:
        """The same events, while the clock runs between them."""
        self._since = time.perf_counter()
        try:
            for event in events:
                self._before, self._since = self.used, None
                yield event
                self._since = time.perf_counter()
        finally:
            self._before, self._since = self.used, None
