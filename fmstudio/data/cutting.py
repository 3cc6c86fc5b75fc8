"""Cuts long texts into documents at the best break near a wished length, as they stream by.

A split by document and a search for near duplicates need documents in the plural: one file of a gigabyte is none.
Where a cut falls depends on the text alone, never on the pieces it happened to arrive in.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fmstudio.data.documents import Document

# No document is longer: it must fit into memory several times over while it is cleaned and tokenised.
LONGEST = 16_000_000

_HEADING = re.compile(
    r"(?:#{1,4} \S|(?:chapter|act|scene|book|part|canto|section|letter|volume)\s+(?:\d+|[ivxlc]+)\b).{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING_LINE = re.compile(r"\n(?=[ \t]*" + _HEADING.pattern + ")", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a text becomes documents.

    whole: texts of up to so many characters stay whole. length: longer ones are cut near so many characters.
    separator: when given, a line that says just this ends a document, and nothing else does.
    rows: whether the rows of tables are cut too, each of which is one document otherwise.
    """

    whole: int = LONGEST
    length: int = LONGEST
    separator: str = ""
    rows: bool = False

    @property
    def sentence(self) -> str:
        """What is done, for a person."""
        if self.separator:
            return f"A line {self.separator!r} ends a document."
        if self.length >= LONGEST:
            return "Each file is one document."
        return (
            f"Texts of up to {self.whole:,} characters are one document each; longer ones are cut near "
            f"{self.length:,} characters, at a heading or a blank line where there is one."
        )


def documents_from(
    chunks: Iterable[str | None], cutting: Cutting, *, title: str, source: str, encoding: str = "utf-8"
) -> Iterator[Document | None]:
    """Documents out of a text that arrives in chunks; None passes through and means: nothing yet, still working."""
    pending: str | None = None
    number = 0
    for text in cut(chunks, cutting):
        if text is None:
            yield None
            continue
        text = text.strip("\n").rstrip()
        if not text.strip():
            continue
        if pending is not None:
            number += 1
            yield Document(pending, _part_title(title, pending, number), source, encoding)
        pending = text
    if pending is not None:
        name = _part_title(title, pending, number + 1) if number else title
        yield Document(pending, name, source, encoding)


def _part_title(title: str, text: str, number: int) -> str:
    first_line = text.lstrip().partition("\n")[0].strip()
    part = first_line.lstrip("# ") if _HEADING.match(first_line) else f"part {number}"
    return f"{title} · {part}"


def cut(chunks: Iterable[str | None], cutting: Cutting) -> Iterator[str | None]:
    """The texts of the documents, in order."""
    if cutting.separator:
        return _at_separator(chunks, cutting.separator)
    return _at_breaks(chunks, cutting.whole, cutting.length)


def _at_breaks(chunks: Iterable[str | None], whole: int, length: int) -> Iterator[str | None]:
    parts: list[str] = []
    size, limit, cutting = 0, max(whole, 2 * length), False
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            text, start, limit, cutting = "".join(parts), 0, 2 * length, True
            while len(text) - start > limit:
                end = _break(text, start, length)
                yield text[start:end]
                start = end
            parts, size = [text[start:]], len(text) - start
    yield from _rest("".join(parts), whole=0 if cutting else whole, length=length)


def _rest(text: str, whole: int, length: int) -> Iterator[str]:
    """The end of a text, halved where it is still too long for one document."""
    if len(text) > max(whole, length * 3 // 2):
        end = _break(text, 0, len(text) // 2)
        yield text[:end]
        text = text[end:]
    yield text


def _break(text: str, start: int, length: int) -> int:
    """The best place to cut within half a length of `start + length`: the strongest kind of break, then the nearest."""
    low, wished, high = start + length // 2, start + length, start + length * 3 // 2
    headings = [found.end() for found in _HEADING_LINE.finditer(text, low, high)]
    if headings:
        return min(headings, key=lambda place: abs(place - wished))
    for mark in ("\n\n", "\n", ". ", " "):
        before, after = text.rfind(mark, low, wished), text.find(mark, wished, high)
        places = [place + len(mark) for place in (before, after) if place >= 0]
        if places:
            return min(places, key=lambda place: abs(place - wished))
    return wished


def _at_separator(chunks: Iterable[str | None], separator: str) -> Iterator[str | None]:
    line = re.compile(rf"^{re.escape(separator)}[ \t]*\n", re.MULTILINE)
    kept = ""
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        *texts, kept = line.split(kept + chunk)
        yield from texts
        while len(kept) > LONGEST:
            yield kept[:LONGEST]
            kept = kept[LONGEST:]
    yield from line.split(kept + "\n")
