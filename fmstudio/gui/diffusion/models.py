"""Which diffusion models there are, those in training among them, and what is known of each."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

ABOUT = "fmstudio.laboratory.diffusion:about"
FAMILY = "diffusion"


class DiffusionModels(QObject):
    """The models by reference: a name, or "run:<id>" for the averaged weights of a run's latest checkpoint.

    listed: there are others. chosen_changed: a person chose another. known(reference): what it is can be asked now.
    failed(reason, details): a model cannot be opened.
    """

    listed = Signal()
    chosen_changed = Signal(str)
    known = Signal(str)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._about: dict[str, Mapping[str, Any]] = {}
        self._asked: set[str] = set()
        self.titles: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.chosen = ""
        self._asking = JobFollower(self, studio, ABOUT, "joins")
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._failed)
        self.look_around()

    def look_around(self) -> None:
        """List what the workspace has now, the newest first; the chosen one stays chosen while it is there."""
        models = [record for record in self._studio.workspace.models() if record.family == FAMILY]
        found = self._runs_without_model() | {record.name: record.name for record in reversed(models)}
        if found == self.titles:
            return
        for reference in found.keys() & self.titles.keys():
            if found[reference] != self.titles[reference]:  # it has learnt on since it was opened
                self._asked.discard(reference)
        self.titles = found
        if self.chosen not in found:
            self.choose(next((name for name in found if not name.startswith("run:")), next(iter(found), "")))
        self.listed.emit()

    def _runs_without_model(self) -> dict[str, str]:
        """Runs that have a checkpoint but no model yet."""
        found = {}
        for run in reversed(self._studio.workspace.runs()):
            step = self._latest_step(run.id) if run.family == FAMILY and not run.model else 0
            if step:
                reference, at = f"run:{run.id}", f"step {formatting.count(step)}"
                state = "In training" if run.status == "running" else "An unfinished run"
                self.notes[reference] = f"{state}: the latest average of its weights, at {at}."
                found[reference] = f"{run.name} · {at}"
        return found

    def _latest_step(self, run: str) -> int:
        folder = self._studio.workspace.run_folder(run) / "checkpoints"
        steps = [path.name.removeprefix("step-") for path in folder.glob("step-*")]
        return max((int(step) for step in steps if step.isdigit()), default=0)

    def choose(self, reference: str) -> None:
        """Work with this model from now on."""
        if reference != self.chosen:
            self.chosen = reference
            self.chosen_changed.emit(reference)

    def about(self, reference: str) -> Mapping[str, Any] | None:
        """What is known of a model: its size, its conditions, its samplers; None until `known` tells."""
        return self._about.get(reference)

    def ask(self, reference: str) -> None:
        """Find out about a model, unless that is known or under way."""
        if reference and reference not in self._asked:
            self._asked.add(reference)
            self._asking.ask(model=reference)

    def _answered(self, about: Mapping[str, Any]) -> None:
        reference = self._asking.asked["model"]
        self._about[reference] = about
        self.known.emit(reference)

    def _failed(self, reason: str, details: str) -> None:
        self._asked.discard(self._asking.asked["model"])
        self.failed.emit(reason, details)
