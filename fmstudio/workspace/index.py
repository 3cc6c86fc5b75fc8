"""The workspace: where its files are, and what its index knows of them."""

import dataclasses
import json
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fmstudio.workspace import files, rebuild, schema
from fmstudio.workspace.errors import DamagedIndexError, WorkspaceError, explained
from fmstudio.workspace.feedback_log import FeedbackLog
from fmstudio.workspace.lock import ProcessLock, is_held
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
AnyRecord = DatasetRecord | RunRecord | ModelRecord | ExportRecord | LinkedModel | CollectionRecord
Record = TypeVar("Record", bound=AnyRecord)
PATIENCE = 5.0
"""Seconds to wait for another program that is writing to the index."""

_NAME = re.compile(r"[\w][\w .+-]{0,79}")


class Workspace:
    """A workspace that is open. It may be used from any thread; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Open the folder, or make it. Raises WorkspaceError, and then has changed nothing that a person made."""
        self.path = path.expanduser().absolute()
        self.notice = ""
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._window: ProcessLock | None = None
        self.feedback = FeedbackLog(self._rows, self._transaction, self.path / "feedback")
        with explained(self.path):
            for folder in FOLDERS:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
        is_new = not self.index_path.exists()
        try:
            self._open_index()
        except DamagedIndexError:
            self._put_index_aside()
            self._open_index()
            is_new = True
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

    def _open_index(self) -> None:
        with explained(self.index_path):
            schema.migrate(self._connection, self.index_path)
            verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DamagedIndexError(f"{self.index_path} is damaged ({verdict}).")

    def _put_index_aside(self) -> None:
        """Keep a damaged index under another name, so that nothing is lost, and begin a new one."""
        self.close()
        self._local = threading.local()
        kept = self.index_path.with_name(f"studio.db.damaged-{datetime.now():%Y%m%d-%H%M%S}")
        with explained(self.path):
            self.index_path.rename(kept)
            for suffix in ("-wal", "-shm"):
                self.index_path.with_name("studio.db" + suffix).unlink(missing_ok=True)
        self.notice = (
            f"The index studio.db was damaged; it is kept as {kept.name} and a new one was built from the files."
        )

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.index_path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._local.connection = connection
            self._connections.append(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # With WAL a power cut may lose the last rows but never the database; the plain files hold what matters.
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def close(self) -> None:
        """Close all connections and give the window's claim back."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()
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
        self.feedback.purge()  # what the last window deleted can no longer be restored,
        self.feedback.forget_hidden()  # and what it was importing when it was killed was never whole

    def claim_run(self, id: str) -> ProcessLock:
        """Make this process the run's only trainer until released; raises WorkspaceError where another is."""
        taken = f"Run {id!r} is being trained by another program{{holder}}; wait for it or stop it there."
        return ProcessLock(self.run_folder(id) / "run.lock", taken)

    def note_interrupted_runs(self) -> None:
        """Give runs whose process was killed the status "interrupted", so that they can be seen and resumed."""
        for run in self.runs():
            if run.status == "running" and not is_held(self.run_folder(run.id) / "run.lock"):
                self.update_run(run.id, status="interrupted")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with explained(self.index_path):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with explained(self.index_path):
            return self._connection.execute(statement, values).fetchall()

    def _records(self, table: str, kind: type[Record], where: str = "1", *values: Any) -> list[Record]:
        names = [field.name for field in dataclasses.fields(kind)]  # `details`, which is JSON, is the last of each
        rows = self._rows(f"SELECT {', '.join(names)} FROM {table} WHERE {where} ORDER BY created, rowid", *values)
        return [kind(**dict(zip(names, (*row[:-1], json.loads(row[-1])), strict=True))) for row in rows]

    def _put(self, table: str, record: AnyRecord) -> None:
        values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
        values["details"] = json.dumps(values["details"])
        marks = ", ".join(f":{name}" for name in values)
        with self._transaction() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})", values)

    def _one(self, table: str, kind: type[Record], key: str, name: str) -> Record:
        found = self._records(table, kind, f"{key} = ?", name)
        if not found:
            noun = table.removesuffix("s").replace("_", " ")
            known = [row[0] for row in self._rows(f"SELECT {key} FROM {table} ORDER BY created DESC LIMIT 8")]
            hint = f"known are {', '.join(known)}" if known else f"there is no {noun} yet"
            raise WorkspaceError(f"There is no {noun} named {name!r} in this workspace; {hint}.")
        return found[0]

    # Datasets.

    def datasets(self) -> list[DatasetRecord]:
        """All datasets, oldest first."""
        return self._records("datasets", DatasetRecord)

    def dataset(self, name: str) -> DatasetRecord:
        """One dataset; raises WorkspaceError that lists those there are."""
        record = self._one("datasets", DatasetRecord, "name", name)
        if not self.dataset_folder(name).is_dir():
            raise WorkspaceError(f"The files of dataset {name!r} are gone from {self.path}; add it again.")
        return record

    def put_dataset(self, record: DatasetRecord) -> None:
        """Add a dataset to the index, or replace what it knows of it."""
        self._put("datasets", record)

    def remove_dataset(self, name: str) -> None:
        """Delete a dataset's files and its row; runs made from it keep their history."""
        with explained(self.path):
            files.remove_folder(self.dataset_folder(name))
        with self._transaction() as connection:
            connection.execute("DELETE FROM datasets WHERE name = ?", (name,))

    # Runs and their metrics.

    def runs(self) -> list[RunRecord]:
        """All runs, oldest first."""
        return self._records("runs", RunRecord)

    def run(self, id: str) -> RunRecord:
        """One run; raises WorkspaceError that lists the latest."""
        return self._one("runs", RunRecord, "id", id)

    def put_run(self, record: RunRecord) -> None:
        """Add a run to the index, or replace what it knows of it."""
        self._put("runs", record)

    def update_run(self, id: str, **changes: Any) -> RunRecord:
        """Change some fields of a run and return it; `details` are merged into those there are."""
        record = self.run(id)
        if "details" in changes:
            changes["details"] = {**record.details, **changes["details"]}
        record = dataclasses.replace(record, **changes)
        self.put_run(record)
        return record

    def remove_run(self, id: str) -> None:
        """Delete a run's files, metrics and row; the model made by it stays."""
        with explained(self.path):
            files.remove_folder(self.run_folder(id))
        with self._transaction() as connection:
            connection.execute("DELETE FROM metrics WHERE run = ?", (id,))
            connection.execute("DELETE FROM runs WHERE id = ?", (id,))

    def add_metrics(self, run: str, rows: Iterable[tuple[int, float, Mapping[str, float]]]) -> None:
        """Store metrics as (step, seconds, values by name) in one transaction; the same step and name is replaced."""
        flat = [(run, name, step, seconds, value) for step, seconds, values in rows for name, value in values.items()]
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", flat)

    def remove_metrics(self, run: str, after_step: int) -> None:
        """Forget a run's metrics beyond a step: a resumed run measures them again."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM metrics WHERE run = ? AND step > ?", (run, after_step))

    def metrics(self, run: str) -> dict[str, MetricSeries]:
        """All metrics of a run by name, each in order of step."""
        rows = self._rows("SELECT name, step, seconds, value FROM metrics WHERE run = ? ORDER BY name, step", run)
        by_name: dict[str, list[tuple[Any, ...]]] = {}
        for name, *values in rows:
            by_name.setdefault(name, []).append(tuple(values))
        return {name: _series(values) for name, values in by_name.items()}

    # Models and exports.

    def models(self) -> list[ModelRecord]:
        """All models, oldest first."""
        return self._records("models", ModelRecord)

    def model(self, name: str) -> ModelRecord:
        """One model; raises WorkspaceError that lists those there are."""
        record = self._one("models", ModelRecord, "name", name)
        if not self.model_folder(name).is_dir():
            raise WorkspaceError(f"The files of model {name!r} are gone from {self.path}; train it again.")
        return record

    def put_model(self, record: ModelRecord) -> None:
        """Add a model to the index, or replace what it knows of it."""
        self._put("models", record)

    def remove_model(self, name: str) -> None:
        """Delete a model's files and its row."""
        with explained(self.path):
            files.remove_folder(self.model_folder(name))
        with self._transaction() as connection:
            connection.execute("DELETE FROM models WHERE name = ?", (name,))

    def exports(self) -> list[ExportRecord]:
        """All exports, oldest first."""
        return self._records("exports", ExportRecord)

    def put_export(self, record: ExportRecord) -> None:
        """Add an export to the history."""
        self._put("exports", record)

    def linked_models(self) -> list[LinkedModel]:
        """All models that stay where they are, oldest first."""
        return self._records("linked_models", LinkedModel)

    def put_linked_model(self, record: LinkedModel) -> None:
        """Remember where a model is, or replace what is known of it."""
        self._put("linked_models", record)

    def forget_linked_model(self, name: str) -> None:
        """Forget where a model is; its files stay."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM linked_models WHERE name = ?", (name,))

    # Collections.

    def collections(self) -> list[CollectionRecord]:
        """All collections, oldest first."""
        return self._records("collections", CollectionRecord)

    def collection(self, name: str) -> CollectionRecord:
        """One collection; raises WorkspaceError that lists those there are."""
        record = self._one("collections", CollectionRecord, "name", name)
        if not self.collection_folder(name).is_dir():
            raise WorkspaceError(f"The files of collection {name!r} are gone from {self.path}; add it again.")
        return record

    def put_collection(self, record: CollectionRecord) -> None:
        """Add a collection to the index, or replace what it knows of it."""
        self._put("collections", record)

    def remove_collection(self, name: str) -> None:
        """Delete a collection's index and its row; the documents themselves stay where they are."""
        with explained(self.path):
            files.remove_folder(self.collection_folder(name))
        with self._transaction() as connection:
            connection.execute("DELETE FROM collections WHERE name = ?", (name,))

    # Lineage.

    def link(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Record that `target` was made from `source`; both are (kind, name), e.g. ("dataset", "plays")."""
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO lineage VALUES (?, ?, ?, ?, ?)", (*source, *target, now()))

    def lineage(self) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        """All edges as ((kind, name) of the source, (kind, name) of the target), oldest first."""
        rows = self._rows("SELECT source_kind, source, target_kind, target FROM lineage ORDER BY created, rowid")
        return [((row[0], row[1]), (row[2], row[3])) for row in rows]

    def free_name(self, folder: str, wanted: str) -> str:
        """`wanted`, or it with the first number that is free in one of the workspace's folders."""
        check_name(wanted)
        taken = {path.name.casefold() for path in (self.path / folder).iterdir()}
        if wanted.casefold() not in taken:
            return wanted
        number = 2
        while f"{wanted}-{number}".casefold() in taken:
            number += 1
        return f"{wanted}-{number}"


def check_name(name: str) -> str:
    """A name that is a plain folder name on every system; raises WorkspaceError otherwise."""
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")) or os.path.basename(name) != name:
        raise WorkspaceError(
            f"{name!r} cannot be a name here; use up to 80 letters, digits, spaces, dots, dashes and underscores."
        )
    return name


def _series(values: list[tuple[Any, ...]]) -> MetricSeries:
    steps, seconds, numbers = zip(*values, strict=True)
    # SQLite keeps NaN as NULL, which comes back as None and becomes NaN again here.
    return MetricSeries(np.asarray(steps, np.int64), np.asarray(seconds, np.float64), np.asarray(numbers, np.float64))
