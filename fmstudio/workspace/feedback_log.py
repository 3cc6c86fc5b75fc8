"""The feedback log: outputs of models and what a person thinks of them, in the workspace's index.

What lists and statistics need is in one narrow table; the texts, which may be long, are in another, whose words a
full-text index keeps. A deleted entry is only marked until the bin is emptied, so that it can be restored exactly.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fmstudio.workspace.database import Database
from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.feedback_filter import FeedbackFilter
from fmstudio.workspace.feedback_records import FeedbackRecord, FeedbackRow, checked
from fmstudio.workspace.lock import ProcessLock, is_held
from fmstudio.workspace.names import with_model
from fmstudio.workspace.records import now

EXCERPT = 240
"""Characters of a prompt or output that a list shows."""

SORTS = ("created", "kind", "model", "prompt", "output", "thumbs", "score", "tags")
"""Columns by which a list can be sorted."""

_NARROW = ("id", "created", "updated", "kind", "model", "model_version", "thumbs", "score", "tags")
_TEXTS = ("prompt", "output", "correction", "comment", "details")
_ROW = ("id", "created", "kind", "model", "prompt", "output", "thumbs", "score", "tags", "corrected")
_IMPORT_LOCK = "import.lock"
_DELETED, _ARRIVING = 1, 2  # what `removed` says of an entry that nobody sees
_KNOWN = frozenset(_NARROW + _TEXTS)


class FeedbackLog:
    """The log of one workspace. Like the workspace itself it may be used from any thread."""

    def __init__(self, index: Database, folder: Path) -> None:
        """folder: where pictures are kept."""
        self._index, self.folder = index, folder

    # One entry.

    def add(self, record: FeedbackRecord) -> str:
        """Keep an entry and return its id."""
        self.add_all([record])
        return record.id

    def add_all(self, records: Iterable[FeedbackRecord], hidden: bool = False) -> int:
        """Keep entries, all of them or, where one cannot be kept, none; returns how many.

        hidden: nobody sees them until `reveal`, so that many can be kept bit by bit and yet appear at once.
        """
        count = 0
        with self._index.transaction() as connection:
            for record in records:
                _insert(connection, checked(record), _ARRIVING if hidden else 0)
                count += 1
        return count

    def reveal(self) -> int:
        """Show the hidden entries, all at once; returns how many there were."""
        with self._index.transaction() as connection:
            return connection.execute("UPDATE feedback SET removed = 0 WHERE removed = ?", (_ARRIVING,)).rowcount

    def forget_hidden(self) -> None:
        """Forget hidden entries that nobody will show any more: those of an import that was killed."""
        if not is_held(self.folder / _IMPORT_LOCK):
            self._erase(_ARRIVING)

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Be the only one with hidden entries; those not shown at the end are forgotten. Raises where another is."""
        taken = "Entries are being imported into this feedback log already{holder}; wait until that is done."
        with explained(self.folder), ProcessLock(self.folder / _IMPORT_LOCK, taken):
            self._erase(_ARRIVING)
            try:
                yield
            finally:
                self._erase(_ARRIVING)

    def get(self, id: str) -> FeedbackRecord:
        """One entry with its texts; raises WorkspaceError where there is none of this id."""
        names = ", ".join((*_NARROW, *(f"feedback_texts.{name}" for name in _TEXTS)))
        found = self._index.rows(
            f"SELECT {names} FROM feedback JOIN feedback_texts USING (number) WHERE id = ? AND NOT removed", id
        )
        if not found:
            raise WorkspaceError(f"There is no feedback entry {id!r} in this workspace; it may have been deleted.")
        values = dict(zip(_NARROW + _TEXTS, found[0], strict=True))
        values["tags"], values["details"] = tuple(json.loads(values["tags"])), json.loads(values["details"])
        return FeedbackRecord(**values)

    def has(self, id: str) -> bool:
        """Whether there is an entry of this id."""
        return bool(self._index.rows("SELECT 1 FROM feedback WHERE id = ? AND NOT removed", id))

    def update(self, id: str, **changes: Any) -> FeedbackRecord:
        """Change some fields of an entry and return it; `details` are merged into those there are."""
        record = self.get(id)
        if unknown := sorted(changes.keys() - _KNOWN | changes.keys() & {"id", "created", "updated"}):
            raise WorkspaceError(f"{unknown[0]!r} of a feedback entry cannot be changed; it is kept as it was made.")
        if "details" in changes:
            changes["details"] = {**record.details, **changes["details"]}
        record = checked(dataclasses.replace(record, **changes, updated=now()))
        with self._index.transaction() as connection:
            _change(connection, record, [name for name in _TEXTS if name in changes])
        return record

    def rename_model(self, name: str, new: str) -> None:
        """Entries of a model, also deleted ones, are of the model of its new name from now on."""
        with self._index.transaction() as connection:
            found = connection.execute(
                "SELECT number, details FROM feedback JOIN feedback_texts USING (number) WHERE model = ?", (name,)
            ).fetchall()
            texts = [(json.dumps(with_model(json.loads(text), name, new), ensure_ascii=False), number)
                     for number, text in found]  # fmt: skip
            connection.executemany("UPDATE feedback_texts SET details = ? WHERE number = ?", texts)
            connection.execute("UPDATE feedback SET model = ? WHERE model = ?", (new, name))

    # Deleting, which can be undone.

    def remove(self, ids: Iterable[str]) -> int:
        """Take entries out of sight so that `restore` can bring them back exactly, and return how many there were."""
        return self._mark(ids, 0, _DELETED)

    def restore(self, ids: Iterable[str]) -> int:
        """Bring deleted entries back and return how many there were."""
        return self._mark(ids, _DELETED, 0)

    def purge(self, ids: Iterable[str]) -> int:
        """Forget those of these entries that are deleted, and their pictures, for good; returns how many there were."""
        return self._erase(_DELETED, ids)

    def purge_but(self, kept: Collection[str]) -> int:
        """Forget all deleted entries but these."""
        rows = self._index.rows("SELECT id FROM feedback WHERE removed = ?", _DELETED)
        return self._erase(_DELETED, [row[0] for row in rows if row[0] not in kept])

    def sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """About how many bytes each of these entries takes, as far as they are there: its texts and its picture."""
        lengths = " + ".join(f"length(feedback_texts.{name})" for name in _TEXTS)
        rows = self._index.rows(
            f"SELECT id, kind, {lengths} FROM feedback JOIN feedback_texts USING (number) "
            "WHERE id IN (SELECT value FROM json_each(?)) AND NOT removed ORDER BY number",
            json.dumps(list(ids)),
        )
        return {each: size + (self._picture_size(each) if kind == "image" else 0) for each, kind, size in rows}

    def _picture_size(self, id: str) -> int:
        picture = self.picture_path(id)
        return picture.stat().st_size if picture.is_file() else 0

    def _erase(self, state: int, ids: Iterable[str] | None = None) -> int:
        """Forget what is in a state, all of it or those of these ids."""
        with self._index.transaction() as connection:
            found = [row[0] for row in connection.execute("SELECT id FROM feedback WHERE removed = ?", (state,))]
            wanted = set(found if ids is None else ids)
            gone = [each for each in found if each in wanted]
            which = [(each,) for each in gone]
            connection.executemany(
                "DELETE FROM feedback_texts WHERE number = (SELECT number FROM feedback WHERE id = ?)", which
            )
            connection.executemany("DELETE FROM feedback WHERE id = ?", which)
        for each in gone:
            self.picture_path(each).unlink(missing_ok=True)
        return len(gone)

    def _mark(self, ids: Iterable[str], before: int, after: int) -> int:
        with self._index.transaction() as connection:
            statement = "UPDATE feedback SET removed = ? WHERE id = ? AND removed = ?"
            return max(0, connection.executemany(statement, [(after, each, before) for each in ids]).rowcount)

    # Many entries.

    def search(
        self,
        chosen: FeedbackFilter | None = None,
        sort: str = "created",
        descending: bool = True,
        start: int = 0,
        count: int = 100,
    ) -> list[FeedbackRow]:
        """A page of the entries chosen; equals are in order of age."""
        if sort not in SORTS:
            raise WorkspaceError(f"Feedback cannot be sorted by {sort!r}; sort by one of {', '.join(SORTS)}.")
        where, values = (chosen or FeedbackFilter()).condition()
        way = "DESC" if descending else "ASC"
        statement = (
            f"SELECT {', '.join(_ROW)} FROM feedback WHERE {where} ORDER BY {sort} {way}, number {way} LIMIT ? OFFSET ?"
        )
        return [_row(row) for row in self._index.rows(statement, *values, count, start)]

    def count(self, chosen: FeedbackFilter | None = None) -> int:
        """How many entries are chosen."""
        where, values = (chosen or FeedbackFilter()).condition()
        return int(self._index.rows(f"SELECT count(*) FROM feedback WHERE {where}", *values)[0][0])

    def ids(self, chosen: FeedbackFilter | None = None) -> list[str]:
        """The entries chosen, oldest first."""
        where, values = (chosen or FeedbackFilter()).condition()
        return [
            row[0]
            for row in self._index.rows(f"SELECT id FROM feedback WHERE {where} ORDER BY created, number", *values)
        ]

    def records(self, chosen: FeedbackFilter | None = None) -> Iterator[FeedbackRecord]:
        """The entries chosen with their texts, oldest first, one at a time in memory."""
        return (self.get(each) for each in self.ids(chosen))

    def tally(self, columns: str, chosen: FeedbackFilter | None = None, by: str = "1") -> list[tuple[Any, ...]]:
        """Aggregates over the entries chosen, a row for each value of `by`; both are SQL, written by the studio."""
        where, values = (chosen or FeedbackFilter()).condition()
        return self._index.rows(
            f"SELECT {by}, {columns} FROM feedback WHERE {where} GROUP BY {by} ORDER BY {by}", *values
        )

    def models(self) -> list[str]:
        """The models that have entries, by name."""
        return [
            row[0] for row in self._index.rows("SELECT DISTINCT model FROM feedback WHERE NOT removed ORDER BY model")
        ]

    def tags(self) -> list[str]:
        """The tags in use, the most used first."""
        return [
            row[0]
            for row in self._index.rows(
                "SELECT value FROM feedback, json_each(feedback.tags) WHERE NOT removed AND tags != '[]' "
                "GROUP BY value ORDER BY count(*) DESC, value"
            )
        ]

    def picture_path(self, id: str) -> Path:
        """Where an entry's picture is or will be."""
        return self.folder / f"{id}.png"


