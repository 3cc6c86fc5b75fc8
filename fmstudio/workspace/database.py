"""The index's database: one SQLite file, used from any thread, whose rows are records of the workspace."""

import dataclasses
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from fmstudio.workspace import schema
from fmstudio.workspace.errors import DamagedIndexError, WorkspaceError, explained
from fmstudio.workspace.records import (
    CollectionRecord,
    DatasetRecord,
    ExportRecord,
    LinkedModel,
    ModelRecord,
    RunRecord,
)

AnyRecord = DatasetRecord | RunRecord | ModelRecord | ExportRecord | LinkedModel | CollectionRecord
Record = TypeVar("Record", bound=AnyRecord)
PATIENCE = 5.0
"""Seconds to wait for another program that is writing to the index."""


class Database:
    """Each thread has a connection of its own. Every method raises WorkspaceError where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    def open(self) -> None:
        """Make the tables or bring them up to date; raises DamagedIndexError where the file is damaged."""
        with explained(self.path):
            schema.migrate(self._connection, self.path)
            verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DamagedIndexError(f"{self.path} is damaged ({verdict}).")

    def put_aside(self) -> Path:
        """Keep the file under another name, which is returned, so that nothing is lost and a new one can begin."""
        self.close()
        kept = self.path.with_name(f"{self.path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S}")
        with explained(self.path.parent):
            self.path.rename(kept)
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return kept

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            fixed = self._is_on_read_only_disk()
            # Of a file that cannot change SQLite asks for no journal beside it, which could not be made there.
            place = f"{self.path.as_uri()}?immutable=1" if fixed else str(self.path)
            connection = sqlite3.connect(
                place, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=fixed
            )
            self._local.connection = connection
            self._connections.append(connection)
            if fixed:
                return connection
            connection.execute("PRAGMA journal_mode = WAL")
            # With WAL a power cut may lose the last rows but never the database; the plain files hold what matters.
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _is_on_read_only_disk(self) -> bool:
        """Whether the file is whole as it stands and cannot be written, so that it can only be read."""
        journal = self.path.with_name(f"{self.path.name}-wal")
        is_whole = self.path.exists() and not (journal.exists() and journal.stat().st_size)
        return is_whole and not os.access(self.path.parent, os.W_OK)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes that happen together or, where one fails, not at all."""
        with explained(self.path):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a SELECT finds."""
        with explained(self.path):
            return self._connection.execute(statement, values).fetchall()

    def records(self, table: str, kind: type[Record], where: str = "1", *values: Any) -> list[Record]:
        """The records of a table, oldest first."""
        names = [field.name for field in dataclasses.fields(kind)]  # `details`, which is JSON, is the last of each
        rows = self.rows(f"SELECT {', '.join(names)} FROM {table} WHERE {where} ORDER BY created, rowid", *values)
        return [kind(**dict(zip(names, (*row[:-1], json.loads(row[-1])), strict=True))) for row in rows]

    def one(self, table: str, kind: type[Record], key: str, name: str) -> Record:
        """The record whose key is `name`; raises WorkspaceError that lists the latest there are."""
        found = self.records(table, kind, f"{key} = ?", name)
        if not found:
            noun = table.removesuffix("s").replace("_", " ")
            known = [row[0] for row in self.rows(f"SELECT {key} FROM {table} ORDER BY created DESC LIMIT 8")]
            hint = f"known are {', '.join(known)}" if known else f"there is no {noun} yet"
            raise WorkspaceError(f"There is no {noun} named {name!r} in this workspace; {hint}.")
        return found[0]

    def put(self, table: str, record: AnyRecord) -> None:
        """Add a record, or replace the one that has its key."""
        values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
        values["details"] = json.dumps(values["details"])
        marks = ", ".join(f":{name}" for name in values)
        with self.transaction() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})", values)

    def remove(self, table: str, key: str, name: str) -> None:
        """Delete the rows whose key is `name`."""
        with self.transaction() as connection:
            connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (name,))
