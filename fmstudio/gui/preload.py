"""What panels need besides the window, loaded piece by piece while nobody waits for anything.

Loading a piece keeps the event loop for a moment. So it begins some seconds after the window is up, goes on only while
no job runs, and leaves the event loop to whatever the person does between two pieces. Panels themselves are built when
they are first shown.
"""

import importlib
import time
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, QTimer

from fmstudio.gui.job_board import JobBoard
from fmstudio.gui.panel import PanelInfo

CALM = 3000
"""Milliseconds from the start of the window, and from when a job was seen to run, to the next piece."""

INTERVAL = 60
"""Milliseconds between two pieces."""

_SLICE = 0.008  # seconds that a piece may take where it can be cut anywhere
_QT = ("QtCore", "QtGui", "QtWidgets")
_ALL = ("pyqtgraph", "fmstudio.gui.widgets.plot.live_plot")


def pieces(infos: Iterable[PanelInfo]) -> Iterator[None]:
    """Load the plots, then each panel's code; stops between them."""
    yield from _wake_qt_types()
    for module in (*_ALL, *(info.module for info in infos)):
        importlib.import_module(module)
        yield


def _wake_qt_types() -> Iterator[None]:
    """Create Qt's Python types a few at a time. pyqtgraph asks for every one of them in a single go when imported."""
    since = time.perf_counter()
    for name in _QT:
        module = importlib.import_module(f"PySide6.{name}")
        for attribute in dir(module):
            getattr(module, attribute)
            if time.perf_counter() - since > _SLICE:
                yield
                since = time.perf_counter()


class Preload(QObject):
    """Takes one piece after the other while no job runs. `done` when all are taken."""

    def __init__(self, infos: Iterable[PanelInfo], jobs: JobBoard, owner: QObject) -> None:
        super().__init__(owner)
        self.done = False
        self._jobs = jobs
        self._pieces = pieces(infos)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._take_one)

    def start(self) -> None:
        """Begin, after a while."""
        self._timer.start(CALM)

    def _take_one(self) -> None:
        busy = any(state.active for state in self._jobs.all(visible=False))
        self._timer.setInterval(CALM if busy else INTERVAL)
        if busy:
            return
        try:
            next(self._pieces)
        except StopIteration:
            self.done = True
            self._timer.stop()
