"""What is done to models: fetched, loaded, unloaded, linked from the disk, forgotten. Each is a job."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.models.shelf import ModelShelf, Record
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.jobs import Finished, JobRequest, Priority

FETCH = "fmstudio.data.catalogue:fetch"

LOAD = "fmstudio.adapt.models:load"
UNLOAD = "fmstudio.adapt.models:unload"
LINK = "fmstudio.adapt.models:link"
FORGET = "fmstudio.adapt.models:forget"
_SUBJECT = "model:"


class ModelJobs(QObject):
    """changed(reference): a job of a model moved on or ended. linked(reference): a file or folder can be chosen now.

    link_failed(reason, details): a file or folder is no model that can be used here.
    """

    changed = Signal(str)
    linked = Signal(str)
    link_failed = Signal(str, str)

    def __init__(self, studio: Studio, state: ModelShelf) -> None:
        super().__init__()
        self.studio, self._state = studio, state
        self._jobs: dict[str, str] = {}
        self._errors: dict[str, tuple[str, str]] = {}
        self._linking = JobFollower(self, studio, LINK, "joins")
        self._linking.finished.connect(self._linked)
        self._linking.failed.connect(self.link_failed)
        studio.jobs.changed.connect(self._job_changed)

    # What stands.

    def running(self, reference: str) -> JobState | None:
        """The job that a model is in, if there is one."""
        state = self.studio.jobs.get(self._jobs.get(reference, ""))
        return state if state is not None and state.active else None

    def error(self, reference: str) -> tuple[str, str]:
        """Why a model's latest job failed: sentence and details, empty where it did not."""
        return self._errors.get(reference, ("", ""))

    def backend_of(self, reference: str) -> str:
        """What runs a model: "auto" unless a person chose."""
        return self._state.backend_of(reference)

    # What can be done.

    def run_by(self, reference: str, backend: str) -> None:
        """Have a model run by this from now on."""
        self._state.backends[reference] = backend

    def prepare(self, record: Record) -> bool:
        """Bring a chosen model into memory in the meantime; what is not here yet is fetched first.

        Returns whether it can be used as soon as it is loaded.
        """
        loaded, reference = bool(record.get("loaded")), record["reference"]
        if not record.get("here"):
            self.fetch(reference)
            return False
        if not loaded:
            self.load(reference)
        return loaded or bool(record.get("fits", True))

    def fetch(self, reference: str) -> None:
        """Bring a model of the catalogue to this machine."""
        title = self._state.record(reference).get("title", reference)
        self._begin(reference, f"Fetch “{title}”", FETCH, Priority.BACKGROUND, item=reference)

    def load(self, reference: str) -> None:
        """Bring a model into memory, to be run by what was chosen for it."""
        title = self._state.record(reference).get("title", reference)
        backend = self._state.backend_of(reference)
        self._begin(reference, f"Load “{title}”", LOAD, Priority.INTERACTIVE, model=reference, backend=backend)

    def unload(self, reference: str) -> None:
        """Give a model's memory back."""
        title = self._state.record(reference).get("title", reference)
        self._begin(reference, f"Unload “{title}”", UNLOAD, Priority.INTERACTIVE, model=reference)

    def forget(self, reference: str) -> None:
        """List a file or folder no longer; it stays on the disk."""
        title = self._state.record(reference).get("title", reference)
        self._begin(reference, f"Forget “{title}”", FORGET, Priority.INTERACTIVE, model=reference)

    def link(self, path: Path) -> None:
        """List a GGUF file or a model folder that stays where it is."""
        self._linking.ask(f"Look at {path.name}", path=str(path))

    def _begin(self, reference: str, title: str, target: str, priority: Priority, **arguments: object) -> None:
        if self.running(reference):
            return
        self._errors.pop(reference, None)
        request = JobRequest(title, target, arguments, priority, subject=_SUBJECT + reference)
        self._jobs[reference] = self.studio.submit(request)
        self.changed.emit(reference)

    def _job_changed(self, job: str) -> None:
        reference = next((each for each, its in self._jobs.items() if its == job), None)
        state = self.studio.jobs.get(job)
        if reference is None or state is None:
            return
        if state.status == "failed":
            self._errors[reference] = (state.reason, state.details)
        if not state.active:
            del self._jobs[reference]
            self._state.refresh()
        self.changed.emit(reference)

    def _linked(self, event: Finished) -> None:
        if reference := event.result.get("reference"):
            self._state.refresh()
            self.linked.emit(reference)
