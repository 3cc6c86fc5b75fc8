"""Brings a file's text for a collection: the readers of data import, with headings and pages kept."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from fmstudio.adapt.headings import find_headings
from fmstudio.data import samples
from fmstudio.data.cutting import LONGEST
from fmstudio.data.documents import Document
from fmstudio.data.errors import Refused
from fmstudio.data.intake import guarded
from fmstudio.data.readers import registry
from fmstudio.data.readers.page_text import searchable
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.readers.structure import Heading, take_marks

BUILT_IN = samples.NAME
"""The source that names Python's own reference instead of a file."""
_LARGEST = 4 * LONGEST  # bytes of a plain text; UTF-8 takes at most four a character
_PICTURED = {".pdf", ".docx", ".epub"}  # much of these is not text; their readers have limits of their own
_CHUNK = 1 << 20
_NO_TITLE = re.compile(  # what programs write into a file whose author has given it no title
    r"|(word |powerpoint |pdf |untitled |new |html )?document ?\d*|(powerpoint )?presentation ?\d*"
    r"|untitled[ -]?\d*|no title|microsoft (word|excel|powerpoint) - .*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Text:
    """A document as it is chunked and shown."""

    title: str
    text: str
    headings: list[Heading] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def is_document(path: Path) -> bool:
    """Whether a file met in a folder is a document. A table's rows are data, not something to look things up in."""
    return registry.is_known(path) and path.suffix.lower() not in registry.TABLES


def document_endings() -> list[str]:
    """The endings of the files that are read in a folder."""
    return [ending for ending in registry.known_endings().split() if is_document(Path("name" + ending))]


def read_text(path: Path) -> Iterator[Text | None]:
    """The document of a file; None means that it is still being read. Raises Refused with the reason to skip it."""
    size = path.stat().st_size
    if path.suffix.lower() in registry.TABLES:
        raise Refused("it is a table, not a document; add it as a dataset, or save its text as a document")
    if size > _LARGEST and path.suffix.lower() not in _PICTURED:
        raise Refused(f"it is larger than {_LARGEST >> 20} MB; split it")
    source = SourceFile(path, path.name, size, marked=True)
    found: Document | None = None
    for document in guarded(registry.read(source)):
        if found is not None and document is not None:
            raise Refused(f"it holds more than {LONGEST:,} characters; split it")
        found = document or found
        yield None
    if found is None:
        raise Refused("it holds no text")
    own = replace(found, title=source.title) if _NO_TITLE.fullmatch(found.title.strip()) else found
    yield structured(own, source.notes)


def structured(document: Document, notes: list[str] | None = None) -> Text:
    """A document with its headings: those that its reader marked, else those that can be told in plain text."""
    text, headings = take_marks(searchable(document.text))
    return Text(searchable(document.title), text, headings or find_headings(text), notes or [])


def content_hash(path: Path) -> Iterator[str]:
    """The hash of a file's bytes as the last of what is yielded; before it nothing but empty texts."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            yield ""
    yield digest.hexdigest()


def text_hash(text: str) -> str:
    """The hash of a text that is in no file."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
