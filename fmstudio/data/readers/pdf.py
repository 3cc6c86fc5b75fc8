"""PDF: the text that its pages carry. A scan carries none and is refused with that reason."""

import logging
import re
from collections.abc import Iterator
from typing import BinaryIO

import pypdf
from pypdf.errors import PyPdfError

from fmstudio.data.cutting import documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import page_mark

# Every oddity of a file is logged there; what matters to a person is said in this reader's own words.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_HYPHENATED = re.compile(r"(?<=[a-zß-ÿ])-\n(?=[a-zß-ÿ])")


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
    count = len(reader.pages)
    for number in range(count):
        try:
            text = reader.pages[number].extract_text()
        except Exception as error:  # noqa: BLE001 - one bad page must not cost the others
            source.notes.append(f"page {number + 1} was left out ({type(error).__name__}: {error})")
            text = ""
        source.done = source.size * (number + 1) // count
        yield None
        text = _HYPHENATED.sub("", text).strip()
        # A page without text gets no mark: a scan must still be told by its having no text at all.
        yield (page_mark(number + 1) if source.marked and text else "") + text + "\n\n"
