"""The index's tables: one function a version, applied in order and never changed after it landed."""

import sqlite3
from pathlib import Path

from fmstudio.workspace.errors import WorkspaceError


def _first(connection: sqlite3.Connection) -> None:
    for statement in (
        """CREATE TABLE datasets (name TEXT PRIMARY KEY, kind TEXT NOT NULL, items INTEGER NOT NULL,
           bytes INTEGER NOT NULL, created TEXT NOT NULL, details TEXT NOT NULL)""",
        """CREATE TABLE runs (id TEXT PRIMARY KEY, name TEXT NOT NULL, family TEXT NOT NULL, recipe TEXT NOT NULL,
           status TEXT NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL, seconds REAL NOT NULL,
           model TEXT NOT NULL, created TEXT NOT NULL, details TEXT NOT NULL)""",
        """CREATE TABLE metrics (run TEXT NOT NULL, name TEXT NOT NULL, step INTEGER NOT NULL, seconds REAL NOT NULL,
           value REAL, PRIMARY KEY (run, name, step)) WITHOUT ROWID""",
        """CREATE TABLE models (name TEXT PRIMARY KEY, family TEXT NOT NULL, parameters INTEGER NOT NULL,
           bytes INTEGER NOT NULL, run TEXT NOT NULL, created TEXT NOT NULL, details TEXT NOT NULL)""",
        """CREATE TABLE exports (model TEXT NOT NULL, format TEXT NOT NULL, path TEXT NOT NULL, created TEXT NOT NULL,
           details TEXT NOT NULL)""",
        """CREATE TABLE lineage (source_kind TEXT NOT NULL, source TEXT NOT NULL, target_kind TEXT NOT NULL,
           target TEXT NOT NULL, created TEXT NOT NULL, PRIMARY KEY (source_kind, source, target_kind, target))""",
    ):
        connection.execute(statement)


def _second(connection: sqlite3.Connection) -> None:
    for statement in (
        """CREATE TABLE linked_models (name TEXT PRIMARY KEY, path TEXT NOT NULL, created TEXT NOT NULL,
           details TEXT NOT NULL)""",
        """CREATE TABLE collections (name TEXT PRIMARY KEY, documents INTEGER NOT NULL, chunks INTEGER NOT NULL,
           bytes INTEGER NOT NULL, created TEXT NOT NULL, details TEXT NOT NULL)""",
        """CREATE TABLE feedback (id TEXT PRIMARY KEY, created TEXT NOT NULL, updated TEXT NOT NULL, kind TEXT NOT NULL,
           model TEXT NOT NULL, model_version TEXT NOT NULL, prompt TEXT NOT NULL, output TEXT NOT NULL,
           correction TEXT NOT NULL, thumbs INTEGER NOT NULL, score INTEGER NOT NULL, tags TEXT NOT NULL,
           comment TEXT NOT NULL, details TEXT NOT NULL)""",
    ):
        connection.execute(statement)


MIGRATIONS = (_first, _second)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the index to the present version, each step whole or not at all; raises on one of a newer studio."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise WorkspaceError(
            f"{path.parent} was made by a newer FM Studio (its index has version {version}, this program knows "
            f"{len(MIGRATIONS)}); update FM Studio or choose another workspace."
        )
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have migrated while this one waited for the lock.
            if connection.execute("PRAGMA user_version").fetchone()[0] < number:
                migration(connection)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
