"""Reads the columns of a page one after the other where its file writes them row by row, across the space between.

What a page says is left in the order in which it was written unless all speaks for columns of running text: a left edge
that many lines share and no line crosses, lines that run on to the next on both sides of it, and an order that goes to
and fro between the sides. So one column, tables, titles across the page, and columns that were written one after the
other stay as they are.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median

import pypdf

from fmstudio.data.readers.page_pieces import Piece, pieces_of

_TO_THE_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_EDGES = 8  # left edges that are tried, the most frequent ones
_FEWEST_LINES = 4  # on each side
_FEWEST_WORDS = 3.0  # in a line, on average
_FEWEST_LETTERS = 10.0
_FULL = 0.6  # the share of its column that a line has at the median
_RUN_ON, _RUN_ON_AT_LEAST = 0.4, 0.25  # the share of lines that run on to the next: of both sides, and of either
_APART = 2.0  # of the usual distance between lines; a title or a page's number stands farther away than that
_BREAK = 1.25
_SPACE = 0.5  # of a line's height
_WORDS_APART = 3  # spaces on a row from which on words stand for themselves
_TRIMMED = 2  # lines that may stand apart above and below
_ENDS = tuple(".!?…:;。！？")
_HYPHENS = ("-", "\u2010", "\u00ad")
_ERROR = 0.12  # by how much a piece may be narrower than it seems, as a share of its width


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands on one line of one column."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return " ".join("".join(piece.text for piece in self.pieces).split())

    @property
    def width(self) -> float:
        return max(piece.right for piece in self.pieces) - self.pieces[0].left

    @property
    def baseline(self) -> float:
        return self.pieces[0].baseline


def text_of(page: pypdf.PageObject) -> tuple[str, bool]:
    """A page's text, and whether its columns had to be taken apart."""
    pieces = pieces_of(page)
    text = "".join(piece.text for piece in pieces)
    if _TO_THE_LEFT.search(text):  # of these scripts pypdf orders the letters of a whole line
        return page.extract_text(), False
    ordered = _ordered(_with_spaces(pieces))
    return ("\n".join(ordered), True) if ordered else (text, False)