def _insert(connection: sqlite3.Connection, record: FeedbackRecord, state: int) -> None:
    values = _narrow(record) | {"removed": state}
    marks = ", ".join(f":{name}" for name in values)
    _make_way(connection, record.id)
    try:
        connection.execute(f"INSERT INTO feedback ({', '.join(values)}) VALUES ({marks})", values)
    except sqlite3.IntegrityError:
        raise WorkspaceError(f"The feedback entry {record.id!r} is in this workspace already.") from None
    marks = ", ".join(f":{name}" for name in _TEXTS)
    connection.execute(f"INSERT INTO feedback_texts VALUES (last_insert_rowid(), {marks})", _texts(record))


def _make_way(connection: sqlite3.Connection, id: str) -> None:
    """What was deleted and is kept anew does not come back from the bin."""
    deleted = "SELECT number FROM feedback WHERE id = ? AND removed = ?"
    connection.execute(f"DELETE FROM feedback_texts WHERE number = ({deleted})", (id, _DELETED))
    connection.execute("DELETE FROM feedback WHERE id = ? AND removed = ?", (id, _DELETED))


def _change(connection: sqlite3.Connection, record: FeedbackRecord, texts: list[str]) -> None:
    """texts: those that changed; the others, which may be long, are neither written nor indexed again."""
    narrow = ", ".join(f"{name} = :{name}" for name in _narrow(record))
    connection.execute(f"UPDATE feedback SET {narrow} WHERE id = :id", _narrow(record))
    if texts:
        which = "number = (SELECT number FROM feedback WHERE id = :id)"
        assigned = ", ".join(f"{name} = :{name}" for name in texts)
        values = {"id": record.id, **_texts(record)}
        connection.execute(f"UPDATE feedback_texts SET {assigned} WHERE {which}", values)


