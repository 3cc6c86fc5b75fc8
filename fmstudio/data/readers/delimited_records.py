"""The fields of each record of delimited text, however its quotation marks are used."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LOOKED_AT = 200
"""Lines by which it is told how a file is written."""
_BACKSLASHED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_MOST_LINES = 10_000  # of one field; a quotation mark that is open for longer opens nothing


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written. width: fields of a row. spaced: whether blanks beside delimiters belong to no field."""

    delimiter: str
    width: int = 1
    spaced: bool = False


class Records:
    """The fields of each record, which may go over several lines. `stray`: those with quotation marks out of place."""

    def __init__(self, head: deque[str], lines: Iterator[str], form: Form) -> None:
        self._waiting, self._lines, self._form = head, lines, form
        self.stray = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        while (line := self._next_line()) is not None:
            if line.strip():
                return self._record(self._tight(line.rstrip("\n")))
        raise StopIteration

    def peek(self) -> list[list[str]]:
        """The records within the lines that are waiting."""
        return sampled(list(self._waiting), self._form)

    def have_names(self, columns: int) -> bool:
        """Whether each row that is waiting begins with a name of its own, as R writes them: all have one field more
        than there are columns, and no delimiter that was not quoted can be the reason."""
        rows = self.peek()
        if not rows or any(len(row) != columns + 1 for row in rows) or len({row[0] for row in rows}) < len(rows):
            return False
        is_sure = self._form.delimiter == "\t" or all(line.startswith('"') for line in self._waiting if line.strip())
        return is_sure and any(row[-1].strip() for row in rows)

    def _next_line(self) -> str | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _record(self, line: str) -> list[str]:
        line, state = _read(line, self._form.delimiter)
        fields: list[str] | None = None
        if state == "closed":
            fields = _parsed(line, self._form)
        elif state == "bad":
            fields = _loose_fields(line, self._form.delimiter)
        elif state == "open":
            fields = self._over_lines(line)
        self.stray += state != "plain" and fields is None
        return line.split(self._form.delimiter) if fields is None else fields

    def _over_lines(self, line: str) -> list[str] | None:
        """The record that begins with a line whose last field stays open; None where it closes nowhere or wrongly."""
        taken: list[str] = []
        texts, state = [line], "open"
        while state == "open" and len(taken) < _MOST_LINES and (more := self._next_line()) is not None:
            taken.append(more)
            text, state = _read(self._tight(more.rstrip("\n"), is_open=True), self._form.delimiter, is_open=True)
            texts.append(text)
        if state == "closed" and not self._swallows(taken[:-1]):
            return _parsed("\n".join(texts), self._form)
        self._waiting.extendleft(reversed(taken))
        return None

    def _tight(self, line: str, is_open: bool = False) -> str:
        return _tightened(line, self._form.delimiter, is_open) if self._form.spaced else line

    def _swallows(self, inside: Sequence[str]) -> bool:
        """Whether the lines within a field are rows of their own."""
        form = self._form
        rows = [line.count(form.delimiter) == form.width - 1 for line in inside]
        if form.width < 2 or not rows:
            return False
        return any(rows) if form.delimiter == "\t" else len(rows) > 2 and all(rows)


def _read(line: str, delimiter: str, is_open: bool = False) -> tuple[str, str]:
    """A line with its state. Quotation marks behind a backslash are doubled where that makes sense of the line."""
    if '"' not in line:
        return line, "open" if is_open else "plain"
    state = _state(line, delimiter, is_open)
    if state != "closed" and '\\"' in line:
        doubled = _BACKSLASHED.sub(r'\1""', line)
        if (other := _state(doubled, delimiter, is_open)) != "bad":
            return doubled, other
    return line, state


def _state(line: str, delimiter: str, is_open: bool = False) -> str:
    """What a line leaves behind: its fields "closed", one "open", or "bad" where a quoted one goes on after its end."""
    place = 0
    while True:
        if not is_open:
            if not line.startswith('"', place):
                place = line.find(delimiter, place) + 1
                if not place:
                    return "closed"
                continue
            place += 1
        end = line.find('"', place)
        while end >= 0 and line.startswith('"', end + 1):
            end = line.find('"', end + 2)
        if end < 0:
            return "open"
        if end + 1 >= len(line):
            return "closed"
        if line[end + 1] != delimiter:
            return "bad"
        is_open, place = False, end + 2


def _tightened(line: str, delimiter: str, is_open: bool) -> str:
    """A line without the blanks before its fields and behind its quoted ones."""
    pieces: list[str] = []
    place = 0
    while True:
        if not is_open:
            place = _behind_blanks(line, place)
        if is_open or line.startswith('"', place):
            end = line.find('"', place + (not is_open))
            while end >= 0 and line.startswith('"', end + 1):
                end = line.find('"', end + 2)
            if end < 0:
                return "".join([*pieces, line[place:]])
            pieces.append(line[place : end + 1])
            place, is_open = _behind_blanks(line, end + 1), False
        end = line.find(delimiter, place) + 1
        pieces.append(line[place : end or len(line)])
        if not end:
            return "".join(pieces)
        place = end


def is_whole(line: str, delimiter: str) -> bool:
    """Whether all quotation marks of a line make sense once blanks before fields are no part of them."""
    return _state(_tightened(line, delimiter, False), delimiter) == "closed"


def _behind_blanks(line: str, place: int) -> int:
    while line.startswith(" ", place):
        place += 1
    return place


def _parsed(record: str, form: Form) -> list[str]:
    return next(csv.reader([record], delimiter=form.delimiter))


def _loose_fields(record: str, delimiter: str) -> list[str] | None:
    """The fields of a line; a quotation mark in a quoted one is text where no delimiter follows it."""
    fields: list[str] = []
    start = 0
    while True:
        if record.startswith('"', start):
            end = record.find('"', start + 1)
            while end >= 0 and record[end + 1 : end + 2] not in ("", delimiter):
                end = record.find('"', end + (2 if record[end + 1] == '"' else 1))
            if end < 0:
                return None
            fields.append(record[start + 1 : end].replace('""', '"'))
            end += 1
        else:
            end = record.find(delimiter, start)
            end = len(record) if end < 0 else end
            fields.append(record[start:end])
        if end >= len(record):
            return fields
        start = end + 1


def sampled(head: Sequence[str], form: Form) -> list[list[str]]:
    """The records within some lines; one that is cut off at their end is left out."""
    rows = list(Records(deque(head), iter(()), form))
    return rows[:-1] if len(rows) > 2 and len(head) == LOOKED_AT else rows