def _with_spaces(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces that show something, each with the spaces behind it that were pieces of their own."""
    shown: list[Piece] = []
    for piece in pieces:
        if piece.text.strip():
            shown.append(piece)
        elif shown:
            shown[-1] = replace(shown[-1], text=shown[-1].text + piece.text)
    return shown


def _ordered(pieces: Sequence[Piece]) -> list[str]:
    """The lines of a page or of a column, its columns one after the other; none where nothing is to be changed."""
    found = _columns(pieces)
    if not found:
        return []
    inside = {id(piece) for side in found for piece in side}
    first = next(place for place, piece in enumerate(pieces) if id(piece) in inside)
    after = [piece for piece in pieces[first:] if id(piece) not in inside]
    parts = (pieces[:first], *found, after)
    return [line for part in parts for line in _ordered(part) or _as_written(part)]


def _as_written(pieces: Sequence[Piece]) -> Iterator[str]:
    """Lines in the order in which they were written; a new one begins where the baseline changes."""
    line: list[Piece] = []
    for piece in pieces:
        if line and abs(piece.baseline - line[-1].baseline) > 0.8 * min(piece.height, line[-1].height):
            yield _Line(tuple(line)).text
            line = []
        line.append(piece)
    if line:
        yield _Line(tuple(line)).text


def _columns(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]] | None:
    """The pieces of the largest two columns that go to and fro, each in the order in which they were written."""
    level = [piece for piece in pieces if piece.upright]
    rows = _rows(level)
    found: list[tuple[list[Piece], list[Piece]]] = []
    for edge in _edges(level):
        for block in _blocks(rows, edge):
            inside = {id(piece) for row in block for piece in row}
            columns = [piece for piece in level if id(piece) in inside]
            sides = (
                [piece for piece in columns if piece.left < edge],
                [piece for piece in columns if piece.left >= edge],
            )
            if _is_to_and_fro(columns, block, edge):
                found.append(sides)
    return max(found, key=lambda sides: len(sides[0]) + len(sides[1]), default=None)


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces by their baselines from the top, each row from the left."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -piece.baseline):
        if not rows or rows[-1][0].baseline - piece.baseline > 0.5 * piece.height:
            rows.append([])
        rows[-1].append(piece)
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def _edges(pieces: Sequence[Piece]) -> list[float]:
    """A little left of where many pieces begin."""
    begins = Counter(round(piece.left) for piece in pieces)
    often = [edge for edge, count in begins.most_common() if count >= _FEWEST_LINES]
    leftmost = min(begins, default=0)
    return [edge - 1.5 for edge in often if edge > leftmost + 2][:_EDGES]


def _blocks(rows: Sequence[list[Piece]], edge: float) -> Iterator[list[list[Piece]]]:
    """Runs of rows in which nothing crosses the edge, without what stands apart above and below."""
    block: list[list[Piece]] = []
    for row in (*rows, None):
        if row is None or _crosses(row, edge):
            if len(block) >= _FEWEST_LINES:
                yield _trimmed(block)
            block = []
        else:
            block.append(row)


def _crosses(row: Sequence[Piece], edge: float) -> bool:
    """Whether something on a row goes across the edge, or so near to it that there is no space between columns."""
    before = [piece for piece in row if piece.left < edge]
    if not before:
        return False
    last = max(before, key=lambda piece: piece.right)
    following = [piece.left for piece in row if piece.left >= edge]
    least = min([last.right, *following]) - _ERROR * (last.right - last.left)
    return least > (edge - 0.3 * last.height if following else edge)


def _trimmed(block: list[list[Piece]]) -> list[list[Piece]]:
    steps = [above[0].baseline - below[0].baseline for above, below in pairwise(block)]
    far = _APART * median(steps)
    start, end = 0, len(block)
    for place in range(min(_TRIMMED, len(steps))):
        if steps[place] > far:
            start = place + 1
        if steps[-place - 1] > far:
            end = len(block) - place - 1
    return block[start:end]


def _is_to_and_fro(columns: Sequence[Piece], block: Sequence[list[Piece]], edge: float) -> bool:
    """Whether a block is two columns of running text, and was written across them."""
    halves = [[_Line(tuple(half)) for row in block if (half := [piece for piece in row if (piece.left < edge) == left])]
              for left in (True, False)]  # fmt: skip
    fewest = min(len(half) for half in halves)
    if fewest < _FEWEST_LINES or not all(_is_text(half) for half in halves) or not _has_space(block, edge):
        return False
    changes = sum((one.left < edge) != (other.left < edge) for one, other in pairwise(columns))
    runs = [[_runs_on(above, below) for above, below in pairwise(half)] for half in halves]
    all_run = fmean(one for half in runs for one in half)
    least_run = min(fmean(half) for half in runs)
    run_on = all_run >= _RUN_ON and least_run >= _RUN_ON_AT_LEAST
    return changes >= fewest and run_on and not _is_table(halves, runs)


def _has_space(block: Sequence[list[Piece]], edge: float) -> bool:
    """Whether the space before the edge is wider than that between the words, where each word is a piece."""
    gaps: tuple[list[float], list[float]] = [], []
    for row in block:
        for piece, following in pairwise(row):
            gaps[piece.left < edge <= following.left].append(following.left - piece.right)
    usual, across = gaps
    return (
        not across
        or len(usual) < _WORDS_APART * len(block)
        or median(across) > median(usual) + _SPACE * block[0][0].height
    )


def _is_text(lines: Sequence[_Line]) -> bool:
    """Whether lines have as many words as those of a text, and most fill their column."""
    texts = [line.text for line in lines]
    widest = max(line.width for line in lines)
    wide = any(letter > "\u2e80" for text in texts for letter in text)
    return (
        (wide or fmean(len(text.split()) for text in texts) >= _FEWEST_WORDS)
        and fmean(sum(map(str.isalpha, text)) for text in texts) >= _FEWEST_LETTERS
        and median(line.width for line in lines) >= _FULL * widest
    )


def _runs_on(above: _Line, below: _Line) -> bool:
    """Whether a sentence seems to go on from a line to the next."""
    if above.text.endswith(_HYPHENS):
        return True
    first = next((letter for letter in below.text if letter.isalnum()), "")
    if first.isalpha() and first.lower() == first.upper():  # a script without capitals
        return not above.text.endswith(_ENDS)
    return first.islower()


def _is_table(halves: Sequence[Sequence[_Line]], runs: Sequence[Sequence[bool]]) -> bool:
    """Whether wherever a side pauses, both begin something new on the same line: cells whose text fills several lines.

    runs: of each side, whether each line but the last runs on to the next.
    """
    begins: list[set[int]] = [set(), set()]  # where something begins after a pause
    for place, half in enumerate(halves):
        steps = [above.baseline - below.baseline for above, below in pairwise(half)]
        usual = median(steps)
        begins[place] = {number + 1 for number, step in enumerate(steps) if step > _BREAK * usual}
    shared = pauses = 0
    for place, half in enumerate(halves):
        other, other_runs = halves[1 - place], runs[1 - place]
        for number in begins[place]:
            pauses += 1
            beside = next((index for index, line in enumerate(other) if _is_level(line, half[number])), None)
            if beside is None or runs[place][number - 1] or (beside and other_runs[beside - 1]):
                return False
            shared += beside in begins[1 - place]
    return pauses >= 2 or shared > 0


def _is_level(one: _Line, other: _Line) -> bool:
    return abs(one.baseline - other.baseline) < 0.5 * one.pieces[0].height
