"""Which diffusion models there are, those in training among them, and what is known of each."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui import formatting
from fmstudio.gui.runs.sources import sources_of
from fmstudio.gui.runs.status import WORDS
from fmstudio.gui.runs.store import RunStore
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
        self._runs = RunStore.of(studio)
        self._runs.listed.connect(self.look_around)
        self._asking = JobFollower(self, studio, ABOUT, "joins")
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._failed)
        self.look_around()

    def look_around(self) -> None:
        """List what the workspace has now, the newest first; the chosen one stays chosen while it is there."""
        titles, notes = {}, {}
        for source in sources_of(self._runs, self._studio.workspace, FAMILY):
            run = self._runs.get(source.run) if source.key != source.title else None
            if run is None:
                titles[source.key] = source.title
            elif source.step:
                at = f"step {formatting.count(source.step)}"
                titles[source.key] = f"{run.name} · {at}"
                notes[source.key] = f"{WORDS[run.status]}: the latest average of its weights, at {at}."
        if (titles, notes) == (self.titles, self.notes):
            return
        for reference in titles.keys() & self.titles.keys():
            if titles[reference] != self.titles[reference]:  # it has learnt on since it was opened
                self._asked.discard(reference)
        self.titles, self.notes = titles, notes
        if self.chosen not in titles:
            self.choose(next((name for name in titles if name not in notes), next(iter(titles), "")))
        self.listed.emit()

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
