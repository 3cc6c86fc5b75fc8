"""Word documents (.docx): paragraphs and tables in their order."""

import re
from collections.abc import Iterator

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from fmstudio.data.cutting import documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.source import Reading, SourceFile
from fmstudio.data.readers.structure import heading_mark

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
    for number, block in enumerate(document.iter_inner_content()):
        if number % 100 == 99:
            yield None
        if isinstance(block, Table):
            rows = ("\t".join(cell.text.strip() for cell in row.cells) for row in block.rows)
            yield "\n".join(rows) + "\n\n"
        elif block.text.strip():
            yield (_mark(block) if marked else "") + block.text.strip() + "\n\n"


def _mark(paragraph: Paragraph) -> str:
    name = (paragraph.style.name if paragraph.style is not None else "") or ""
    if name == "Title":
        return heading_mark(1)
    found = _HEADING_STYLE.match(name)
    return heading_mark(int(found.group(1))) if found else ""
