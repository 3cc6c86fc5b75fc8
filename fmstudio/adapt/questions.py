"""Questions with the documents that answer them: titles of a collection's own documents, or a person's table."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from fmstudio.adapt.collection_tables import StoredDocument
from fmstudio.data.errors import Refused
from fmstudio.data.readers.delimited import layout
from fmstudio.data.readers.delimited_records import LOOKED_AT
from fmstudio.data.readers.encoding import decoded, detect
from fmstudio.data.readers.source import SourceFile
from fmstudio.errors import StudioError

_NAMED = 5  # lines and names that a note lists
_LARGEST = 64 << 20
COLUMNS = ("question", "source")
_TOPIC = re.compile(r"help\('(.+)'\)")  # as the documents of Python's reference are called


@dataclass(slots=True)
class QuestionSet:
    """What to ask, each with the sources of all documents that are right; `notes` say what was left out."""

    origin: str
    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def title_questions(documents: Sequence[StoredDocument], collection: str) -> QuestionSet:
    """The title of each document as a question after it. A title that several share has several right answers."""
    by_title: dict[str, list[str]] = {}
    for document in documents:
        by_title.setdefault(document.title, []).append(document.source)
    if not by_title:
        raise StudioError(f"Collection {collection!r} has no document to ask after; index some first.")
    return QuestionSet("titles of the documents", list(by_title.items()))


def questions_from_table(path: str, documents: Sequence[StoredDocument], collection: str) -> QuestionSet:
    """The rows of a table whose source is in the collection, by path, file name, title or topic of Python's."""
    file = Path(path).expanduser()
    found = QuestionSet(file.name)
    ragged: list[str] = []
    unknown: list[str] = []
    known = _names(documents)
    for line, cells in _rows(file):
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            ragged.append(f"{line}")
        elif sources := known.get(cells[1].strip().casefold()):
            found.rows.append((cells[0].strip(), sources))
        else:
            unknown.append(cells[1].strip())
    if ragged:
        found.notes.append(f"{file.name}: rows left out because they have no two cells, at line {_some(ragged)}.")
    if unknown:
        names = _some(list(dict.fromkeys(unknown)))
        found.notes.append(f"{file.name}: rows left out because {collection!r} has no such source: {names}.")
    if not found.rows:
        raise StudioError(f"{file} has no question that can be asked; " + (" ".join(found.notes) or "it has no row."))
    return found


def _some(items: Sequence[str]) -> str:
    rest = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def _names(documents: Sequence[StoredDocument]) -> dict[str, list[str]]:
    """Every name that a document goes by, with the documents that go by it."""
    names: dict[str, list[str]] = {}
    for document in documents:
        path = Path(document.source)
        topic = found[1] if (found := _TOPIC.fullmatch(document.source)) else document.source
        for name in {document.source, path.name, path.stem, document.title, topic}:
            names.setdefault(name.casefold(), []).append(document.source)
    return names


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Question and source of each row with its line; a row with too few or too many cells comes as it is."""
    lines = io.StringIO(_text(file))
    head = list(islice(lines, LOOKED_AT))
    before, form = layout(head, file.suffix.lower() == ".tsv")
    delimiter = form.delimiter if form.width > 1 else ","
    rows = csv.reader(chain(head[before:], lines), delimiter=delimiter, skipinitialspace=form.spaced)
    try:
        header = [name.strip().casefold() for name in next(rows, [])]
        if not set(COLUMNS) <= set(header):
            raise StudioError(
                f"{file} needs the columns question and source in its first line; it has {_header(header)}."
            )
        places = [header.index(name) for name in COLUMNS]
        for row in rows:
            if any(cell.strip() for cell in row):
                while len(row) > len(header) and not row[-1].strip():
                    row.pop()  # a delimiter that ends the row
                yield before + rows.line_num, [row[place] for place in places] if len(row) == len(header) else []
    except csv.Error as error:
        raise StudioError(f"{file} is not a table of comma-separated values ({error}); save it as CSV.") from error


def _header(header: Sequence[str]) -> str:
    return ", ".join(header)[:200] or "none"


def _text(file: Path) -> str:
    try:
        source = SourceFile(file, file.name, file.stat().st_size)
        if source.size > _LARGEST:
            raise Refused(f"it is larger than {_LARGEST >> 20} MB")
        steps = detect(source)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return "".join(decoded(source, end.value))
    except Refused as refusal:
        raise StudioError(f"{file} cannot be read as a table of questions: {refusal}.") from refusal
    except OSError as error:
        raise StudioError(f"{file} cannot be read ({error.strerror or error}); choose a CSV file.") from error
