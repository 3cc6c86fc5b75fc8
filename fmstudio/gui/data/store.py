"""The datasets of the workspace, and those that are being made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import APPLY, DRAW, IMPORT, WITHOUT_DUPLICATES
from fmstudio.gui.job_board import JobState
from fmstudio.gui.models.model_jobs import FETCH
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.job_strip import WORDS
from fmstudio.workspace import DatasetRecord, WorkspaceError
from fmstudio.workspace.contents import contents_of

MAKING = {IMPORT, APPLY, FETCH, DRAW, WITHOUT_DUPLICATES}
_REFRESH = 100  # milliseconds in which several changes are read once


@dataclass(frozen=True, slots=True)
class DatasetTile:
    """A dataset, or a job that makes one: then `job` is its id and `fraction` how far it is, if that is known."""

    name: str
    facts: str
    origin: str
    when: str = ""
    job: str = ""
    fraction: float | None = None
    failed: bool = False


def tile_of(record: DatasetRecord) -> DatasetTile:
    """A dataset in three lines."""
    size = formatting.size(record.bytes)
    if record.kind == "images":
        shape = f"{record.details.get('width', 0):,} × {record.details.get('height', 0):,}"
        facts = f"{contents_of(record)} · {shape} · {size}"
    else:
        facts = f"{record.kind.capitalize()} · {contents_of(record)} · {size}"
    return DatasetTile(record.name, facts, origin_of(record.details), formatting.when(record.created))


def origin_of(details: Mapping[str, Any]) -> str:
    """Where a dataset came from, in words."""
    if made_from := details.get("made_from"):
        return f"Cleaned from {made_from}"
    if made_of := details.get("made_of"):
        return {"feedback": "Made of feedback", "batch": "Made of a batch"}.get(made_of["kind"], "Made here")
    sources = [str(source) for source in details.get("sources", [])]
    if any(source.startswith("dicebear:") for source in sources):
        return "Drawn here"
    if any(source.startswith("catalogue:") for source in sources):
        return "From the catalogue"
    if not sources:
        return "Comes with Python" if "pydoc" in str(details.get("origin", "")) else "Added here"
    first = PurePath(sources[0]).name or sources[0]
    return f"From {first}" if len(sources) == 1 else f"From {first} and {len(sources) - 1} more"


def tile_of_job(state: JobState) -> DatasetTile:
    """A dataset in the making, or one whose making failed."""
    message = state.progress.message if state.progress and state.active else ""
    doing = WORDS[state.status] if state.status != "running" else message or "Beginning…"
    title = state.request.subject or state.title
    return DatasetTile(title, state.title, doing, "", state.id, state.fraction, state.status == "failed")


class DatasetStore(QObject):
    """`changed` tells that the tiles are others now; `ended` that a job that makes a dataset has ended."""

    changed = Signal()
    ended = Signal(str)
    failed = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.records: dict[str, DatasetRecord] = {}
        self.tiles: list[DatasetTile] = []
        self._kept: set[str] = set()  # imports that failed stay in sight until someone has dealt with them
        self._soon = QTimer(self, singleShot=True, interval=_REFRESH)
        self._soon.timeout.connect(self.refresh)
        studio.workspace_changed.connect(self._workspace_changed)
        studio.minute_passed.connect(self.refresh)
        studio.jobs.added.connect(self._job_changed)
        studio.jobs.changed.connect(self._job_changed)
        studio.jobs.ended.connect(self._job_ended)
        self.refresh()

    def refresh(self) -> None:
        """Read the workspace and the jobs anew."""
        try:
            self.records = {record.name: record for record in self._studio.workspace.datasets()}
        except WorkspaceError as error:
            self.failed.emit(str(error))
        jobs = [tile_of_job(state) for state in self._making() if state.active or state.id in self._kept]
        tiles = jobs + [tile_of(record) for record in reversed(self.records.values())]
        if tiles != self.tiles:
            self.tiles = tiles
            self.changed.emit()

    def facts(self, name: str) -> str:
        """What is known of a dataset in one line."""
        record = self.records[name]
        tile = tile_of(record)
        licence = record.details.get("licence", "")
        return " · ".join(part for part in (tile.facts, tile.origin, licence) if part)

    def making(self, name: str) -> list[str]:
        """The titles of active jobs that work on a dataset."""
        return [state.title for state in self._studio.jobs.active() if name in _named(state.request.arguments)]

    def dismiss(self, job: str) -> None:
        """Take a failed import off the store."""
        self._kept.discard(job)
        self.refresh()

    def _making(self) -> list[JobState]:
        return [state for state in reversed(self._studio.jobs.all()) if state.request.target in MAKING]

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind == "dataset":
            self._soon.start()

    def _job_changed(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state and state.request.target in MAKING and not self._soon.isActive():
            self._soon.start()

    def _job_ended(self, job: str) -> None:
        state = self._studio.jobs.get(job)
        if state is None or state.request.target not in MAKING:
            return
        if state.status == "failed" and state.request.target in (IMPORT, DRAW):
            self._kept.add(job)
        self.refresh()
        self.ended.emit(job)


def _named(value: Any) -> set[str]:
    """All texts in the arguments of a job, those in its recipe's tables and lists among them."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return set().union(*(_named(item) for item in value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(_named(item) for item in value))
    return set()
