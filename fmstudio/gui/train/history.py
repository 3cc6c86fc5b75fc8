"""The runs of a workspace as a list: open one, lay others over it, go on with one, or delete it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import WORDS, RunState
from fmstudio.gui.runs.store import RunStore
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line
from fmstudio.gui.widgets.menus import MenuEntry
from fmstudio.workspace import RunRecord

ICONS = {
    "queued": ("mdi6.clock-outline", "secondary"),
    "running": ("mdi6.play-circle", "training"),
    "paused": ("mdi6.pause-circle", "warning"),
    "stopping": ("mdi6.stop-circle", "warning"),
    "completed": ("mdi6.check-circle", "success"),
    "stopped": ("mdi6.stop-circle-outline", "secondary"),
    "cancelled": ("mdi6.close-circle-outline", "secondary"),
    "failed": ("mdi6.alert-circle", "error"),
    "interrupted": ("mdi6.flash-alert-outline", "warning"),
}


def entry_of(run: "RunRecord | RunState", store: RunStore) -> Entry:
    """A run as the list shows it."""
    status = run.status
    if isinstance(run, RunRecord) and status == "running":
        status = "interrupted"  # it has no job here
    reached = f"{run.step:,} of {run.steps:,} steps" if run.step < run.steps else f"{run.step:,} steps"
    best = store.best(run)
    loss = f"loss {best:.3f}" if best is not None else ""
    detail = " · ".join(part for part in (WORDS.get(status, status), loss, reached) if part)
    when = formatting.when(run.created) if run.created else "now"
    overlaid = run.id in store.overlaid
    return Entry(
        key_of(run),
        (Line(run.name, "strong", "text", when, Qt.TextElideMode.ElideMiddle), Line(detail)),
        f"{run.name}, {detail}, {when}",
        "Click opens a run; its box lays its curves over the run that is shown.",
        ICONS.get(status, ICONS["completed"]),
        checked=overlaid if run.id and not _is_current(run, store) else None,
        box=store.colour(run.id) if overlaid else "accent",
    )


def key_of(run: "RunRecord | RunState") -> str:
    """A run by its id; one that has not told it yet by its job."""
    return run.id or getattr(run, "job", "")


def _is_current(run: "RunRecord | RunState", store: RunStore) -> bool:
    return store.current is not None and (run is store.current or (bool(run.id) and run.id == store.current.id))


class RunHistory(EntryList):
    """`run_opened` tells the run of a row that was clicked or on which Enter was pressed; Space lays it over."""

    run_opened = Signal(object)

    def __init__(self, theme: Theme, store: RunStore, actions: Callable[[RunState], Sequence[MenuEntry]]) -> None:
        """actions: what a right click offers for a run."""
        super().__init__(
            theme,
            "run-history",
            "Runs of this workspace",
            offered=lambda key: actions(self.state_of(key)) if key else (),
        )
        self._store = store
        self._runs: dict[str, RunRecord | RunState] = {}
        self.opened.connect(lambda key: self.run_opened.emit(self.state_of(key)))
        self.checked.connect(store.lay_over)
        store.listed.connect(self.refresh)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._count_on)
        self.refresh()

    def refresh(self) -> None:
        """Show the runs."""
        self._runs = {key_of(run): run for run in self._store.rows()}
        self.show_entries([entry_of(run, self._store) for run in self._runs.values()])
        self.mark(next((key for key, run in self._runs.items() if _is_current(run, self._store)), ""))

    def state_of(self, key: str) -> RunState:
        """The run of a row, with its curves."""
        run = self._runs[key]
        return run if isinstance(run, RunState) else self._store.state(run.id)

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
