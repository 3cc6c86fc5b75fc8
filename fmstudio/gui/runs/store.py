"""All runs of the workspace, live and finished: which one is looked at, and which are laid over it."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.runs.jobs import PRETRAIN, RESUME
from fmstudio.gui.runs.state import RunState, stored_run, take_record
from fmstudio.gui.studio import Studio
from fmstudio.jobs import Artefact, Event, JobRequest
from fmstudio.workspace import RunRecord, Workspace

OVERLAY_COLOURS = ("generated", "real", "success", "error")


def _losses(workspace: Workspace) -> Iterator[tuple[str, float]]:
    """The validation loss of each model, as its record keeps it."""
    for model in workspace.models():
        loss = model.details.get("metrics", {}).get("loss/validation")
        if loss is not None:
            yield model.name, float(loss)


class RunStore(QObject):
    """Runs, newest first. It follows every training job, whoever asked for it.

    listed: the list or a row of it has changed. selected: another run is looked at (None: none). compared: the set
    of runs laid over it has changed.
    """

    listed = Signal()
    selected = Signal(object)
    compared = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._states: dict[str, RunState] = {}
        self._by_job: dict[str, RunState] = {}
        self._records: dict[str, RunRecord] = {}
        self._losses: dict[str, float] = {}
        self.current: RunState | None = None
        self.overlaid: list[str] = []
        studio.jobs.added.connect(self._follow)
        studio.jobs.changed.connect(self._flush)
        studio.workspace_changed.connect(self._workspace_changed)
        self.refresh()
        for state in studio.jobs.active():  # whoever looks late finds what runs already
            self._follow(state.id)

    def refresh(self) -> None:
        """Read the list of runs from the workspace."""
        self._records = {record.id: record for record in self._studio.workspace.runs()}
        self._losses = dict(_losses(self._studio.workspace))
        for run, state in list(self._states.items()):
            if run not in self._records and not state.live:
                del self._states[run]
            elif run in self._records and not state.live:
                take_record(state, self._records[run])
        self.overlaid = [run for run in self.overlaid if run in self._records or run in self._states]
        self.listed.emit()

    def rows(self) -> list["RunRecord | RunState"]:
        """Live runs first, newest on top; what has been opened as its state, the rest as their records."""
        live = [state for state in self._by_job.values() if state.live]
        waiting = [state for state in live if state.id not in self._records]
        known = [self._states.get(run, record) for run, record in self._records.items()]
        return [*reversed(waiting), *reversed(known)]

    def best(self, run: "RunRecord | RunState") -> float | None:
        """The lowest validation loss known of a run: its own, or that of the model it left."""
        if isinstance(run, RunState) and run.best:
            return run.best[1]
        return self._losses.get(run.model)

    def state(self, id: str) -> RunState:
        """A run by its id, read from the workspace when it is first asked for; raises WorkspaceError if unknown."""
        if id not in self._states:
            self._states[id] = stored_run(self._studio.workspace, self._studio.workspace.run(id))
        return self._states[id]

    def states(self) -> Iterator[RunState]:
        """The runs that are laid over the current one."""
        for run in self.overlaid:
            if self.current is None or run != self.current.id:
                yield self.state(run)

    def select(self, state: RunState | None) -> None:
        """Look at a run."""
        if state is not self.current:
            self.current = state
            self.selected.emit(state)
            self.listed.emit()

    def lay_over(self, id: str, shown: bool) -> None:
        """Draw a run's curves with the current one's, or no longer."""
        if shown and id not in self.overlaid:
            self.overlaid.append(id)
        elif not shown and id in self.overlaid:
            self.overlaid.remove(id)
        self.compared.emit()
        self.listed.emit()

    def colour(self, id: str) -> str:
        """The theme's token for a run that is laid over another; it stays while the run is shown."""
        place = self.overlaid.index(id) if id in self.overlaid else 0
        return OVERLAY_COLOURS[place % len(OVERLAY_COLOURS)]

    def live(self) -> list[RunState]:
        """The runs whose jobs have not ended."""
        return [state for state in self._by_job.values() if state.live]

    def remove(self, id: str) -> None:
        """Delete a run's files and history."""
        self._studio.workspace.remove_run(id)
        if self.current is not None and self.current.id == id:
            self.select(None)
        self._states.pop(id, None)
        if id in self.overlaid:
            self.lay_over(id, False)
        self._studio.announce("run", id)

    # Jobs.

    def _follow(self, job: str) -> None:
        request = self._studio.jobs[job].request
        if request.target not in (PRETRAIN, RESUME):
            return
        state = self._state_for(request, self._studio.jobs[job].artefacts)
        state.job, state.status, state.reason = job, self._studio.jobs[job].status, ""
        self._by_job[job] = state
        self._studio.jobs.watch(job, lambda event: self._take(state, event))
        self.select(state)
        self.listed.emit()

    def _state_for(self, request: JobRequest, made: Sequence[Artefact]) -> RunState:
        begun = [artefact.name for artefact in made if artefact.kind == "run"]
        if request.target == RESUME or begun:
            return self.state(begun[-1] if begun else request.arguments["run"])
        recipe = request.arguments.get("recipe", {})
        return RunState(str(recipe.get("name") or request.title), recipe)

    def _take(self, state: RunState, event: Event) -> None:
        state.take(event)
        if isinstance(event, Artefact) and event.kind == "run":
            self._states[state.id] = state

    def _flush(self, job: str) -> None:
        state = self._by_job.get(job)
        found = self._studio.jobs.get(job)
        if state is None:
            return
        before = state.status
        if found is not None:
            state.follow(found)
        state.flush()
        if not state.live and before == state.status and state.job == job and state.id:
            self._by_job.pop(job, None)
        if found is None or not found.active or before != state.status:
            self.listed.emit()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in ("run", "model"):
            self.refresh()
