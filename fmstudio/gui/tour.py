"""A tour: drives the real window through the life of a small model and leaves a picture of each step.

The script below is a generator. It clicks and types as a person would, and yields what to wait for next; a timer goes
on with it when that has come true, so the window stays as alive as it is under a person's hands.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QWidget

from fmstudio.gui.main_window import MainWindow

INTERVAL = 50
REST = 1.0
"""Seconds without a job after which the window is taken to be at rest."""

PATIENCE = 300.0
"""Seconds after which a step that does not come true ends the tour."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on when `come` is true, or say what was waited for."""

    what: str
    come: Callable[[], bool]
    patience: float = PATIENCE


class Tour(QObject):
    """Walks through a script; `ended` tells "" or the sentence of what went wrong."""

    ended = Signal(str)

    def __init__(self, window: MainWindow, folder: Path | None, steps: int = 400) -> None:
        """folder: where the pictures go. steps: how long the model of the tour is trained."""
        super().__init__(window)
        self._window, self._folder = window, folder
        self._script = life_of_a_model(self, steps)
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
        from_now = time.monotonic() + 0.8

        def taken() -> bool:
            if time.monotonic() < from_now:
                return False
            if self._folder:
                path = self._folder / f"{len(self.pictures) + 1:02d}-{name}.png"
                self._window.grab().save(str(path))
                self.pictures.append(path)
            return True

        return Wait(f"the picture {name}", taken)


def life_of_a_model(tour: Tour, steps: int) -> Iterator[Wait]:
    """Data, training, sampling, export: each as a person would do it."""
    studio = tour.window.studio
    yield Wait("torch and the families", lambda: bool(studio.description))
    yield Wait("the sample data", lambda: bool(studio.workspace.datasets()))
    tour.panel("home")
    yield tour.picture("home-new")
    yield from _choose_data(tour)
    yield from _train(tour, steps)
    yield from _sample_and_export(tour)
    tour.panel("home")
    yield tour.picture("home")
    studio.theme.choose("dark", studio.settings.get("text_size"))
    tour.panel("train").look_at("run")
    yield tour.picture("train-dark")
    tour.panel("data")
    yield tour.picture("data-dark")
    studio.theme.choose("light", studio.settings.get("text_size"))


def _choose_data(tour: Tour) -> Iterator[Wait]:
    data = tour.panel("data")
    data.open_catalogue()
    yield Wait("the catalogue", lambda: "shakespeare" in data.catalogue.items)
    item = data.catalogue.items["shakespeare"]
    yield tour.picture("data-catalogue")
    if item.fetch_button.isVisible():
        item.fetch_button.click()
    yield Wait("the plays, or word that there is no network", lambda: item.here.isVisible() or item.error.isVisible())
    name = "shakespeare" if item.here.isVisible() else "python-reference"
    data.open_dataset(name)
    yield tour.at_rest("the documents")
    yield tour.picture("data-preview")
    tour.click("data-sight-statistics")
    yield tour.at_rest("the statistics")
    yield tour.picture("data-statistics")
    tour.click("data-sight-clean")
    data.dataset.cleaning.review()
    yield tour.at_rest("the review")
    yield tour.picture("data-clean")
    tour.click("data-sight-tokens")
    yield tour.at_rest("the tokens")
    yield tour.picture("data-tokens")
    tour.click("dataset-train")


def _train(tour: Tour, steps: int) -> Iterator[Wait]:
    train = tour.panel("train")
    train.setup.form.set_values({"training.steps": steps, "training.evaluate_every": max(1, steps // 8)})
    train.setup.form.changed.emit()
    yield tour.at_rest("the cost and the objective")
    tour.click("probe")
    yield tour.at_rest("the pace")
    yield tour.picture("train-objective")
    yield Wait("a recipe that can run", lambda: train.primary_action.isEnabled())
    train.start()
    yield Wait("a run", lambda: train.book.current is not None and bool(train.book.current.id))
    run = train.book.current
    yield Wait("half of the run", lambda: run.step >= steps // 2 or not run.live)
    yield tour.picture("train-live")
    yield Wait("the end of the run", lambda: not run.live)
    yield tour.picture("train-done")


def _sample_and_export(tour: Tour) -> Iterator[Wait]:
    train = tour.panel("train")
    models = [record.name for record in tour.window.studio.workspace.models()]
    if not models:
        raise LookupError("The tour's run left no model.")
    train.shown(model=models[-1])
    tour.type("sampling-prompt", "To be, or not to be")
    tour.click("sampling-go")
    yield tour.at_rest("the sample")
    yield tour.picture("train-sample")
    target = tour.window.studio.workspace.path / "exports" / models[-1]
    if not target.exists():
        train.export.begin(models[-1], target)
    yield tour.at_rest("the proof of the export")
    yield tour.picture("train-export")
