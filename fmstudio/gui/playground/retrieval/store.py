"""What the Retrieval view knows of the collections: what the workspace has, and the jobs that index them now."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.playground.retrieval.jobs import ADD, DESCRIBE, FETCH, INDEXING, REFRESH, REMOVE
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.jobs import JobRequest, Priority
from fmstudio.recipe import Setting

_AGAIN = 2000  # milliseconds between two looks at a collection that is being indexed


class CollectionsModel(QObject):
    """changed: the collections or their jobs are others now. described: what can be chosen has become known.
    ended(job): an indexing has ended. failed(reason, details): the collections cannot be told.
    """

    changed = Signal()
    described = Signal()
    ended = Signal(str)
    failed = Signal(str, str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.records: dict[str, Mapping[str, Any]] = {}
        self.embeddings: Sequence[Mapping[str, Any]] = ()
        self.chunking: Sequence[Setting] = ()
        self.retrieval: Sequence[Setting] = ()
        self.endings: Sequence[str] = ()
        self.known = False
        self._jobs: dict[str, str] = {}
        self._question = JobFollower(self, studio, DESCRIBE)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self.failed)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN)
        self._again.timeout.connect(self.ask)
        studio.workspace_changed.connect(self._workspace_changed)
        studio.jobs.added.connect(self._job_changed)
        studio.jobs.changed.connect(self._job_changed)
        studio.jobs.ended.connect(self._job_ended)
        for state in studio.jobs.all():
            self._job_changed(state.id)

    def ask(self) -> None:
        """Look again what there is."""
        self._question.ask()

    @property
    def names(self) -> list[str]:
        """The collections by name, newest first; those that are only being begun come before."""
        begun = [name for name, job in self._jobs.items() if name not in self.records and self._counts(job)]
        kept = sorted(self.records.values(), key=lambda record: str(record["created"]), reverse=True)
        return [*reversed(begun), *(str(record["name"]) for record in kept)]

    def job(self, name: str) -> JobState | None:
        """The latest indexing of a collection in this session."""
        return self._studio.jobs.get(self._jobs.get(name, ""))

    def working(self, name: str) -> JobState | None:
        """The indexing of a collection that has not ended."""
        state = self.job(name)
        return state if state and state.active else None

    def embedding(self, reference: str) -> Mapping[str, Any]:
        """What is known of an embedding model."""
        return next((row for row in self.embeddings if row["reference"] == reference), {})

    # What is asked of the engine.

    def add(self, name: str, sources: Sequence[str], options: Mapping[str, Any], embedding: str) -> str:
        """Begin to index a new collection; returns the job."""
        arguments = {"name": name, "sources": list(sources), "options": dict(options), "embedding": embedding}
        return self._submit(f"Index “{name}”", ADD, name, arguments)

    def refresh(self, name: str) -> str:
        """Index what is new, changed or left undone; returns the job."""
        return self._submit(f"Refresh “{name}”", REFRESH, name, {"collection": name})

    def remove(self, name: str) -> str:
        """Delete a collection's index."""
        return self._submit(f"Remove “{name}”", REMOVE, name, {"collection": name})

    def fetch(self, reference: str) -> str:
        """Fetch an embedding model of the catalogue."""
        title = self.embedding(reference).get("title", reference)
        return self._submit(f"Fetch {title}", FETCH, reference, {"item": reference})

    def dismiss(self, name: str) -> None:
        """Forget how the latest indexing went."""
        self._jobs.pop(name, None)
        self.changed.emit()

    def _submit(self, title: str, target: str, subject: str, arguments: Mapping[str, Any]) -> str:
        priority = Priority.INTERACTIVE if target == REMOVE else Priority.BACKGROUND
        return self._studio.submit(JobRequest(title, target, arguments, priority, subject=subject))

    # News.

    def _take(self, told: Mapping[str, Any]) -> None:
        self.records = {row["name"]: row for row in told["collections"]}
        self.embeddings, self.endings = told["embeddings"], told["endings"]
        self.chunking, self.retrieval = told["options"], told.get("retrieval", ())
        first, self.known = not self.known, True
        if first:
            self.described.emit()
        self.changed.emit()

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind == "collection" and self.known:
            self.ask()

    def _counts(self, job: str) -> bool:
        state = self._studio.jobs.get(job)
        return state is not None and state.status not in ("cancelled", "stopped")

    def _job_changed(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.target in INDEXING:
            self._jobs[state.request.subject] = job
            if state.active and state.started and not self._again.isActive():
                self._again.start()
            self.changed.emit()

    def _job_ended(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state is None or state.request.target not in (*INDEXING, REMOVE, FETCH):
            return
        if state.request.target == REMOVE and state.status == "completed":
            self._jobs.pop(state.request.subject, None)
            if entry := state.result.get("bin"):
                self._studio.deleted.emit(entry, f"The collection “{state.request.subject}” is in the bin.")
        self.ask()
        if state.request.target in INDEXING:
            self.ended.emit(job)


def outcome(state: JobState) -> str:
    """How an indexing went, in a sentence or two."""
    result = state.result
    if state.active or state.status == "failed" or not result:
        return "" if state.active or state.status == "failed" else "It was cancelled; what was indexed by then is kept."
    changed, removed = int(result["changed"]), int(result["removed"])
    if state.request.target == REFRESH:
        words = "Nothing has changed." if not changed else f"Only {_files(changed)} new or changed, and indexed."
    else:
        words = f"{_files(changed)} indexed."
    gone = f" {removed:,} gone, and dropped." if removed else ""
    stopped = " It was stopped before its end; Refresh goes on." if state.status == "stopped" else ""
    return words + gone + stopped


def _files(amount: int) -> str:
    return "1 document was" if amount == 1 else f"{amount:,} documents were"
