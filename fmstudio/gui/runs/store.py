"""All runs of the workspace, live and ended, as one model that every panel reads."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.runs.jobs import PRETRAIN, RESUME
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.studio import Studio
from fmstudio.jobs import Event
from fmstudio.workspace import RunRecord, Workspace, WorkspaceError
from fmstudio.workspace.deleting import delete

if TYPE_CHECKING:
    from fmstudio.gui.runs.measured import Measured


class RunStore(QObject):
    """The runs, one `RunState` each as long as the window is open. It follows every training job, whoever asked for it.

    The workspace is read when someone asks after it has changed; what asks may raise WorkspaceError then.

    listed: there are others, or one of them stands differently. submitted(run): a training was asked for. begun(run):
    it has its id, by which others find it. removed(id).
    """

    listed = Signal()
    submitted = Signal(object)
    begun = Signal(object)
    removed = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self._runs: dict[str, RunState] = {}
        self._by_job: dict[str, RunState] = {}
        self._losses: dict[str, float] = {}
        self._unread = True
        studio.jobs.added.connect(self._follow)
        studio.jobs.changed.connect(self._flush)
        studio.workspace_changed.connect(self._workspace_changed)
        for state in studio.jobs.active():  # whoever looks late finds what runs already
            self._follow(state.id)

    @classmethod
    def of(cls, studio: Studio) -> "RunStore":
        """The store of a studio, made when it is first asked for."""
        found: RunStore | None = studio.findChild(cls)
        return found or cls(studio)

    # Reading it.

    def all(self) -> list[RunState]:
        """The newest first, and on top those that the workspace does not know yet."""
        self._read()
        unlisted = [run for run in self.live() if run.id not in self._runs]
        return [*reversed(unlisted), *reversed(self._runs.values())]

    def of_family(self, family: str) -> list[RunState]:
        """The runs of a family that have an id, the newest first."""
        return [run for run in self.all() if run.family == family and run.id]

    def live(self) -> list[RunState]:
        """The runs whose jobs here have not ended, in the order in which they were asked for."""
        return [run for run in self._by_job.values() if run.live]

    def get(self, id: str) -> RunState | None:
        """A run by its id, or None where there is none."""
        self._read()
        return self._runs.get(id) or next((run for run in self.live() if id and run.id == id), None)

    def run(self, id: str) -> RunState:
        """A run by its id; raises WorkspaceError that lists the latest where it is unknown."""
        found = self.get(id)
        if found is None:
            found = self._runs[id] = self._state_of(self._studio.workspace.run(id), None)
        return found

    def best(self, run: RunState) -> float | None:
        """The lowest validation loss known of a run: its own, or that of the model it left."""
        own = run.best if run.opened else None
        return own[1] if own else self._losses.get(run.model)

    def latest_checkpoint(self, run: RunState) -> int:
        """The step of a run's latest checkpoint, 0 where it has none."""
        folder = self._studio.workspace.run_folder(run.id) / "checkpoints"
        steps = [path.name.removeprefix("step-") for path in folder.glob("step-*")]
        return max((int(step) for step in steps if step.isdigit()), default=0)

    # Changing it.

    def refresh(self) -> None:
        """Read the workspace anew: another program may train in it too."""
        self._unread = True
        self.listed.emit()

    def remove(self, id: str) -> None:
        """Move a run to the bin; raises WorkspaceError where it is being trained."""
        name = self.run(id).name
        entry = delete(self._studio.workspace, "run", id)
        self._runs.pop(id, None)
        self.removed.emit(id)
        if entry:
            self._studio.deleted.emit(entry.id, f"The run “{name}” is in the bin.")
        self._studio.announce("run", id)

    # The workspace.

    def _read(self) -> None:
        if not self._unread:
            return
        workspace = self._studio.workspace
        records, losses = workspace.runs(), dict(_losses(workspace))
        known = self._runs | {run.id: run for run in self.live()}
        self._runs = {record.id: self._state_of(record, known.get(record.id)) for record in records}
        self._losses, self._unread = losses, False

    def _state_of(self, record: RunRecord, run: RunState | None) -> RunState:
        workspace = self._studio.workspace
        if run is not None and run.live:
            run.created = record.created
            return run
        run = run or RunState(record.name, read=partial(_measured, workspace, record.id))
        run.take_record(record, record.status == "running" and workspace.is_being_trained(record.id))
        run.flush()
        return run

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in ("run", "model"):
            self.refresh()

    # Jobs.

    def _follow(self, job: str) -> None:
        state = self._studio.jobs[job]
        if state.request.target not in (PRETRAIN, RESUME):
            return
        run = self._by_job[job] = self._run_of(state)
        run.reason = ""
        run.follow(state)
        self._studio.jobs.watch(job, partial(self._take, run, state))
        run.flush()
        self.submitted.emit(run)
        if run.id:
            self.begun.emit(run)
        self.listed.emit()

    def _run_of(self, job: JobState) -> RunState:
        """The run that a job goes on with, or a new one. What cannot be read of the workspace now is not needed."""
        begun = [artefact.name for artefact in job.artefacts if artefact.kind == "run"]
        known = begun[-1] if begun else str(job.request.arguments.get("run", ""))
        try:
            if known:
                return self.run(known)
        except WorkspaceError:
            pass
        recipe = job.request.arguments.get("recipe", {})
        run = RunState(str(recipe.get("name") or job.title), recipe)
        run.id = known
        return run

    def _take(self, run: RunState, job: JobState, event: Event) -> None:
        unknown = not run.id
        run.take(event)
        run.follow(job)
        if run.id and (unknown or not run.live):
            self._runs[run.id] = run  # the workspace may be read before its row is there, and after its job has ended
        if run.id and unknown:
            self.begun.emit(run)

    def _flush(self, job: str) -> None:
        run, state = self._by_job.get(job), self._studio.jobs.get(job)
        if run is None:
            return
        if state is not None:
            run.follow(state)
        if not run.live:
            del self._by_job[job]
        if "status" in run.flush():
            self.listed.emit()


def _measured(workspace: Workspace, run: str) -> "Measured":
    from fmstudio.gui.runs.measured import measured_of  # here: the window opens sooner without numbers

    return measured_of(workspace, run)


def _losses(workspace: Workspace) -> Iterator[tuple[str, float]]:
    """The validation loss of each model, as its record keeps it."""
    for model in workspace.models():
        loss = model.details.get("metrics", {}).get("loss/validation")
        if loss is not None:
            yield model.name, float(loss)
