"""Whose tokens are looked at: the model that is to be fine-tuned, and which answers it is to learn."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui.models.model_choice import GROUPS, LISTING, STARTER
from fmstudio.gui.models.shelf import ModelShelf
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

TURNS = (("all", "Every answer"), ("last", "The last answer"))
_KEY = "data-read-by"
_NEWS = ("model", "run", "linked")


class ChosenModel(ModelShelf):
    """The language models that are here, one of which is chosen; the views that show its tokens share it.

    changed: another model or other turns are chosen, or it has become known that there is none.
    """

    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__(*GROUPS)
        self._studio = studio
        self.listed = False
        self.model = str(studio.preferences.recall(studio.workspace.path, _KEY) or "")
        self.turns = "all"
        self._listing = JobFollower(self, studio, LISTING)
        self._listing.answered.connect(self._take)
        self._listing.failed.connect(self.failed)
        studio.workspace_changed.connect(self._workspace_changed)

    def refresh(self) -> None:
        """Ask which models there are."""
        self._listing.ask()

    def begin(self) -> None:
        """Ask for the first time."""
        if not self.listed and not self._listing.busy:
            self.refresh()

    def choose(self, model: str) -> None:
        """Read rows as this model does."""
        if model != self.model:
            self.model = model
            self._studio.preferences.remember(self._studio.workspace.path, _KEY, model)
            self.changed.emit()

    def learn(self, turns: str) -> None:
        """Learn all answers of a conversation, or the last."""
        if turns != self.turns:
            self.turns = turns
            self.changed.emit()

    def _take(self, models: Sequence[Mapping[str, Any]]) -> None:
        first = not self.listed
        self.listed = True
        self.put([each for each in models if each.get("here") and not each.get("problem")])
        if self.model not in self.references:
            best = sorted(self.references, key=lambda reference: reference != STARTER)
            self.model = best[0] if best else ""
            first = True
        if first:
            self.changed.emit()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if self.listed and kind in _NEWS:
            self.refresh()
