"""How often a job that walks over many small things gives others a turn."""

import time


class Pace:
    """True from `due()` at most once in so many seconds of work, so that events stay few and turns stay short."""

    def __init__(self, seconds: float = 0.05) -> None:
        self._seconds = seconds
        self._latest = time.monotonic()

    def due(self) -> bool:
        """Whether it is time for an event."""
        now = time.monotonic()
        if now - self._latest < self._seconds:
            return False
        self._latest = now
        return True
