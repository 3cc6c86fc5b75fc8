"""Finds tables in a text and the lines at their head, without which a row further down is bare numbers.

A table is a run of lines with cells: between tabs, as the readers write those of web pages and office documents, or
between bars, as Markdown has them. Blank cells at the end of a line need not be written.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_YEAR_OR_LABEL = re.compile(r"(19|20)\d\d|\D{0,3}\d{1,2}")
_FEWEST_ROWS = 3


@dataclass(frozen=True, slots=True)
class TableHead:
    """The table's place in the text, where its rows begin behind its head, and the names of its columns."""

    start: int
    rows: int
    end: int
    text: str


def table_heads(text: str) -> list[TableHead]:
    """The tables of a text that have a head, in their order."""
    if "\t" not in text and "|" not in text:
        return []
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    found = []
    for sign, group in groupby(lines, lambda line: _sign(line[1])):
        rows = list(group) if sign else []
        cells = [_cells(line, sign) for _, line in rows]
        if len(rows) > 1 and not _is_rule(rows[1][1]):
            widest = max(map(len, cells))
            start = next(place for place, row in enumerate(cells) if len(row) == widest)
            rows, cells = rows[start:], cells[start:]  # what stands above names no columns, or several at once
        if len(rows) >= _FEWEST_ROWS and (size := _head_size([line for _, line in rows], cells)):
            first, (last, line) = rows[0][0], rows[-1]
            # The rule below the names says nothing more.
            found.append(TableHead(first, rows[size][0], last + len(line), rows[0][1].strip()))
    return found


def table_at(tables: Sequence[TableHead], place: int) -> TableHead | None:
    """The table whose rows a place is among; None where it is in none, or still has the head to read."""
    number = bisect_right(tables, place, key=lambda table: table.rows) - 1
    return tables[number] if number >= 0 and place < tables[number].end else None


def _sign(line: str) -> str:
    """What stands between the cells of a line, or "" where it has none."""
    return "\t" if "\t" in line else "|" if _BAR.search(line) else ""


def _cells(line: str, sign: str) -> list[str]:
    if sign == "\t":
        return [cell.strip() for cell in line.rstrip("\t ").split("\t")]
    bare = line.strip().removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return [cell.strip() for cell in _BAR.split(bare)]


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line) is not None and "-" in line


def _head_size(rows: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """How many of the first lines are the head: up to a rule, or the first where it reads otherwise than the rest."""
    first, rest = cells[0], cells[1:]
    if len(list(filter(None, first))) < 2:
        return 0
    if _is_rule(rows[1]):
        return 2
    if len(set(first)) < len(first) or any(_is_figure(cell) for cell in first):
        return 0
    columns = zip_longest(*rest, fillvalue="")
    numbered = any(_mostly(any(map(str.isdigit, cell)) for cell in column if cell) for column in columns)
    told_apart = len(first) > 2 and not any(set(first) & set(row) - {""} for row in rest)
    return int(numbered or told_apart)


def _is_figure(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and not _YEAR_OR_LABEL.fullmatch(cell)


def _mostly(votes: Iterator[bool]) -> bool:
    counted = list(votes)
    return sum(counted) > len(counted) / 2
