"""The workspace: where its files are, and what its index knows of them."""

import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fmstudio.workspace import rebuild
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.database import Database
from fmstudio.workspace.errors import DamagedIndexError, WorkspaceError, explained
from fmstudio.workspace.feedback_log import FeedbackLog
from fmstudio.workspace.lock import ProcessLock, is_held
from fmstudio.workspace.names import check_name, free_name
from fmstudio.workspace.new_folder import new_folder, sweep_left_behind
from fmstudio.workspace.records import (
    CollectionRecord,
    DatasetRecord,
    ExportRecord,
    LinkedModel,
    MetricSeries,
    ModelRecord,
    RunRecord,
    now,
)

FOLDERS = ("datasets", "runs", "models", "collections", "prompts", "feedback")


class Workspace:
    """A workspace that is open. It may be used from any thread; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Open the folder, or make it. Raises WorkspaceError, and then has changed nothing that a person made."""
        self.path = path.expanduser().absolute()
        self.notice = ""
        self._index = Database(self.index_path)
        self._window: ProcessLock | None = None
        self.feedback = FeedbackLog(self._index, self.path / "feedback")
        with explained(self.path):
            for folder in FOLDERS:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
            for folder in ("datasets", "models"):
                sweep_left_behind(self.path / folder)
        is_new = not self.index_path.exists()
        try:
            self._index.open()
        except DamagedIndexError:
            kept = self._index.put_aside()
            self._index.open()
            is_new = True
            self.notice = (
                f"The index studio.db was damaged; it is kept as {kept.name} and a new one was built from the files."
            )
        if is_new:
            rebuild.rebuild(self)

    # Where things are.

    @property
    def index_path(self) -> Path:
        """The SQLite file."""
        return self.path / "studio.db"

    def dataset_folder(self, name: str) -> Path:
        """Where a dataset's files are or will be."""
        return self.path / "datasets" / name

    def run_folder(self, run: str) -> Path:
        """Where a run's files are or will be."""
        return self.path / "runs" / run

    def model_folder(self, name: str) -> Path:
        """Where a model's files are or will be."""
        return self.path / "models" / name

    def collection_folder(self, name: str) -> Path:
        """Where a collection's index is or will be."""
        return self.path / "collections" / name

    # Opening and closing.

    def close(self) -> None:
        """Close all connections and give the window's claim back."""
        self._index.close()
        if self._window:
            self._window.release()
            self._window = None

    def claim_window(self) -> None:
        """Make this process's window the workspace's only one; raises WorkspaceError where another has it."""
        taken = (
            f"The workspace {self.path} is already open in another window{{holder}}; use that window, or choose "
            "another workspace with --workspace."
        )
        self._window = ProcessLock(self.path / "window.lock", taken)
        # What is deleted and not in the bin any more cannot come back; an import that was killed was never whole.
        self.feedback.purge_but({row for entry in Bin(self.path).entries() for row in entry.rows})
        self.feedback.forget_hidden()

    def claim_run(self, id: str) -> ProcessLock:
        """Make this process the run's only trainer until released; raises WorkspaceError where another is."""
        taken = f"Run {id!r} is being trained by another program{{holder}}; wait for it or stop it there."
        return ProcessLock(self.run_folder(id) / "run.lock", taken)

    def is_being_trained(self, id: str) -> bool:
        """Whether a living process, this one or another, has claimed the run."""
        return is_held(self.run_folder(id) / "run.lock")

    def note_interrupted_runs(self) -> None:
        """Give runs whose process was killed the status "interrupted", so that they can be seen and resumed."""
        for run in self.runs():
            if run.status == "running" and not self.is_being_trained(run.id):
                self.update_run(run.id, status="interrupted")

    # Datasets.

    def datasets(self) -> list[DatasetRecord]:
        """All datasets, oldest first."""
        return self._index.records("datasets", DatasetRecord)

    def dataset(self, name: str) -> DatasetRecord:
        """One dataset; raises WorkspaceError that lists those there are."""
        record = self._index.one("datasets", DatasetRecord, "name", name)
        if not self.dataset_folder(name).is_dir():
            raise WorkspaceError(f"The files of dataset {name!r} are gone from {self.path}; add it again.")
        return record

    def new_dataset(self, name: str) -> AbstractContextManager[Path]:
        """A temporary folder that becomes a new dataset's when the block ends without an error.

        Raises WorkspaceError where there is a dataset of this name, or another job or program is making one.
        """
        taken = f"There is a dataset named {name!r} already, or it is being made just now; choose another name."
        return new_folder(self.dataset_folder(name), taken)

    def put_dataset(self, record: DatasetRecord) -> None:
        """Add a dataset to the index, or replace what it knows of it."""
        self._index.put("datasets", record)

    # Runs and their metrics.

    def runs(self) -> list[RunRecord]:
        """All runs, oldest first."""
        return self._index.records("runs", RunRecord)

    def run(self, id: str) -> RunRecord:
        """One run; raises WorkspaceError that lists the latest."""
        return self._index.one("runs", RunRecord, "id", id)

    def put_run(self, record: RunRecord) -> None:
        """Add a run to the index, or replace what it knows of it."""
        self._index.put("runs", record)

    def update_run(self, id: str, **changes: Any) -> RunRecord:
        """Change some fields of a run and return it; `details` are merged into those there are."""
        record = self.run(id)
        if "details" in changes:
            changes["details"] = {**record.details, **changes["details"]}
        record = dataclasses.replace(record, **changes)
        self.put_run(record)
        return record

    def add_metrics(self, run: str, rows: Iterable[tuple[int, float, Mapping[str, float]]]) -> None:
        """Store metrics as (step, seconds, values by name) in one transaction; the same step and name is replaced."""
        flat = [(run, name, step, seconds, value) for step, seconds, values in rows for name, value in values.items()]
        with self._index.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", flat)

    def remove_metrics(self, run: str, after_step: int) -> None:
        """Forget a run's metrics beyond a step: a resumed run measures them again."""
        with self._index.transaction() as connection:
            connection.execute("DELETE FROM metrics WHERE run = ? AND step > ?", (run, after_step))

    def metrics(self, run: str) -> dict[str, MetricSeries]:
        """All metrics of a run by name, each in order of step."""
        rows = self._index.rows("SELECT name, step, seconds, value FROM metrics WHERE run = ? ORDER BY name, step", run)
        by_name: dict[str, list[tuple[Any, ...]]] = {}
        for name, *values in rows:
            by_name.setdefault(name, []).append(tuple(values))
        return {name: _series(values) for name, values in by_name.items()}

    # Models and exports.

    def models(self) -> list[ModelRecord]:
        """All models, oldest first."""
        return self._index.records("models", ModelRecord)

    def model(self, name: str) -> ModelRecord:
        """One model; raises WorkspaceError that lists those there are."""
        record = self._index.one("models", ModelRecord, "name", name)
        if not self.model_folder(name).is_dir():
            raise WorkspaceError(f"The files of model {name!r} are gone from {self.path}; train it again.")
        return record

    def put_model(self, record: ModelRecord) -> None:
        """Add a model to the index, or replace what it knows of it."""
        self._index.put("models", record)

    def exports(self) -> list[ExportRecord]:
        """All exports, oldest first."""
        return self._index.records("exports", ExportRecord)

    def put_export(self, record: ExportRecord) -> None:
        """Add an export to the history."""
        self._index.put("exports", record)

    def linked_models(self) -> list[LinkedModel]:
        """All models that stay where they are, oldest first."""
        return self._index.records("linked_models", LinkedModel)

    def put_linked_model(self, record: LinkedModel) -> None:
        """Remember where a model is, or replace what is known of it."""
        self._index.put("linked_models", record)

    def forget_linked_model(self, name: str) -> None:
        """Forget where a model is; its files stay."""
        self._index.remove("linked_models", "name", name)

    # Collections.

    def collections(self) -> list[CollectionRecord]:
        """All collections, oldest first."""
        return self._index.records("collections", CollectionRecord)

    def collection(self, name: str) -> CollectionRecord:
        """One collection; raises WorkspaceError that lists those there are."""
        record = self._index.one("collections", CollectionRecord, "name", name)
        if not self.collection_folder(name).is_dir():
            raise WorkspaceError(f"The files of collection {name!r} are gone from {self.path}; add it again.")
        return record

    def put_collection(self, record: CollectionRecord) -> None:
        """Add a collection to the index, or replace what it knows of it."""
        self._index.put("collections", record)

    # What is known by a name, whatever it is.

    def forget_record(self, kind: str, name: str) -> None:
        """Drop the row of a "dataset", "run" (with its metrics), "model" or "collection"; its files stay."""
        with self._index.transaction() as connection:
            connection.execute(f"DELETE FROM {kind}s WHERE {'id' if kind == 'run' else 'name'} = ?", (name,))
            if kind == "run":
                connection.execute("DELETE FROM metrics WHERE run = ?", (name,))

    def rename_record(self, kind: str, name: str, new: str) -> None:
        """Call a "dataset", "model" or "linked model" otherwise in its own row and wherever rows name it by itself; a
        "tokenizer", which has no row, only there."""
        with self._index.transaction() as connection:
            if kind != "tokenizer":
                connection.execute(f"UPDATE {kind.replace(' ', '_')}s SET name = ? WHERE name = ?", (new, name))
            for end in ("source", "target"):
                edge = f"{end}_kind = ? AND {end} = ?"
                connection.execute(f"UPDATE OR IGNORE lineage SET {end} = ? WHERE {edge}", (new, kind, name))
                connection.execute(f"DELETE FROM lineage WHERE {edge}", (kind, name))
            if kind == "model":
                connection.execute("UPDATE runs SET model = ? WHERE model = ?", (new, name))
                connection.execute("UPDATE exports SET model = ? WHERE model = ?", (new, name))

    # Lineage.

    def link(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Record that `target` was made from `source`; both are (kind, name), e.g. ("dataset", "plays")."""
        with self._index.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO lineage VALUES (?, ?, ?, ?, ?)", (*source, *target, now()))

    def lineage(self) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        """All edges as ((kind, name) of the source, (kind, name) of the target), oldest first."""
        rows = self._index.rows("SELECT source_kind, source, target_kind, target FROM lineage ORDER BY created, rowid")
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    def free_name(self, folder: str, wanted: str) -> str:
        """`wanted`, or it with the first number that is free in one of the workspace's folders."""
        check_name(wanted)
        taken = {path.name.casefold() for path in (self.path / folder).glob("*")}
        return free_name(wanted, taken.__contains__)


def _series(values: list[tuple[Any, ...]]) -> MetricSeries:
    import numpy as np  # here: the window opens sooner without it

    steps, seconds, numbers = zip(*values, strict=True)
    # SQLite keeps NaN as NULL, which comes back as None and becomes NaN again here.
    return MetricSeries(np.asarray(steps, np.int64), np.asarray(seconds, np.float64), np.asarray(numbers, np.float64))
