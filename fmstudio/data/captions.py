"""What a metadata file says of pictures: captions, classes and attributes, in the form of Hugging Face's ImageFolder.

metadata.csv, metadata.jsonl or metadata.parquet lies in a folder of pictures. Its column file_name holds their paths
as seen from there; the others say something of them.
"""

import os
import unicodedata
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fmstudio.data.errors import Refused
from fmstudio.data.intake import Report, guarded
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.readers.tables import open_rows
from fmstudio.data.sources import Found
from fmstudio.jobs import Event, Note

_FILES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_NAME = "file_name"
_CAPTIONS = ("text", "caption", "description", "prompt", "title")
_LABELS = ("label", "class", "category")
_MOST_VALUES = 64  # a column with more different ones says something of each picture, not of a kind of pictures


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one picture."""

    caption: str = ""
    label: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


Rows = dict[Path, Row]


def is_metadata(path: Path) -> bool:
    """Whether a file tells of the pictures beside and below it."""
    return path.name.lower() in _FILES


def read_metadata(files: Sequence[Found], column: str, report: Report) -> Generator[Event, None, Rows]:
    """The rows of all files by the picture's full path. A bad file is skipped with its reason."""
    rows: Rows = {}
    for file in files:
        notes: list[str] = []
        try:
            for found in guarded(_rows(file, column, notes)):
                rows |= found or {}
            yield from report.repairs(file.name, notes)
        except Refused as refusal:
            yield from report.skip(file.name, str(refusal))
    return rows


def differences(rows: Rows, pictures: Sequence[Found]) -> Iterator[Note]:
    """Tell of pictures without a row and of rows without a picture."""
    paths = {file.path.resolve(): file.name for file in pictures}
    without = [name for path, name in paths.items() if path not in rows]
    beside = [path.name for path in rows if path not in paths]
    if without:
        yield Note(f"{_counted(without, 'picture')} no row in the metadata: {_some(without)}.", "warning")
    if beside:
        yield Note(f"{_counted(beside, 'row')} no picture to be about: {_some(beside)}.", "warning")


def _counted(names: Sequence[str], noun: str) -> str:
    return f"{len(names):,} {noun} has" if len(names) == 1 else f"{len(names):,} {noun}s have"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _rows(file: Found, wanted: str, notes: list[str]) -> Iterator[Rows | None]:
    source = SourceFile(file.path, file.name, file.size, notes=notes)
    reading = open_rows(source)
    while True:
        try:
            yield next(reading)
        except StopIteration as end:
            table = list(end.value[0])
            break
    columns = list(dict.fromkeys(name for row in table for name in row))
    if _NAME not in columns:
        raise Refused(f"it has no column {_NAME}, which says which picture a row is about; its columns are: "
                      f"{', '.join(columns) or 'none'}")  # fmt: skip
    if wanted and wanted not in columns:
        raise Refused(f"it has no column {wanted!r} for captions; its columns are: {', '.join(columns)}")
    caption = wanted or _first(_CAPTIONS, columns)
    label = _first(_LABELS, columns)
    others = [name for name in columns if name not in (_NAME, caption, label)]
    attributes = [name for name in others if _tells_kinds(name, table)]
    if unused := [name for name in others if name not in attributes]:
        notes.append(f"columns that tell of no kind of pictures, which are not used: {', '.join(unused)}")
    if several := sum(isinstance(row.get(caption), list) and len(row[caption]) > 1 for row in table):
        notes.append(f"pictures with several captions, of which the first was taken: {several:,}")
    places = _Places(file.path.parent)
    yield {
        places.of(name): Row(
            _caption(row.get(caption)),
            _text(row.get(label)),
            {key: value for key in attributes if (value := _text(row.get(key)))},
        )
        for row in table
        if (name := _text(row.get(_NAME)))
    }


class _Places:
    """Where the pictures are that a table names, which may have been written on another system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, dict[str, str]] = {}

    def of(self, name: str) -> Path:
        """The full path; backslashes may stand for slashes, and letters be put together otherwise than in the name."""
        place = self._folder / name
        if not place.exists():
            place = self._folder
            for part in PurePosixPath(name.replace("\\", "/")).parts:
                place = place / (part if (place / part).exists() else self._alike(place, part))
        return place.resolve()

    def _alike(self, folder: Path, name: str) -> str:
        if folder not in self._names:
            there = os.listdir(folder) if folder.is_dir() else []
            self._names[folder] = {unicodedata.normalize("NFC", each): each for each in there}
        return self._names[folder].get(unicodedata.normalize("NFC", name), name)


def _caption(value: Any) -> str:
    """A caption; of several the first."""
    return _text(next(iter(value), "") if isinstance(value, list) else value)


def _first(names: Sequence[str], columns: Sequence[str]) -> str:
    return next((column for name in names for column in columns if column.lower() == name), "")


def _tells_kinds(column: str, table: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column has few values, each for several pictures."""
    values = [row.get(column) for row in table]
    if any(not (value is None or isinstance(value, str) or _text(value)) for value in values):
        return False
    different = {_text(value) for value in values} - {""}
    return 0 < len(different) <= min(_MOST_VALUES, max(2, len(table) // 2))


def _text(value: Any) -> str:
    """A value as the name of a kind; "" where it is none, such as a list or a measurement."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else ""
    return str(value).strip() if isinstance(value, (str, int)) else ""
