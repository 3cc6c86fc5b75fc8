"""The one channel from the engine's thread to whoever listens: nothing is lost that matters, nothing piles up.

- Metrics, notes, artefacts, text and lifecycle events are all kept, in order.
- Of pictures, progress and waits only the latest matters, so a newer one replaces an undelivered older one of its name.
- `Failed` and `Finished` are the last events of their job: what the job left undelivered goes out before them.
"""

import threading
from collections.abc import Hashable

from fmstudio.jobs.events import Event, Progress, Sample, Waiting

Letter = tuple[str, Event]


class Mailbox:
    """Events by job, posted from any thread and drained by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: dict[Hashable, Letter] = {}
        self._count = 0

    def post(self, job: str, event: Event) -> None:
        """Add an event of `job`; a picture or progress takes the place of an undelivered one of its name."""
        with self._lock:
            self._count += 1
            key: Hashable
            if isinstance(event, Sample):
                key = (job, "sample", event.name)
            elif isinstance(event, Progress):
                key = (job, "progress")
            elif isinstance(event, Waiting):
                key = (job, "waiting")
            else:
                key = self._count
            # Taken out first so that the newer one stands at its own place in the order, not at the older one's.
            self._letters.pop(key, None)
            self._letters[key] = (job, event)

    def drain(self) -> list[Letter]:
        """All undelivered events in order; the mailbox is empty afterwards."""
        with self._lock:
            letters, self._letters = self._letters, {}
        return list(letters.values())
