"""Rows of delimited text (.csv, .tsv) as people write them (RFC 4180, and what strays from it).

The delimiter is the one that cuts the first rows alike; a quotation mark that opens nothing is read as text; a first
row that names no columns is a row like the others. What had to be guessed or mended is told.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from fmstudio.data.errors import Refused
from fmstudio.data.readers.delimited_records import LOOKED_AT, Form, Records, is_whole, sampled
from fmstudio.data.readers.source import SourceFile

_DELIMITERS = (",", ";", "\t", "|")
_NONE = "\x1f"  # a delimiter that no text has: each line is one field
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[\d.,:/ -]*\d[\d.,:/ %-]*$")
_BLANK = " ,;\t|\r\n"  # what a row without content is made of
_MOST_ABOVE = 50  # lines above a table
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "।")


def delimited_rows(lines: Iterator[str], source: SourceFile) -> Iterator[dict[str, str]]:
    """The rows by column name. Fields beyond the last column belong to it, as commas that were not quoted; but a row
    may end with a delimiter, and where all rows have one field more than there are names, they begin with their own."""
    csv.field_size_limit(1 << 28)
    lines = iter(lines)
    head = deque(islice(lines, LOOKED_AT))
    before, form = layout(list(head), is_tab=source.path.suffix.lower() == ".tsv")
    above = [line for line in (head.popleft() for _ in range(before)) if not _SEPARATOR_LINE.match(line)]
    if any(line.strip(_BLANK) for line in above):
        source.notes.append(f"lines above the table, which were left out: {len(above):,}")
    reader = Records(head, lines, form)
    first = next(reader, None)
    if first is None:
        return
    sample = reader.peek()
    names = column_names(first) if _is_header(first, sample, source.header) else []
    if not names:
        source.notes.append("its first row names no columns, so it was read as a row; its columns are told by number")
    columns = names or [f"column {number}" for number in range(1, len(first) + 1)]
    if names and reader.have_names(len(names)):
        columns = column_names(["", *first])
    longer = 0
    for fields in _all(first if not names else None, reader):
        while len(fields) > len(columns) and not fields[-1].strip():
            fields = fields[:-1]
        if len(fields) > len(columns):
            longer += 1
            last = len(columns) - 1
            fields = [*fields[:last], form.delimiter.join(fields[last:])]
        yield dict(zip(columns, fields, strict=False))
    if longer:
        source.notes.append(f"rows with more fields than columns, which were joined to the last column: {longer:,}")
    if reader.stray:
        source.notes.append(f"rows with a quotation mark that opens nothing, which was read as text: {reader.stray:,}")


def layout(head: Sequence[str], is_tab: bool) -> tuple[int, Form]:
    """How many of the first lines of a file stand before the first row of its table, and how its rows are written.

    head: `LOOKED_AT` lines or all. is_tab: whether the file's name promises tabs.
    """
    start = next((place for place, line in enumerate(head) if line.strip()), len(head))
    given = _SEPARATOR_LINE.match(head[start]) if start < len(head) else None
    start += given is not None
    start += _lines_above(head[start:])
    return start, _form(head[start:], given[1] if given else "", is_tab)


def _all(first: list[str] | None, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    if first is not None:
        yield first
    yield from reader


def _form(head: Sequence[str], given: str, is_tab: bool) -> Form:
    """The delimiter that cuts the rows as the first one, most of them and into most fields."""
    delimiters = [given] if given else ["\t"] if is_tab and head and "\t" in head[0] else list(_DELIMITERS)
    best, best_rank = Form(given or _NONE), (0.0, 0, False)
    for delimiter in delimiters:
        blank = re.compile(re.escape(delimiter) + ' +"')
        padded = [line.rstrip("\n") for line in head if blank.search(line)]
        for spaced in (False, True) if padded else (False,):
            form, alike, less = _tried(head, Form(delimiter, spaced=spaced))
            rank = (round(alike, 1), form.width, spaced and all(is_whole(line, delimiter) for line in padded))
            # Rows may have more fields than the first, by commas that were not quoted; in prose they have fewer too.
            if form.width > 1 and (alike >= 0.6 or less <= 0.2) and rank > best_rank:
                best, best_rank = form, rank
    return best


def _tried(head: Sequence[str], form: Form) -> tuple[Form, float, float]:
    """The form with the width of the first row; the shares of rows that are as wide, and that are narrower."""
    widths = [len(fields) for fields in sampled(head, form)]
    width = widths[0] if widths else 1
    total = max(1, len(widths))
    return (
        replace(form, width=width),
        sum(each == width for each in widths) / total,
        sum(each < width for each in widths) / total,
    )


def _lines_above(head: Sequence[str]) -> int:
    """How many lines stand above a table: comments and rows without content, or a block that a blank line ends."""
    count = next((place for place, line in enumerate(head) if not _is_comment(line)), 0)
    if not count:
        ends = [place for place, line in enumerate(head[:_MOST_ABOVE]) if not line.strip(_BLANK)]
        count = next((place for place in ends if _is_apart(head[:place], head[place:])), 0)
    while count and count < len(head) and not head[count].strip(_BLANK):
        count += 1
    form = _form(head[count:], "", is_tab=False)
    return count - _has_names_above(head[:count], head[count:], form) if form.width > 1 else 0


def _has_names_above(above: Sequence[str], below: Sequence[str], form: Form) -> bool:
    """Whether a number sign begins the names of the columns: "#id,text"."""
    if not above or not above[-1].startswith("#") or _tried([above[-1], *below], form)[0].width != form.width:
        return False
    first, *rows = sampled(below, form)
    return above[-1][1:2] != " " or not _is_header(first, rows, "automatic")


def _is_comment(line: str) -> bool:
    return line.startswith("#") or not line.strip(_BLANK)


def _is_apart(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether lines are no part of the table below them, whose rows are wider and all alike."""
    rows = [line for line in below if line.strip(_BLANK)]
    form, alike, _ = _tried(rows, _form(rows, "", is_tab=False))
    narrower = all(len(line.split(form.delimiter)) < form.width and line.count('"') % 2 == 0 for line in above)
    is_prose = form.delimiter == "," and any(", " in line for line in rows)
    return len(rows) > 2 and form.width > 2 and alike >= 0.9 and bool(above) and narrower and not is_prose


def _is_header(first: Sequence[str], rows: Sequence[Sequence[str]], wanted: str) -> bool:
    """Whether the first row names the columns: it has no numbers, no sentences, and nothing that later rows repeat."""
    if wanted != "automatic":
        return wanted == "first"
    if all(not field.strip() for field in first):
        raise Refused("its first line names no columns; write their names there")
    for place, field in enumerate(field.strip() for field in first):
        below = [row[place].strip() for row in rows if len(row) > place]
        if _NUMBER.match(field) and (not below or sum(bool(_NUMBER.match(each)) for each in below) > len(below) / 2):
            return False
        if len(field) > 60 or (len(field) > 25 and field.endswith(_SENTENCE_ENDS)):
            return False
        if field and len(below) > 3 and below.count(field) > len(below) / 10 and len(field) > 1:
            return False
    return True


def column_names(first: Sequence[str]) -> list[str]:
    """A name for each column, none twice: those given, with its number behind a name that comes again."""
    names: list[str] = []
    for number, field in enumerate(first, 1):
        name = field.strip() or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names
