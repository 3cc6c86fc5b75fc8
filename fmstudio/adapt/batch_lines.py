"""Finds any line of a batch's results without reading those before it, also while lines are being added."""

import re
from array import array
from collections import OrderedDict
from pathlib import Path
from typing import IO, Literal

from fmstudio.adapt.batch_store import BatchStore
from fmstudio.workspace import explained

Only = Literal["all", "failed", "wrong"]
"""All rows; those without an answer; those whose answer is not the expected one."""

_BLOCK = 1 << 22
_HEAD = re.compile(rb'\{"row": \d+, "line": \d+, "status": "(\w+)"(, "exact": false)?')
_KEPT = 4
_known: OrderedDict[Path, "ResultLines"] = OrderedDict()


class ResultLines:
    """Where each line begins, and which of them failed or are wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    def _forget(self) -> None:
        self._identity = -1
        self._starts = array("q", [0])
        self._picked: dict[str, array[int]] = {"failed": array("q"), "wrong": array("q")}

    def refresh(self) -> None:
        """Take in what has been added since; a file that is shorter than it was, or another, is read anew."""
        about = self._path.stat() if self._path.exists() else None
        size, identity = (about.st_size, about.st_ino) if about else (0, -1)
        if size < self._starts[-1] or identity != self._identity:
            self._forget()
        self._identity = identity
        if not size:
            return
        with explained(self._path), self._path.open("rb") as file:
            file.seek(self._starts[-1])
            kept = b""
            while block := file.read(_BLOCK):
                *lines, kept = (kept + block).split(b"\n")
                for line in lines:
                    self._add(line)

    def _add(self, line: bytes) -> None:
        number = len(self._starts) - 1
        self._starts.append(self._starts[-1] + len(line) + 1)
        head = _HEAD.match(line)
        if head is None or head[1] != b"done":
            self._picked["failed"].append(number)
        elif head[2]:
            self._picked["wrong"].append(number)

    def count(self, only: Only) -> int:
        """How many lines there are of a kind."""
        return len(self._starts) - 1 if only == "all" else len(self._picked[only])

    def lines(self, only: Only, start: int, count: int) -> list[tuple[int, bytes]]:
        """Some lines of a kind, each with its number from 0."""
        total = self.count(only)
        places = range(max(0, start), min(total, start + count))
        numbers = list(places) if only == "all" else [self._picked[only][place] for place in places]
        with explained(self._path), self._path.open("rb") as file:
            return [(number, self._read(file, number)) for number in numbers]

    def _read(self, file: IO[bytes], number: int) -> bytes:
        file.seek(self._starts[number])
        return file.read(self._starts[number + 1] - self._starts[number])


def lines_of(store: BatchStore) -> ResultLines:
    """The lines of a batch up to this moment; those of the latest few batches are remembered."""
    lines = _known.pop(store.results_path, None) or ResultLines(store.results_path)
    lines.refresh()
    _known[store.results_path] = lines
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    return lines
