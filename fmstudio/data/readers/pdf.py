"""PDF: the text that its pages carry. A scan carries none and is refused with that reason."""

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdf
from pypdf.errors import PyPdfError

from fmstudio.data.cutting import documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import page_columns, whole
from fmstudio.data.readers.page_text import joined, lettered, words_of
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import page_mark

# Every oddity of a file is logged there; what matters to a person is said in this reader's own words.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)
_SHOWN = 10  # pages named in a note


def read(source: SourceFile) -> Reading:
    """The pages' text, a page at a time."""
    whole.check(source)
    with source.path.open("rb") as file:
        reader = _opened(file)
        title = _title(reader) or source.title
        found = False
        for document in documents_from(_pages(reader, source), source.cutting, title=title, source=source.name):
            found = found or document is not None
            yield document
    if not found:
        raise Refused("its pages are pictures without text (a scan); run text recognition on it first")


def _opened(file: BinaryIO) -> pypdf.PdfReader:
    try:
        reader = pypdf.PdfReader(file)
        locked = reader.is_encrypted and not reader.decrypt("")
        if not locked:
            len(reader.pages)
    except PyPdfError as error:
        raise Refused(f"it is not a PDF, or damaged ({error})") from error
    if locked:
        raise Refused("it is protected by a password; save it without one")
    return reader


def _title(reader: pypdf.PdfReader) -> str:
    title = reader.metadata.title if reader.metadata else None
    return " ".join(title.split()) if isinstance(title, str) else ""


def _pages(reader: pypdf.PdfReader, source: SourceFile) -> Iterator[str | None]:
    """The pages' texts once all are read: which hyphens a line brought is told by the words of the whole."""
    count, texts, dropped = len(reader.pages), [], 0
    taken_apart: list[str] = []
    for number in range(count):
        try:
            page = reader.pages[number]
            written, apart = page_columns.text_of(page)
            taken_apart += [f"{number + 1:,}"] if apart else []
            text, own = lettered("\n".join([written, *_filled_in(page)]))
            dropped += own
        except Exception as error:  # noqa: BLE001 - one bad page must not cost the others
            source.notes.append(f"page {number + 1} was left out ({type(error).__name__}: {error})")
            text = ""
        texts.append(text)
        source.done = source.size * (number + 1) // count
        yield None
    if dropped:
        source.notes.append(f"signs left out that mean something only in the file's own fonts: {dropped:,}")
    if taken_apart:
        shown = ", ".join(taken_apart[:_SHOWN]) + (", …" if len(taken_apart) > _SHOWN else "")
        source.facts.append(f"written across its columns and read one column after the other: page {shown}")
    known = words_of(texts)
    for number, text in enumerate(texts, 1):
        text = joined(text, known).strip()
        # A page without text gets no mark: a scan must still be told by its having no text at all.
        yield (page_mark(number) if source.marked and text else "") + text + "\n\n"


def _filled_in(page: pypdf.PageObject) -> Iterator[str]:
    """What was written on a page that is no part of its content: into the fields of a form, each with its name, and as
    notes that are shown."""
    for reference in page.get("/Annots") or ():
        field: Any = reference.get_object()
        if field.get("/Subtype") == "/FreeText" and isinstance(note := field.get("/Contents"), str) and note.strip():
            yield note
        parent: Any = field.get("/Parent", {})
        parent = parent.get_object() if parent else {}
        kind, value = field.get("/FT") or parent.get("/FT"), field.get("/V") or parent.get("/V")
        if field.get("/Subtype") == "/Widget" and kind in ("/Tx", "/Ch") and isinstance(value, str) and value.strip():
            name = field.get("/TU") or field.get("/T") or parent.get("/T") or ""
            yield f"{name}: {value}" if name else value
