"""Tables of web pages and office documents as text: a line for each row, with tabs between its cells.

A cell may go over several columns and rows, and hold several paragraphs. Columns stay in line all the same: what a cell
goes over is blank, and a table of data, whose cells are short, has a row on one line whatever stands in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_LONGEST = 1_000  # letters of a cell; longer ones are parts of a page that a table puts beside each other
_WIDEST = 100  # columns that a cell may go over


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, and how many columns and rows it goes over."""

    text: str
    columns: int = 1
    rows: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The lines of a table's rows."""
    cells = [cell for row in rows for cell in row]
    if len(rows) > 1 and len(cells) > len(rows) and all(len(cell.text) <= _LONGEST for cell in cells):
        rows = [[Cell(" ".join(cell.text.split()), cell.columns, cell.rows) for cell in row] for row in rows]
    return ["\t".join(row).rstrip("\t ") for row in _in_columns(rows)]


def _in_columns(rows: Iterable[Sequence[Cell]]) -> Iterator[list[str]]:
    below: dict[int, int] = {}  # rows that the cells above still go over, by column
    for row in rows:
        texts: list[str] = []
        after: dict[int, int] = {}
        for cell in row:
            while below.get(len(texts)):
                texts.append("")
            for place in range(min(max(cell.columns, 1), _WIDEST)):
                after[len(texts)] = cell.rows - 1
                texts.append("" if place else cell.text)
        yield texts
        below = {place: left - 1 for place, left in below.items() if left > 1 and place not in after} | after
