"""A tour: drives the real window through the life of small models and leaves a picture of each step.

Its script (script.py) is a generator. It clicks and types as a person would, and yields what to wait for next; a
timer goes on with it when that has come true, so the window stays as alive as it is under a person's hands.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QWidget

from fmstudio.gui.window.main_window import MainWindow

INTERVAL = 50
REST = 1.0
"""Seconds without a job after which the window is taken to be at rest."""

SETTLE = 0.8
"""Seconds in which the window draws before a picture of it is taken."""

PATIENCE = 300.0
"""Seconds after which a step that does not come true ends the tour."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when `come` is true, or say what was waited for."""

    what: str
    come: Callable[[], bool]
    patience: float = PATIENCE


Script = Callable[["Tour"], Iterator[Wait]]


class Tour(QObject):
    """Walks through a script; `ended` tells "" or the sentence of what went wrong."""

    ended = Signal(str)

    def __init__(self, window: MainWindow, folder: Path | None, script: Script) -> None:
        """folder: where the pictures go. script: what to do, given the tour."""
        super().__init__(window)
        self._window, self._folder = window, folder
        self._script = script(self)
        self._wait = Wait("the window", lambda: True)
        self._since = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._go_on)
        self.pictures: list[Path] = []

    @property
    def window(self) -> MainWindow:
        """The window that is toured."""
        return self._window

    def start(self) -> None:
        """Begin."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._timer.start()

    def _go_on(self) -> None:
        if not self._wait.come():
            if time.monotonic() - self._since > self._wait.patience:
                self._end(f"The tour waited in vain for {self._wait.what}.")
            return
        try:
            self._wait = next(self._script)
        except StopIteration:
            self._end("")
        except LookupError as error:
            self._end(str(error))
        self._since = time.monotonic()

    def _end(self, sentence: str) -> None:
        self._timer.stop()
        self.ended.emit(sentence)

    # What a script does.

    def panel(self, name: str) -> Any:
        """Show a panel and return it."""
        self._window.show_panel(name)
        return self._window.panel(name)

    def find(self, name: str, kind: type = QWidget) -> Any:
        """A control by its object name; raises LookupError, which ends the tour, where there is none."""
        found = self._window.findChild(kind, name)
        if found is None:
            raise LookupError(f"The tour found no control named {name}.")
        return found

    def click(self, name: str) -> None:
        """Press a button."""
        self.find(name, QAbstractButton).click()

    def type(self, name: str, text: str) -> None:
        """Put a text into a field of several lines."""
        self.find(name, QPlainTextEdit).setPlainText(text)

    def at_rest(self, what: str) -> Wait:
        """Wait until no job has run for a moment: some questions are asked only when one has stopped typing."""
        last_busy = time.monotonic()

        def come() -> bool:
            nonlocal last_busy
            if any(state.active for state in self._window.studio.jobs.all(visible=False)):
                last_busy = time.monotonic()
            return time.monotonic() - last_busy > REST

        return Wait(what, come)

    def picture(self, name: str) -> Wait:
        """Let the window draw, then keep a picture of it."""
        from_now = time.monotonic() + SETTLE

        def taken() -> bool:
            if time.monotonic() < from_now:
                return False
            if self._folder:
                path = self._folder / f"{len(self.pictures) + 1:02d}-{name}.png"
                self._window.grab().save(str(path))
                self.pictures.append(path)
            return True

        return Wait(f"the picture {name}", taken)
