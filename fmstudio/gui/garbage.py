"""Objects that hold each other are collected in the window's thread only.

Python collects in whichever thread happens to allocate. In the engine's, that would destroy what belongs to Qt (a
timer, a window that was closed) from a thread that is not its own, which Qt answers with a complaint or a crash.
"""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL = 500
"""Milliseconds between two looks at what has gathered."""


class GarbageCollector(QObject):
    """Does what Python's own collecting does, by the same thresholds, from a timer of the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(collect_if_due)

    def start(self) -> None:
        """Take the collecting on."""
        gc.disable()
        self._timer.start()

    def settle(self) -> None:
        """Leave out, once, what is here to stay: looking through the whole program takes a tenth of a second."""
        if not gc.get_freeze_count():
            gc.collect()
            gc.freeze()
            _LongLived.known, _LongLived.added = gc.get_freeze_count(), 0

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()


class _LongLived:
    """What a full collection would look through: as it was after the last one, and what has come since."""

    known = 0
    added = 0


def collect_if_due() -> None:
    """Collect the oldest generation in which more has gathered than Python would allow.

    As Python does, it goes through everything only once a quarter has been added to it: that is what takes long.
    """
    due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
    if due[2] and 4 * _LongLived.added > _LongLived.known:
        gc.collect(2)
        _LongLived.known, _LongLived.added = len(gc.get_objects(generation=2)), 0
    elif due[1] or due[2]:
        _LongLived.added += len(gc.get_objects(generation=1))
        gc.collect(1)
    elif due[0]:
        gc.collect(0)
