"""The examples in the rows of a table, with the rows that cannot be used by what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fmstudio.data.errors import Refused
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.readers.tables import open_rows
from fmstudio.data.tuning.examples import Example
from fmstudio.data.tuning.shapes import Columns, ExampleOf, Row


@dataclass(slots=True)
class TableExamples:
    """What was found in a table so far. left_out: the numbers of rows, from 1, by the reason."""

    left_out: dict[str, list[int]] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    """The column of each part of an example."""
    names: tuple[str, ...] = ()
    """The columns of the row that was read last."""
    rows: int = 0
    encoding: str = ""

    @property
    def first_reason(self) -> str:
        """Why the first of the rows that were left out was."""
        reason = min(self.left_out, key=lambda reason: self.left_out[reason][0])
        return f"row {self.left_out[reason][0]:,}, {reason}"


def examples_in(
    source: SourceFile, columns: Columns, make: ExampleOf, found: TableExamples
) -> Iterator[tuple[Row, Example | None] | None]:
    """The rows with what `make` makes of each, none of one that is left out; None before the first is found."""
    rows, found.encoding = yield from open_rows(source, nested=True)
    for found.rows, row in enumerate(rows, 1):
        example = None
        try:
            if tuple(row) != found.names:
                found.names, found.taken = tuple(row), columns.taken(row)
            example = make(row, found.taken)
        except Refused as refusal:
            found.left_out.setdefault(str(refusal), []).append(found.rows)
        yield row, example
