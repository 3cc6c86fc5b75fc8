"""The models of every family: those made here, those linked, and those that the catalogue offers."""

from collections.abc import Mapping, Sequence
from typing import Any

from fmstudio.gui.models.shelf import ModelShelf, Record
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower

LIBRARY = "fmstudio.adapt.models:library"
OWN = ("workspace", "linked")
"""Where a model is from that a person has made or brought here."""

_NEWS = {"model", "linked"}


class LibraryShelf(ModelShelf):
    """Asks the engine which there are when it is told to, and whenever one came, changed or went."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.listed = False
        self._listing = JobFollower(self, studio, LIBRARY, "waits")
        self._listing.answered.connect(self._take)
        self._listing.failed.connect(self.failed)
        studio.workspace_changed.connect(self._workspace_changed)

    def refresh(self) -> None:
        """Ask which models there are."""
        self._listing.ask()

    def _take(self, models: Sequence[Mapping[str, Any]]) -> None:
        self.listed = True
        self.put(models)

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if self.listed and kind in _NEWS:
            self.refresh()

    @property
    def own(self) -> list[Record]:
        """Those that a person has made or brought here."""
        return [each for each in self.models if each["source"] in OWN]
