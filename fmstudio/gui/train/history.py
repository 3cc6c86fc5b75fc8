"""The runs of a workspace as a list: open one, lay others over it, go on with one, or delete it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.theme import Theme
from fmstudio.gui.train.chosen import ChosenRuns
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry


def entry_of(run: RunState, best: float | None, chosen: ChosenRuns) -> Entry:
    """A run as the list shows it; best: the lowest validation loss that is known of it."""
    loss = f"loss {best:.3f}" if best is not None else ""
    detail = " · ".join(part for part in (run.words, loss, run.reached) if part)
    when = formatting.when(run.created) if run.created else "now"
    overlaid = run.id in chosen.overlaid
    return Entry(
        key_of(run),
        (Line(run.name, "strong", "text", when, Qt.TextElideMode.ElideMiddle), Line(detail)),
        f"{run.name}, {detail}, {when}",
        "Click opens a run; its box lays its curves over the run that is shown.",
        run.icon,
        checked=overlaid if run.id and run is not chosen.current else None,
        box=chosen.colour(run.id) if overlaid else "accent",
        name=run.name if run.id and not run.live else None,
    )


def key_of(run: RunState) -> str:
    """A run by its id; one that has not told it yet by its job."""
    return run.id or run.job


class RunHistory(EntryList):
    """run_opened(run): its row was clicked, or Enter pressed on it; Space lays it over. run_renamed(run, name): F2."""

    run_opened = Signal(object)
    run_renamed = Signal(object, str)

    def __init__(
        self,
        theme: Theme,
        store: RunStore,
        chosen: ChosenRuns,
        actions: Callable[[RunState], Sequence[MenuEntry]],
    ) -> None:
        """actions: what a right click offers for a run."""
        super().__init__(
            theme,
            "run-history",
            "Runs of this workspace",
            offered=lambda key: actions(self._runs[key]) if key else (),
        )
        self._store, self._chosen = store, chosen
        self._runs: dict[str, RunState] = {}
        self.opened.connect(lambda key: self.run_opened.emit(self._runs[key]))
        self.checked.connect(chosen.lay_over)
        self.renamed.connect(lambda key, name: self.run_renamed.emit(self._runs[key], name))
        for news in (store.listed, chosen.selected, chosen.compared):
            news.connect(self.refresh)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._count_on)
        self.refresh()

    def refresh(self) -> None:
        """Show the runs."""
        self._runs = {key_of(run): run for run in self._store.all()}
        self.show_entries([entry_of(run, self._store.best(run), self._chosen) for run in self._runs.values()])
        self.mark(next((key for key, run in self._runs.items() if run is self._chosen.current), ""))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._clock.stop()

    def _count_on(self) -> None:
        """Runs that train count their steps; the list shows it once a second, and only while it is seen."""
        if self._store.live():
            self.refresh()
