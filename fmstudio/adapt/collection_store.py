"""A collection on disk: one SQLite file with the documents, their chunks, the index of words and the vectors.

Everything is written in transactions, so a kill at any moment leaves whole documents and whole batches of vectors:
whoever goes on finds the chunks that have no vector yet and nothing else to do. Readers never wait for the writer
(write-ahead log). Words are searched by SQLite's own FTS5, which ranks by BM25 and is part of the same transaction.
"""

import json
import sqlite3
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.adapt.chunking import Span
from fmstudio.adapt.collection_tables import SCHEMA, WORDS, Stamp, StoredChunk, StoredDocument, chunk_of, document_of
from fmstudio.adapt.terms import hidden_terms
from fmstudio.errors import StudioError
from fmstudio.workspace import explained
from fmstudio.workspace.errors import DamagedIndexError

FILE = "index.db"
VERSION = 3
"""The first had no terms beside the words, the second fewer; they are brought up where they are opened."""
IDENTITY = "identity"
"""The fact that tells this index from a former one of the collection, whose numbers meant other chunks."""
_PATIENCE = 10.0  # seconds to wait for another program that is writing
_WORDS = "INSERT INTO words (rowid, title, place, text, terms)"
_DOCUMENT = "id, source, title, bytes, modified, hash, reason, notes"
_CHUNK = (
    'SELECT chunks.id, source, chunks.title, number, start, "end", tokens, headings, place, text '
    "FROM chunks JOIN documents ON documents.id = document"
)


