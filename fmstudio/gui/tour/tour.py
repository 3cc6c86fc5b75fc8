"""A tour: drives the real window through the life of small models and leaves a picture of each step.

Its script (script.py) is a generator. It clicks and types as a person would, and yields what to wait for next; a
timer goes on with it when that has come true, so the window stays as alive as it is under a person's hands.

No wait has a deadline, as nobody knows how fast a machine is: a tour ends early only where the whole program stands
still. It asks nothing, as nobody may be there to answer.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QWidget

from fmstudio.gui.window.main_window import MainWindow
from fmstudio.jobs import Event, Failed

INTERVAL = 50
REST = 0.6
"""Seconds without a job after which the window is taken to be at rest."""

SETTLE = 0.3
"""Seconds in which the window draws before a picture of it is taken."""

STANDSTILL = 60.0
"""Seconds in which no job runs and what is waited for does not come: nothing is left that could bring it."""

SILENCE = 900.0
"""Seconds in which a job runs and none tells anything: a step of a job may be long, but not that long."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when `come` is true, or say what was waited for."""

    what: str
    come: Callable[[], bool]


class TourError(Exception):
    """The tour cannot go on; its text is the sentence that says why."""


class Clock:
    """Tells the seconds since it was asked last, of which a busy or sleeping machine cannot make many: what waits for
    the window to do something waits for the window's own time.
    """

    _MOST = 4 * INTERVAL / 1000

    def __init__(self) -> None:
        self._last = time.monotonic()

    def passed(self) -> float:
        """Seconds of the window's time."""
        last, self._last = self._last, time.monotonic()
        return min(self._last - last, self._MOST)


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
        self._clock = Clock()
        self._still = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._go_on)
        window.unattended = True
        jobs = window.studio.jobs
        for sign in (jobs.added, jobs.event, jobs.ended):
            sign.connect(self._lives)
        jobs.event.connect(self._remember_failure)
        self._failure = ""
        window.studio.went_wrong.connect(self._went_wrong)
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
        try:
            if self._wait.come():
                self._wait = next(self._script)
                self._lives()
            else:
                self._look_for_life()
        except StopIteration:
            self._end("")
        except TourError as error:
            self._end(str(error))
        except Exception as error:
            log.exception("The tour broke off.")
            self._end(f"The tour broke off at {self._wait.what} ({type(error).__name__}: {error}).")

    def _lives(self, *_: object) -> None:
        """Something happened: whatever is waited for may be on its way."""
        self._still = 0.0

    def _look_for_life(self) -> None:
        """End where nothing happens any more. Only time in which the window itself is alive counts."""
        self._still += self._clock.passed()
        active = any(state.active for state in self._window.studio.jobs.all(visible=False))
        if self._still > (SILENCE if active else STANDSTILL):
            why = f" The last job that failed said: {self._failure}" if self._failure else ""
            raise TourError(f"The tour waited in vain for {self._wait.what}.{why}")

    def _remember_failure(self, _job: str, event: Event) -> None:
        if isinstance(event, Failed):
            self._failure = event.reason

    def _went_wrong(self, reason: str, _details: str) -> None:
        self._end(f"Something went wrong while the tour waited for {self._wait.what}: {reason}")

    def _end(self, sentence: str) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self.ended.emit(sentence)

    # What a script does.

    def panel(self, name: str) -> Any:
        """Show a panel and return it."""
        self._window.show_panel(name)
        return self._window.panel(name)

    def find(self, name: str, kind: type = QWidget) -> Any:
        """A control by its object name; raises TourError, which ends the tour, where there is none."""
        found = self._window.findChild(kind, name)
        if found is None:
            raise TourError(f"The tour found no control named {name}.")
        return found

    def click(self, name: str) -> None:
        """Press a button."""
        self.find(name, QAbstractButton).click()

    def type(self, name: str, text: str) -> None:
        """Put a text into a field of several lines."""
        self.find(name, QPlainTextEdit).setPlainText(text)

    def at_rest(self, what: str) -> Wait:
        """Wait until no job has run for a moment: some questions are asked only when one has stopped typing."""
        quiet, clock = 0.0, Clock()

        def come() -> bool:
            nonlocal quiet
            quiet += clock.passed()
            if any(state.active for state in self._window.studio.jobs.all(visible=False)):
                quiet = 0.0
            return quiet > REST

        return Wait(what, come)

    def picture(self, name: str) -> Wait:
        """Let the window draw, then keep a picture of it."""
        settled, clock = 0.0, Clock()

        def taken() -> bool:
            nonlocal settled
            settled += clock.passed()
            if settled < SETTLE:
                return False
            if self._folder:
                path = self._folder / f"{len(self.pictures) + 1:02d}-{name}.png"
                self._window.grab().save(str(path))
                self.pictures.append(path)
            return True

        return Wait(f"the picture {name}", taken)
