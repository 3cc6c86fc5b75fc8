"""Which run is looked at, and which are laid over it."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore

OVERLAY_COLOURS = ("generated", "real", "success", "error")


class ChosenRuns(QObject):
    """What a person chose among the runs. A training that begins is what one wants to see.

    selected(run): another run is looked at (None: none). compared: the set of runs laid over it has changed.
    """

    selected = Signal(object)
    compared = Signal()

    def __init__(self, store: RunStore) -> None:
        super().__init__()
        self._store = store
        self.current: RunState | None = next(reversed(store.live()), None)
        self._overlaid: list[str] = []
        store.submitted.connect(self.select)
        store.removed.connect(self._forget)

    @property
    def overlaid(self) -> list[str]:
        """The ids of the runs that are laid over the current one, in the order in which they were chosen."""
        return [run for run in self._overlaid if self._store.get(run)]

    def over(self) -> Iterator[RunState]:
        """The runs that are laid over the current one, which itself is not."""
        for run in map(self._store.run, self.overlaid):
            if run is not self.current:
                yield run

    def select(self, run: RunState | None) -> None:
        """Look at a run."""
        if run is not self.current:
            self.current = run
            self.selected.emit(run)

    def lay_over(self, id: str, shown: bool) -> None:
        """Draw a run's curves with the current one's, or no longer."""
        if shown and id not in self._overlaid:
            self._overlaid.append(id)
        elif not shown and id in self._overlaid:
            self._overlaid.remove(id)
        self.compared.emit()

    def colour(self, id: str) -> str:
        """The theme's token for a run that is laid over another; it stays while the run is shown."""
        place = self._overlaid.index(id) if id in self._overlaid else 0
        return OVERLAY_COLOURS[place % len(OVERLAY_COLOURS)]

    def _forget(self, id: str) -> None:
        if self.current is not None and self.current.id == id:
            self.select(None)
        if id in self._overlaid:
            self.lay_over(id, False)
