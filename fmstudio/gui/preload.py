"""What panels need besides the window, loaded piece by piece while the window is already in use.

Each piece is short, and between two of them the event loop sees to whatever the person does.
"""

import importlib
import time
from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QObject, QTimer

from fmstudio.gui.panel import PanelInfo

_SLICE = 0.008  # seconds that a piece may take where it can be cut anywhere
_QT = ("QtCore", "QtGui", "QtWidgets")


def pieces(infos: Iterable[PanelInfo], build: Callable[[str], object]) -> Iterator[None]:
    """Load the plots, then each panel's code, then build each panel with `build`; stops between them."""
    yield from _wake_qt_types()
    for module in ("pyqtgraph", "fmstudio.gui.widgets.plot.live_plot"):
        importlib.import_module(module)
        yield
    for info in infos:
        info.load()
        yield
        build(info.name)
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


def in_idle_moments(steps: Iterator[None], owner: QObject, done: Callable[[], object]) -> None:
    """Take one step each time the event loop has nothing else to do, and call `done` after the last."""

    def step() -> None:
        try:
            next(steps)
        except StopIteration:
            done()
        else:
            QTimer.singleShot(0, owner, step)

    QTimer.singleShot(0, owner, step)
