"""Cuts a document into the passages that are found later: spans of its text with the headings that they stand under.

Everything is a pure function of the text. Sizes are tokens of the embedding model, so that no passage is longer than
what that model reads. A span is exact: text[start:end] is what is cited; where it begins among the rows of a table, the
table's head is read before it.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fmstudio.adapt.headings import heading_paths
from fmstudio.adapt.table_heads import TableHead, table_at, table_heads
from fmstudio.data.readers.structure import Heading
from fmstudio.recipe import RecipeError, setting

Count = Callable[[Sequence[str]], Sequence[int]]
"""Tokens of each text, without those that a model puts around them."""

_BREAK = re.compile(r"""(\n[ \t]*\n\s*)|(?<=[.!?…])(["')\]»”]*\s+)(?=["'(\[«“]?[A-Z0-9])|(\n)""")
_PARAGRAPH, _SENTENCE, _LINE, _WORD = 3, 2, 1, 0  # how good a place to cut is
_BATCH = 2048
_HEAD_SHARE = 3  # a table's head may take a third of each chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingOptions:
    """How documents are cut into chunks."""

    by: str = setting(
        "headings",
        "Where chunks begin: at every heading (a page in a PDF), where a paragraph ends, or after so many tokens.",
        choices={"headings": "Headings", "paragraphs": "Paragraphs", "tokens": "Tokens"},
        title="Cut at",
        simple=True,
    )
    size: int = setting(
        200,
        "The most tokens of a chunk, as the embedding model counts them.",
        minimum=16,
        maximum=8192,
        unit="tokens",
        simple=True,
    )
    overlap: int = setting(
        32,
        "Tokens at the end of a chunk that the next repeats, so that nothing is lost where a section had to be cut.",
        minimum=0,
        maximum=4096,
        unit="tokens",
        simple=True,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk: where it is in the text, its size in tokens, and the headings above it from the outermost in.

    lead: the head of the table that it begins within, which is read before it and counted with it.
    """

    start: int
    end: int
    tokens: int
    headings: tuple[str, ...]
    lead: str = ""

    def read_in(self, text: str) -> str:
        """What is embedded, found and shown of the document's text."""
        own = text[self.start : self.end]
        return f"{self.lead}\n{own}" if self.lead else own


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is never cut, with the quality of the place behind it."""

    start: int
    end: int
    tokens: int
    after: int


def check_options(options: ChunkingOptions, longest: int, model: str) -> None:
    """Raise RecipeError where chunks would be longer than the embedding model reads, or would repeat too much."""
    if options.size > longest:
        raise RecipeError(
            f"options.size is {options.size}, but {model} reads at most {longest} tokens of a chunk; choose at most "
            f"{longest}.", "options.size"
        )  # fmt: skip
    if options.overlap > options.size // 2:
        raise RecipeError(
            f"options.overlap is {options.overlap}, but it must be at most {options.size // 2}, half of a chunk.",
            "options.overlap",
        )


def cut_into_chunks(
    text: str, headings: Sequence[Heading], options: ChunkingOptions, count: Count, room: int
) -> Iterator[Span]:
    """The chunks of a text in their order, none longer than the options or `room` allow, in tokens."""
    limit = min(options.size, room)
    paths = heading_paths(headings)
    starts = [heading.start for heading in headings]
    tables = _headed(text, limit, count)
    heads: dict[TableHead | None, int] = dict(tables)
    for start, end, own in _sections(text, headings, paths, options.by):
        size = limit - max((tokens for table, tokens in tables if start <= table.start < end), default=0)
        pieces = _pieces(text, start, end, size, options.by == "tokens", count)
        spans = list(_packed(pieces, size, min(options.overlap, size // 2), prefer=options.by != "tokens"))
        for first, last, tokens in _fitted(text, spans, size, count):
            place = bisect_right(starts, first) - 1
            path = own if own is not None else paths[place] if place >= 0 else ()
            table = table_at([table for table, _ in tables], first)
            yield Span(first, last, tokens + heads.get(table, 0), path, table.text if table else "")


def _headed(text: str, limit: int, count: Count) -> list[tuple[TableHead, int]]:
    """The tables whose head can be read before each chunk of their rows, with the tokens that this takes."""
    found = table_heads(text)
    sizes = count([table.text for table in found]) if found else []
    return [(table, tokens) for table, tokens in zip(found, sizes, strict=True) if tokens <= limit // _HEAD_SHARE]


def _sections(
    text: str, headings: Sequence[Heading], paths: Sequence[tuple[str, ...]], by: str
) -> Iterator[tuple[int, int, tuple[str, ...] | None]]:
    """Parts that no chunk reaches over, each with its headings; None where these change inside."""
    if by != "headings":
        yield 0, len(text), None
        return
    start = 0
    path: tuple[str, ...] = ()
    for heading, next_path in zip(headings, paths, strict=True):
        # A heading with nothing of its own goes with what stands under it.
        if _has_words(text[start : heading.start], path):
            yield start, heading.start, path
            start = heading.start
        path = next_path
    yield start, len(text), path


def _has_words(section: str, path: tuple[str, ...]) -> bool:
    body = section.strip().lstrip("# \t")
    if path and body.startswith(path[-1]):
        body = body[len(path[-1]) :]
    return any(letter.isalnum() for letter in body)


def _pieces(text: str, start: int, end: int, limit: int, words: bool, count: Count) -> list[_Piece]:
    """Lines and sentences, or words, in order; one that is too long by itself is divided further."""
    spans = list(_words(text, start, end) if words else _lines(text, start, end))
    pieces: list[_Piece] = []
    for (first, last, after), tokens in zip(spans, _counted(text, spans, count), strict=True):
        if tokens <= limit:
            pieces.append(_Piece(first, last, tokens, after))
        elif not words:
            pieces += _pieces(text, first, last, limit, True, count)
        else:
            pieces += _halves(text, first, last, tokens, limit, count)
    return pieces


def _counted(text: str, spans: Sequence[tuple[int, int, int]], count: Count) -> Iterator[int]:
    for begin in range(0, len(spans), _BATCH):
        yield from count([text[first:last] for first, last, _ in spans[begin : begin + _BATCH]])


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Start, end and what follows of each line or sentence, without the white space around it."""
    first = start
    for found in _BREAK.finditer(text, start, end):
        after = _PARAGRAPH if found.group(1) else _SENTENCE if found.group(2) is not None else _LINE
        yield from _trimmed(text, first, found.end(), after)
        first = found.end()
    yield from _trimmed(text, first, end, _PARAGRAPH)


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    for found in re.compile(r"\S+").finditer(text, start, end):
        yield found.start(), found.end(), _WORD


def _trimmed(text: str, start: int, end: int, after: int) -> Iterator[tuple[int, int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip("\n\r")), start + len(piece.rstrip()), after


def _halves(text: str, start: int, end: int, tokens: int, limit: int, count: Count) -> list[_Piece]:
    """A word without end, such as encoded data, as pieces of letters."""
    if tokens <= limit or end - start < 2:
        return [_Piece(start, end, tokens, _WORD)]
    middle = (start + end) // 2
    first, second = count([text[start:middle], text[middle:end]])
    return _halves(text, start, middle, first, limit, count) + _halves(text, middle, end, second, limit, count)


def _packed(pieces: Sequence[_Piece], limit: int, overlap: int, prefer: bool) -> Iterator[tuple[int, int]]:
    """As many pieces as fit into each chunk; `prefer` gives some of that up for a better place to cut."""
    start = reached = 0
    while start < len(pieces):
        end, total = start, 0
        while end < len(pieces) and (end == start or total + pieces[end].tokens <= limit):
            total += pieces[end].tokens
            end += 1
        if prefer and end < len(pieces):
            end = _best_end(pieces, start, max(start, reached) + 1, end, limit)
        yield pieces[start].start, pieces[end - 1].end
        reached = end
        start = (
            end if end == len(pieces) else _overlapping(pieces, start, end, min(overlap, limit - pieces[end].tokens))
        )


def _best_end(pieces: Sequence[_Piece], start: int, first: int, end: int, limit: int) -> int:
    """The best place to cut of those that leave the chunk at least half full."""
    best, total = end, sum(piece.tokens for piece in pieces[start:end])
    for place in range(end, first - 1, -1):
        if place < end:
            total -= pieces[place].tokens
        if 2 * total < limit:
            break
        if pieces[place - 1].after > pieces[best - 1].after:
            best = place
    return best


def _overlapping(pieces: Sequence[_Piece], start: int, end: int, overlap: int) -> int:
    """Where the next chunk begins: as many whole pieces back as the overlap allows."""
    room = overlap
    while end - 1 > start and pieces[end - 1].tokens <= room:
        end -= 1
        room -= pieces[end].tokens
    return end


def _fitted(text: str, spans: Sequence[tuple[int, int]], limit: int, count: Count) -> Iterator[tuple[int, int, int]]:
    """The spans with their size. Not every tokenizer counts a text as the sum of its parts: what is over is halved."""
    counts = [*_counted(text, [(first, last, 0) for first, last in spans], count)]
    for (first, last), tokens in zip(spans, counts, strict=True):
        for piece in _halves(text, first, last, tokens, limit, count):
            yield piece.start, piece.end, piece.tokens
