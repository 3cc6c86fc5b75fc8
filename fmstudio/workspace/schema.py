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
        # Narrow, so that lists and statistics read little: prompt and output are beginnings, the texts stand apart.
        """CREATE TABLE feedback (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created TEXT NOT NULL,
           updated TEXT NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL, model_version TEXT NOT NULL,
           thumbs INTEGER NOT NULL, score INTEGER NOT NULL, tags TEXT NOT NULL, corrected INTEGER NOT NULL,
           prompt TEXT NOT NULL, output TEXT NOT NULL, removed INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX feedback_by_time ON feedback (created)",
        """CREATE TABLE feedback_texts (number INTEGER PRIMARY KEY, prompt TEXT NOT NULL, output TEXT NOT NULL,
           correction TEXT NOT NULL, comment TEXT NOT NULL, details TEXT NOT NULL)""",
    ):
        connection.execute(statement)
    _index_words(connection)


def _index_words(connection: sqlite3.Connection) -> None:
    """A full-text index over the texts of the feedback log, which follows them by triggers."""
    try:
        connection.execute(
            "CREATE VIRTUAL TABLE feedback_words USING fts5 (prompt, output, correction, comment, "
            "content='feedback_texts', content_rowid='number', tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
        )
    except sqlite3.OperationalError as error:
        if "fts5" not in str(error):
            raise
        raise WorkspaceError(
            "This Python's SQLite cannot search texts (it was built without FTS5), which the feedback log needs; "
            "use Python from python.org or from your distribution."
        ) from error
    columns = ("prompt", "output", "correction", "comment")
    add, drop = (", ".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
    names = ", ".join(columns)
    forget = f"INSERT INTO feedback_words (feedback_words, rowid, {names}) VALUES ('delete', old.number, {drop});"
    learn = f"INSERT INTO feedback_words (rowid, {names}) VALUES (new.number, {add});"
    for name, event, body in (
        ("added", "INSERT", learn),
        ("removed", "DELETE", forget),
        ("changed", f"UPDATE OF {names}", forget + learn),
    ):
        connection.execute(f"CREATE TRIGGER feedback_{name} AFTER {event} ON feedback_texts BEGIN {body} END")


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
