"""Steps that a person takes: the discriminator's, the generator's or both, on a copy of the training in memory.

The copy begins from a run's latest checkpoint or from a preset, and no saved run ever changes by it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.jobs import Event, Metrics, Sample

STEPS = "fmstudio.laboratory.gan:steps"
COUNTS = (1, 10, 100)
SIDES = {
    "discriminator": (
        "Discriminator step",
        "mdi6.eye-outline",
        "Only the discriminator learns, from the same drawing.",
    ),
    "generator": ("Generator step", "mdi6.brush-outline", "Only the generator learns, against the same judge."),
    "both": ("Both", "mdi6.sword-cross", "Discriminator first, then generator, as in a run."),
}


class GanSteps(QObject):
    """The training session in memory, and the job that goes on with it. `run` is what its curves and pictures are.

    begun: a session was begun (its `run` is another one). failed(reason, details). busy_changed(bool).
    """

    begun = Signal()
    failed = Signal(str, str)
    busy_changed = Signal(bool)
    progressed = Signal(object)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.run: RunState | None = None
        self.source: str | Mapping[str, Any] | None = None
        self._question = JobFollower(self, studio, STEPS, "waits")
        self._question.heard.connect(self._take)
        self._question.progressed.connect(self.progressed)
        self._question.failed.connect(self._failed)
        self._question.busy_changed.connect(self.busy_changed)

    @property
    def busy(self) -> bool:
        """Whether steps are being taken."""
        return self._question.busy

    def take(self, source: str | Mapping[str, Any], title: str, which: str, count: int) -> None:
        """Take steps on a run's copy (source: its id) or on a new training (source: recipe tables)."""
        if self.busy:
            return
        anew = self.run is None or source != self.source
        if anew:
            self._begin(source, title)
        sides = "steps of both sides" if which == "both" else f"{which} steps"
        title = f"{count} {sides} by hand" if count > 1 else ""
        self._question.ask(title, source=source, which=which, count=count, reset=anew)

    def reset(self) -> None:
        """Forget the session: the next step begins from where the source stands."""
        self._question.forget()
        self.run = self.source = None
        self.begun.emit()

    def stop(self) -> None:
        """End the steps that are being taken."""
        self._question.stop()

    def _begin(self, source: str | Mapping[str, Any], title: str) -> None:
        self.run, self.source = RunState(title), source
        self.begun.emit()

    def _take(self, event: Event) -> None:
        if self.run is not None and isinstance(event, (Metrics, Sample)):
            self.run.take(event)
            self.run.flush()

    def _failed(self, reason: str, details: str) -> None:
        self.source = None  # a session that broke down is gone: the next step begins anew
        self.failed.emit(reason, details)


class StepBar(QWidget):
    """The three buttons, how many steps each takes, and what they are taken on. `wanted`: (which, count)."""

    wanted = Signal(str, int)
    reset_wanted = Signal()
    stop_wanted = Signal()
    train_wanted = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("gan-step-bar")
        theme = studio.theme
        self.count = Segments([(count, f"×{count}") for count in COUNTS], "gan-step-count", "How many steps at once")
        self.buttons = {
            which: button(text, f"gan-step-{which}", theme, icon, clicked=partial(self.press, which))
            for which, (text, icon, _) in SIDES.items()
        }
        for which, (_, _, tip) in SIDES.items():
            self.buttons[which].setToolTip(tip)
        self.reset = button("Reset", "gan-step-reset", theme, "mdi6.restore", "quiet", self.reset_wanted.emit)
        self.reset.setToolTip("Forget these steps and show the saved run again.")
        self.stop = button("Stop", "gan-step-stop", theme, "mdi6.stop", "plain", self.stop_wanted.emit)
        self.train = button(
            "Train in full…", "gan-step-train", theme, "mdi6.school-outline", "quiet", self.train_wanted.emit
        )
        self.train.setToolTip("Set up a run with this preset in Train: it is kept, and can be watched here.")
        self.dataset = ChoiceField("gan-step-dataset", "Pictures to learn from", [])
        self.dataset.setToolTip("What a new training learns from; the preset's own data is made if it is not here.")
        self.note = label("", "caption", "gan-step-note", wrap=True)
        self._lay_out()
        self.set_busy(False)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                flow(self.count, *self.buttons.values(), self.stop, self.reset),
                hbox((self.note, 1), self.train, self.dataset),
                gap=6,
            )
        )

    def press(self, which: str) -> None:
        """Ask for as many steps of a side as are chosen."""
        if self.buttons[which].isEnabled():
            self.wanted.emit(which, int(self.count.value()))

    def set_datasets(self, names: Sequence[str]) -> None:
        """What a new training can learn from, the preset's own first; none where the steps go on with a run."""
        chosen = self.dataset.value()
        self.dataset.clear()
        for name in names:
            self.dataset.addItem(name, name)
        if chosen in names:
            self.dataset.set_value(chosen)
        for each in (self.dataset, self.train):
            each.setVisible(bool(names))

    def set_busy(self, busy: bool, possible: bool = True) -> None:
        """While steps are taken there is Stop; the buttons wait."""
        for each in self.buttons.values():
            each.setEnabled(possible and not busy)
        self.stop.setEnabled(busy)
        self.reset.setEnabled(not busy)

    def tell(self, note: str, has_session: bool) -> None:
        """Say what the steps are taken on."""
        self.note.setText(note)
        self.reset.setVisible(has_session)
