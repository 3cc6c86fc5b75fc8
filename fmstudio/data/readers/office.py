"""Word documents (.docx): paragraphs, boxes and tables in their order, then the notes."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import docx
from docx.oxml import parse_xml
from docx.text.paragraph import Paragraph

from fmstudio.data.cutting import documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import heading_mark
from fmstudio.data.readers.word import blocks

_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)  # built-in styles have English names in every language


def read(source: SourceFile) -> Reading:
    """The document's text."""
    with whole.open_zip(source, "a Word document (.docx)") as archive:
        if "word/document.xml" not in archive.namelist():
            raise Refused("it is not a Word document (.docx)")
    yield None
    document = docx.Document(str(source.path))
    title = (document.core_properties.title or "").strip() or source.title
    yield from documents_from(_paragraphs(document, source.marked), source.cutting, title=title, source=source.name)
    source.done = source.size


def _paragraphs(document: "docx.document.Document", marked: bool) -> Iterator[str | None]:
    def mark(element: Any) -> str:
        return _mark(Paragraph(element, document)) if marked else ""

    for number, text in enumerate(chain(blocks(document.element.body, mark), *map(blocks, _notes(document)))):
        if number % 100 == 99:
            yield None
        if text.strip():
            yield text + "\n\n"


def _notes(document: "docx.document.Document") -> Iterator[Any]:
    """The parts with footnotes and endnotes."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")):
            yield parse_xml(relation.target_part.blob)


def _mark(paragraph: Paragraph) -> str:
    name = (paragraph.style.name if paragraph.style is not None else "") or ""
    if name == "Title":
        return heading_mark(1)
    found = _HEADING_STYLE.match(name)
    return heading_mark(int(found.group(1))) if found else ""
