"""The batches of the workspace: those there are, the one that runs, and what can be done with them. Each is a job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.jobs import Artefact, Finished, JobRequest, Priority, Sample

RUN = "fmstudio.adapt.batch:run"
RESUME = "fmstudio.adapt.batch:resume"
LISTING = "fmstudio.adapt.batch_views:listing"
DELETE = "fmstudio.adapt.batch_views:delete"
RESTORE = "fmstudio.adapt.batch_views:restore"
EXPORT = "fmstudio.adapt.batch_export:export"
MAKE = "fmstudio.adapt.batch_dataset:make"
KIND = "batch"


class BatchJobs(QObject):
    """listed: `batches` is new. began(id): a batch has a folder now. moved(id): it has more rows. ended(id).

    failed(reason, details): a job failed. deleted(id): can be undone. exported(path).
    """

    listed = Signal()
    began = Signal(str)
    moved = Signal(str)
    ended = Signal(str)
    failed = Signal(str, str)
    deleted = Signal(str)
    exported = Signal(str)
    changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.batches: list[dict[str, Any]] = []
        self.running = ""
        self.counts: dict[str, Any] = {}
        self._listing = JobFollower(self, studio, LISTING)
        self._listing.answered.connect(self._take)
        self._running = JobFollower(self, studio)
        self._running.made.connect(self._has_folder)
        self._running.sampled.connect(self._counted)
        self._running.progressed.connect(self.changed)
        self._running.ended.connect(self._end)
        self._deleting, self._restoring = (JobFollower(self, studio, target, "joins") for target in (DELETE, RESTORE))
        self._deleting.finished.connect(self._deleted)
        self._restoring.finished.connect(self.refresh)
        self._exporting = JobFollower(self, studio, EXPORT, "joins", priority=Priority.BACKGROUND)
        self._exporting.finished.connect(self._exported)
        for each in (self._listing, self._running, self._deleting, self._restoring, self._exporting):
            each.failed.connect(self.failed)
        self._soon = QTimer(self, singleShot=True, interval=200)
        self._soon.timeout.connect(self.refresh)

    # What there is.

    def refresh(self) -> None:
        """Ask which batches there are."""
        self._listing.ask()

    def batch(self, id: str) -> dict[str, Any]:
        """What is known of a batch; empty where it is not listed."""
        return next((batch for batch in self.batches if batch["id"] == id), {})

    @property
    def state(self) -> JobState | None:
        """The job that works on a batch now."""
        return self._running.state

    def _take(self, batches: list[dict[str, Any]]) -> None:
        self.batches = batches
        self.listed.emit()

    # Running.

    def run(self, title: str, **arguments: Any) -> None:
        """Begin a batch."""
        self._begin(f"Batch “{title}”", RUN, arguments)

    def resume(self, id: str) -> None:
        """Go on with one that was stopped or killed."""
        self._begin(f"Batch “{self.batch(id).get('title', id)}”", RESUME, {"batch": id})

    def _begin(self, title: str, target: str, arguments: Mapping[str, Any]) -> None:
        self.counts = {}
        self._running.request(JobRequest(title, target, arguments))
        self.changed.emit()

    def stop(self) -> None:
        """Finish after this row and keep what there is."""
        self._running.stop()

    def hold(self) -> None:
        """Pause, or go on."""
        state = self.state
        if state is not None:
            (self._studio.resume if state.status == "paused" else self._studio.pause)(state.id)

    def _has_folder(self, made: Artefact) -> None:
        if made.kind == KIND:
            self.running = made.name
            self._soon.start()
            self.began.emit(made.name)

    def _counted(self, sample: Sample) -> None:
        if sample.name == "batch":
            self.counts = dict(sample.structure)
            self._count_on()
            self.moved.emit(self.running)

    def _count_on(self) -> None:
        """The list tells of a running batch what its job tells, without being asked for anew."""
        if batch := self.batch(self.running):
            batch["rows"] = sum(self.counts[name] for name in ("done", "failed", "bad"))

    def _end(self) -> None:
        ended, self.running = self.running, ""
        self._soon.start()
        self.ended.emit(ended)
        self.changed.emit()

    # Deleting and exporting.

    def delete(self, id: str) -> None:
        """Delete a batch; `restore` undoes it."""
        self._deleting.ask(batch=id)

    def _deleted(self) -> None:
        self.deleted.emit(self._deleting.asked["batch"])
        self.refresh()

    def restore(self, id: str) -> None:
        """Undo the latest deletion."""
        self._restoring.ask(batch=id)

    def export(self, id: str, path: Path, only: str) -> None:
        """Write a batch's rows to a file."""
        self._exporting.ask(f"Export to “{path.name}”", batch=id, to=str(path), only=only)

    def _exported(self, event: Finished) -> None:
        if event.result:
            self.exported.emit(str(event.result["path"]))
