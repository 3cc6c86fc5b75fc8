"""What a collection's SQLite file holds: its tables, and a document and a chunk as they are read from them."""

import json
from dataclasses import dataclass
from typing import Any

WORDS = """CREATE VIRTUAL TABLE words USING fts5 (title, place, text, terms, content='chunks', content_rowid='id',
           tokenize='porter unicode61 remove_diacritics 2')"""
SCHEMA = (
    """CREATE TABLE documents (id INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
       bytes INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL, reason TEXT NOT NULL,
       notes TEXT NOT NULL)""",
    "CREATE TABLE texts (document INTEGER PRIMARY KEY, text BLOB NOT NULL)",
    # Numbers are never used again, so that whatever remembers one (the vector index, a log) cannot mean another chunk.
    """CREATE TABLE chunks (id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, number INTEGER NOT NULL,
       start INTEGER NOT NULL, "end" INTEGER NOT NULL, tokens INTEGER NOT NULL, title TEXT NOT NULL,
       headings TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL, terms TEXT NOT NULL)""",
    "CREATE INDEX chunks_of_document ON chunks (document, number)",
    "CREATE TABLE vectors (chunk INTEGER PRIMARY KEY, vector BLOB NOT NULL)",
    "CREATE INDEX vectors_present ON vectors (chunk)",  # to list them without reading them
    WORDS,
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


@dataclass(slots=True)
class Stamp:
    """What a document is known again by: its size, when it was changed (in nanoseconds), and the hash of its bytes."""

    bytes: int = 0
    modified: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What is known of a document without reading it. `reason` says why one has no chunks."""

    id: int
    source: str
    title: str
    bytes: int
    modified: int
    hash: str
    reason: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A passage: the span of its document's text, and that text. `place` is the title and the headings in one line."""

    id: int
    source: str
    title: str
    number: int
    start: int
    end: int
    tokens: int
    headings: tuple[str, ...]
    place: str
    text: str


def document_of(row: tuple[Any, ...]) -> StoredDocument:
    """A document out of its row, whose last column is a list as JSON."""
    values = (*row[:7], tuple(json.loads(row[7])))
    return StoredDocument(*values)


def chunk_of(row: tuple[Any, ...]) -> StoredChunk:
    """A chunk out of its row."""
    values = (*row[:7], tuple(json.loads(row[7])), *row[8:])
    return StoredChunk(*values)