def _narrow(record: FeedbackRecord) -> dict[str, Any]:
    """What lists and statistics need of an entry."""
    values: dict[str, Any] = {name: getattr(record, name) for name in _NARROW}
    return values | {
        "tags": json.dumps(record.tags, ensure_ascii=False),
        "corrected": bool(record.correction),
        "prompt": excerpt(_asked(record)),
        "output": excerpt(record.output),
    }


def _texts(record: FeedbackRecord) -> dict[str, str]:
    values = {name: getattr(record, name) for name in _TEXTS}
    return values | {"details": json.dumps(record.details, ensure_ascii=False)}


def _asked(record: FeedbackRecord) -> str:
    """What a person said last where it was a conversation: the whole prompt begins with a template's marks."""
    for message in reversed(record.details.get("messages") or ()):
        if isinstance(message, Mapping) and message.get("role") == "user":
            return str(message.get("content", ""))
    return record.prompt


def excerpt(text: str) -> str:
    """The beginning of a text in one line."""
    return " ".join(text[: 4 * EXCERPT].split())[:EXCERPT]


def _row(values: tuple[Any, ...]) -> FeedbackRow:
    named = dict(zip(_ROW, values, strict=True))
    return FeedbackRow(**{**named, "tags": tuple(json.loads(named["tags"])), "corrected": bool(named["corrected"])})