class CollectionStore:
    """The SQLite file of one collection, open. To be used from one thread at a time."""

    def __init__(self, folder: Path, create: bool = False, check: bool = False) -> None:
        """Open the file; raises StudioError where it is missing, of another version, or damaged as far as can be seen.

        create: make the file where there is none. check: look at every page for damage.
        """
        self.path = folder / FILE
        if not create and not self.path.is_file():
            raise StudioError(f"The index of collection {folder.name!r} is gone; refresh it to build it again.")
        with self._explained():
            self.connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(create, check)
            except BaseException:
                self.connection.close()
                raise

    def _prepare(self, create: bool, check: bool) -> None:
        self.connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose the last batches but never the file; they are then done again.
        self.connection.execute("PRAGMA synchronous = NORMAL")
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and create:
            with self.transaction():
                for statement in SCHEMA:
                    self.connection.execute(statement)
                self.connection.execute(f"PRAGMA user_version = {VERSION}")
                self.connection.execute("INSERT INTO facts VALUES (?, ?)", (IDENTITY, uuid.uuid4().hex))
        elif version in (1, 2):
            self._add_terms()
        elif version != VERSION:
            raise DamagedIndexError(f"{self.path} has version {version}, this studio writes {VERSION}.")
        if check and (verdict := self.connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise DamagedIndexError(f"{self.path} is damaged ({verdict}).")

    def _add_terms(self) -> None:
        """Bring an earlier version up: everything is read once more, nothing is embedded again."""
        with self.transaction():
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if version == VERSION:
                return  # another program was quicker
            self.connection.create_function("hidden_terms", 1, hidden_terms, deterministic=True)
            added = "ALTER TABLE chunks ADD COLUMN terms TEXT NOT NULL DEFAULT ''"
            for statement in (
                "DROP TABLE words",
                *([added] if version == 1 else []),
                "UPDATE chunks SET terms = hidden_terms(place || char(10) || text)",
                WORDS,
                f"{_WORDS} SELECT id, title, place, text, terms FROM chunks",
                f"PRAGMA user_version = {VERSION}",
            ):
                self.connection.execute(statement)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> "CollectionStore":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self.path):
                yield
        except DamagedIndexError as error:
            name = self.path.parent.name
            raise DamagedIndexError(
                f"The index of collection {name!r} is damaged; refresh the collection to build it again."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        with self._explained():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The answer to a question."""
        with self._explained():
            return self.connection.execute(statement, values).fetchall()

    @property
    def state(self) -> int:
        """A number that changes whenever another connection has written."""
        return int(self.rows("PRAGMA data_version")[0][0])

    # Facts about the whole collection.

    def fact(self, name: str) -> str:
        """What was noted under a name, or nothing."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", name)
        return str(found[0][0]) if found else ""

    def note(self, name: str, value: str) -> None:
        """Note a fact."""
        with self.transaction():
            self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # Documents.

    def documents(self) -> dict[str, StoredDocument]:
        """All documents by their source, skipped ones included."""
        return {row[1]: document_of(row) for row in self.rows(f"SELECT {_DOCUMENT} FROM documents ORDER BY source")}

    def find_documents(self, search: str, start: int, count: int) -> tuple[int, list[tuple[StoredDocument, int, int]]]:
        """How many documents have `search` in title or source; some of these, with their chunks and vectors."""
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where = "WHERE title LIKE ?1 ESCAPE '\\' OR source LIKE ?1 ESCAPE '\\'"
        total = self.rows(f"SELECT count(*) FROM documents {where}", pattern)[0][0]
        chunks = "(SELECT count(*) FROM chunks WHERE document = documents.id)"
        vectors = "(SELECT count(*) FROM chunks JOIN vectors ON chunk = chunks.id WHERE document = documents.id)"
        columns = f"{_DOCUMENT}, {chunks}, {vectors}"
        rows = self.rows(
            f"SELECT {columns} FROM documents {where} ORDER BY source LIMIT ?2 OFFSET ?3", pattern, count, start
        )
        return total, [(document_of(row[:-2]), row[-2], row[-1]) for row in rows]

    def put_document(
        self, source: str, stamp: Stamp, *, title: str, text: str = "", chunks: Sequence[tuple[Span, str]] = (),
        reason: str = "", notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add a document with its chunks and their places, instead of the one of that source.

        A chunk that reads as it did before keeps its vector, so that an edit costs only what was edited.
        """
        with self.transaction():
            kept = self._vectors_by_text(source)
            self._remove(source)
            about = (source, title, stamp.bytes, stamp.modified, stamp.hash, reason, json.dumps(list(notes)))
            document = self.connection.execute(
                "INSERT INTO documents (source, title, bytes, modified, hash, reason, notes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)", about
            ).lastrowid  # fmt: skip
            if chunks:
                packed = zlib.compress(text.encode("utf-8", "replace"), 3)
                self.connection.execute("INSERT INTO texts VALUES (?, ?)", (document, packed))
            for number, (span, place) in enumerate(chunks):
                self._add_chunk((document, number, span.start, span.end, span.tokens, json.dumps(span.headings)),
                                title, place, span.read_in(text), kept)  # fmt: skip

    def _add_chunk(self, about: tuple[Any, ...], title: str, place: str, text: str, kept: Mapping[str, bytes]) -> None:
        chunk = self.connection.execute(
            'INSERT INTO chunks (document, number, start, "end", tokens, headings, title, place, text, terms) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*about, title, place, text, hidden_terms(f"{place}\n{text}"))
        ).lastrowid  # fmt: skip
        self.connection.execute(f"{_WORDS} SELECT id, title, place, text, terms FROM chunks WHERE id = ?", (chunk,))
        if vector := kept.get(f"{title}\n{text}"):
            self.connection.execute("INSERT INTO vectors VALUES (?, ?)", (chunk, vector))

    def _vectors_by_text(self, source: str) -> dict[str, bytes]:
        rows = self.connection.execute(
            "SELECT title || char(10) || text, vector FROM chunks JOIN vectors ON vectors.chunk = chunks.id "
            "WHERE document = (SELECT id FROM documents WHERE source = ?)", (source,)
        )  # fmt: skip
        return dict(rows.fetchall())

    def touch(self, source: str, modified: int) -> None:
        """Note another time of change for a document whose content is the same."""
        with self.transaction():
            self.connection.execute("UPDATE documents SET modified = ? WHERE source = ?", (modified, source))

    def remove_document(self, source: str) -> None:
        """Forget a document with all its chunks."""
        with self.transaction():
            self._remove(source)

    def _remove(self, source: str) -> None:
        for (document,) in self.connection.execute("SELECT id FROM documents WHERE source = ?", (source,)).fetchall():
            # The index of words is told what it held, as FTS5 wants it where the content is kept elsewhere.
            for statement in (
                "INSERT INTO words (words, rowid, title, place, text, terms) "
                "SELECT 'delete', id, title, place, text, terms FROM chunks WHERE document = ?",
                "DELETE FROM vectors WHERE chunk IN (SELECT id FROM chunks WHERE document = ?)",
                "DELETE FROM chunks WHERE document = ?",
                "DELETE FROM texts WHERE document = ?",
                "DELETE FROM documents WHERE id = ?",
            ):
                self.connection.execute(statement, (document,))

    def text(self, source: str) -> str:
        """A document's whole text; raises StudioError for one that is not in the collection."""
        found = self.rows("SELECT text FROM documents LEFT JOIN texts ON document = id WHERE source = ?", source)
        if not found:
            name = self.path.parent.name
            raise StudioError(f"Collection {name!r} has no document {source!r}; refresh the list of its documents.")
        return zlib.decompress(found[0][0]).decode() if found[0][0] else ""

    # Chunks and vectors.

    def counts(self) -> tuple[int, int, int]:
        """Documents that have chunks, chunks, and how many of these have their vector."""
        return (
            self.rows("SELECT count(*) FROM documents WHERE reason = ''")[0][0],
            self.rows("SELECT count(*) FROM chunks")[0][0],
            self.rows("SELECT count(*) FROM vectors")[0][0],
        )

    def skipped(self) -> int:
        """Documents that could not be used."""
        return int(self.rows("SELECT count(*) FROM documents WHERE reason != ''")[0][0])

    def size(self) -> int:
        """Bytes of the documents that are used."""
        return int(self.rows("SELECT coalesce(sum(bytes), 0) FROM documents WHERE reason = ''")[0][0])

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """Chunks by number; those that are gone are missing."""
        rows = self.rows(f"{_CHUNK} WHERE chunks.id IN ({_marks(ids)})", *ids)
        return {row[0]: chunk_of(row) for row in rows}

    def sources_of(self, ids: Sequence[int]) -> dict[int, str]:
        """The source of each chunk's document."""
        rows = self.rows("SELECT chunks.id, source FROM chunks JOIN documents ON documents.id = document "
                         f"WHERE chunks.id IN ({_marks(ids)})", *ids)  # fmt: skip
        return dict(rows)

    def chunks_of(self, source: str) -> list[StoredChunk]:
        """The chunks of a document in their order."""
        return [chunk_of(row) for row in self.rows(f"{_CHUNK} WHERE documents.source = ? ORDER BY number", source)]

    def pending(self, after: int, count: int) -> list[tuple[int, int, str, str]]:
        """Number, tokens, title and text of chunks that have no vector yet."""
        return self.rows(
            "SELECT id, tokens, title, text FROM chunks WHERE id > ? AND NOT EXISTS "
            "(SELECT 1 FROM vectors WHERE vectors.chunk = chunks.id) ORDER BY id LIMIT ?", after, count
        )  # fmt: skip

    def add_vectors(self, ids: Sequence[int], vectors: np.ndarray) -> None:
        """Keep the vectors (chunks, dimension) as half-precision numbers."""
        rows = [(chunk, vector.tobytes()) for chunk, vector in zip(ids, vectors.astype(np.float16), strict=True)]
        with self.transaction():
            self.connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def start_over(self) -> None:
        """Drop all vectors, and have every document cut again: both are another model's."""
        with self.transaction():
            self.connection.execute("DELETE FROM vectors")
            self.connection.execute("UPDATE documents SET hash = ''")

    def vector_ids(self) -> np.ndarray:
        """The numbers of all chunks that have a vector, ascending."""
        return np.fromiter((row[0] for row in self.rows("SELECT chunk FROM vectors ORDER BY chunk")), np.uint64)

    def vectors(self, ids: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The numbers found, and their vectors (chunks, dimension) of float32."""
        rows = self.rows(f"SELECT chunk, vector FROM vectors WHERE chunk IN ({_marks(ids)}) ORDER BY chunk", *ids)
        found = np.fromiter((row[0] for row in rows), np.uint64, len(rows))
        matrix = np.frombuffer(b"".join(row[1] for row in rows), np.float16).astype(np.float32)
        return found, matrix.reshape(len(rows), -1) if rows else np.zeros((0, 0), np.float32)


def _marks(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))
