"""Which diffusion models there are, those in training among them, and what is known of each."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui import formatting
from fmstudio.gui.models.shelf import TRAINED, UNFINISHED, ModelShelf, Record, model_record
from fmstudio.gui.runs.sources import Source, sources_of
from fmstudio.gui.runs.status import WORDS
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

ABOUT = "fmstudio.laboratory.diffusion:about"
FAMILY = "diffusion"


class DiffusionModels(ModelShelf):
    """The models by reference: a name, or "run:<id>" for the averaged weights of a run's latest checkpoint.

    chosen_changed: a person chose another. known(reference): what it is can be asked now. failed(reason, details): a
    model cannot be opened.
    """

    chosen_changed = Signal(str)
    known = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__(TRAINED, UNFINISHED)
        self._studio = studio
        self._about: dict[str, Mapping[str, Any]] = {}
        self._asked: set[str] = set()
        self.chosen = ""
        self._runs = RunStore.of(studio)
        self._runs.listed.connect(self.refresh)
        self._asking = JobFollower(self, studio, ABOUT, "joins")
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._failed)
        self.refresh()

    def refresh(self) -> None:
        """List what the workspace has now, the newest first; the chosen one stays chosen while it is there."""
        models = {each.name: model_record(each) for each in self._studio.workspace.models() if each.family == FAMILY}
        sources = sources_of(self._runs, self._studio.workspace, FAMILY)
        found = [record for each in sources if (record := models.get(each.key) or self._unfinished(each))]
        if found == self.models:
            return
        for record in found:
            if record["title"] != self.record(record["reference"]).get("title"):  # it has learnt on since it was opened
                self._asked.discard(record["reference"])
        self.models = found
        if self.chosen not in self.references:
            self.choose(next((name for name in self.references if name in models), next(iter(self.references), "")))
        self.put(found)

    def _unfinished(self, source: Source) -> Record | None:
        """A run by its latest checkpoint; None where it has none yet."""
        run = self._runs.get(source.run)
        if run is None or not source.step:
            return None
        at = f"step {formatting.count(source.step)}"
        about = f"{WORDS[run.status]}: the latest average of its weights, at {at}."
        return {"reference": source.key, "title": f"{run.name} · {at}", "source": "run", "about": about}

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
