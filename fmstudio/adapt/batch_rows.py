"""The rows of a table (.csv, .tsv, .jsonl), one after the other, with those that cannot be used and why.

Every line that holds something becomes a row: a ragged or broken one has a problem in place of its values, so nothing
is lost without a word. The file is read piece by piece, however long it is.
"""

import csv
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from fmstudio.data.errors import Refused
from fmstudio.data.readers.delimited import layout
from fmstudio.data.readers.delimited_records import LOOKED_AT
from fmstudio.data.readers.encoding import Detected, decoded, detect
from fmstudio.data.readers.source import SourceFile
from fmstudio.errors import StudioError
from fmstudio.workspace import explained

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_LARGEST_FIELD = 1 << 28


class BatchError(StudioError):
    """A table or a batch that cannot be used as asked."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row by column name, or what is wrong with it. `number` counts rows from 1, `line` is where it begins."""

    number: int
    line: int
    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was looked at: its encoding is known, and it may be read as often as wanted."""

    path: Path
    detected: Detected

    @property
    def encoding(self) -> str:
        """By Python's name."""
        return self.detected.encoding

    def rows(self) -> Iterator[Row]:
        """All rows in order; raises BatchError where the file cannot be read any more."""
        with explained(self.path):
            lines = _lines(decoded(_source(self.path), self.detected))
            reader = _json_rows if self.path.suffix.lower() in (".jsonl", ".ndjson") else _csv_rows
            for number, (line, values, problem) in enumerate(reader(lines, self.path), 1):
                yield Row(number, line, values, problem)


def open_table(path: Path) -> Generator[None, None, Table]:
    """Look at a file; raises BatchError that says why it is no table. Yields to give others a turn."""
    if not path.is_file():
        raise BatchError(f"There is no table at {path}; choose a file that is there.")
    if path.suffix.lower() not in ENDINGS:
        raise BatchError(f"{path.name} is not a table that a batch can read; choose a file ending in {_endings()}.")
    try:
        with explained(path):
            detected = yield from detect(_source(path))
    except Refused as reason:
        raise BatchError(f"{path.name} cannot be used: {reason}.") from None
    return Table(path, detected)


def _endings() -> str:
    return f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"


def _source(path: Path) -> SourceFile:
    return SourceFile(path, path.name, path.stat().st_size)


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Lines with their ends, out of pieces that end anywhere. A long line is put together only once."""
    parts: list[str] = []
    for piece in pieces:
        first, *rest = piece.split("\n")
        parts.append(first)
        for line in rest:
            yield "".join(parts) + "\n"
            parts = [line]
    if last := "".join(parts):
        yield last


# CSV and TSV.

Found = tuple[int, Mapping[str, str], str]


def _csv_rows(lines: Iterator[str], path: Path) -> Iterator[Found]:
    csv.field_size_limit(_LARGEST_FIELD)
    head = list(islice(lines, LOOKED_AT))
    before, form = layout(head, path.suffix.lower() == ".tsv")
    first = head[before] if before < len(head) else ""
    # Where most rows are ragged no form fits, and the header tells; without any delimiter it names the only column.
    header = max(",;\t|", key=first.count)
    delimiter = form.delimiter if form.width > 1 or header not in first else header
    # Strict, so that a quote that is never closed is told instead of swallowing the rest of the file.
    reader = csv.reader(chain(head[before:], lines), delimiter=delimiter, skipinitialspace=form.spaced, strict=True)
    columns = _columns(reader, path)
    while True:
        line = before + reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, {}, _csv_problem(error)
            continue
        if not fields:
            continue
        yield line, *_row_of(columns, fields)


def _columns(reader: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise BatchError(f"The first line of {path.name} names no columns ({error}); correct it there.") from None
    names: list[str] = []
    for number, name in enumerate(header, 1):
        name = name.strip() or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    if not any(name.strip() for name in header):
        raise BatchError(f"The first line of {path.name} names no columns; write their names there.")
    return names


def _row_of(columns: list[str], fields: list[str]) -> tuple[Mapping[str, str], str]:
    while len(fields) > len(columns) and not fields[-1].strip():
        fields = fields[:-1]  # a delimiter that ends the row
    if len(fields) == len(columns):
        return dict(zip(columns, fields, strict=True)), ""
    had = f"{len(fields):,} field{'' if len(fields) == 1 else 's'}"
    return {}, f"it has {had}, but the header names {len(columns):,} columns"


def _csv_problem(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "it begins a quote that is not closed before the end of the file"
    return f"it is not valid CSV ({error})"


# JSON lines.


def _json_rows(lines: Iterator[str], path: Path) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = _json_values(json.loads(line))
        except json.JSONDecodeError as error:
            yield number, {}, f"it is not valid JSON ({error.msg} at column {error.colno:,})"
        except RecursionError:
            yield number, {}, "it is nested too deeply"
        except ValueError:
            yield number, {}, "it has a number with too many digits"
        else:
            yield number, values or {}, "" if values is not None else "it is no JSON object, {…}"


def _json_values(value: Any) -> dict[str, str] | None:
    """The columns of a line's value, or None where it has none."""
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        return None
    return {key: _as_text(item) for key, item in value.items() if item is not None}  # null says that there is none


def _as_text(value: Any) -> str:
    """A value as it stands in a prompt: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
