"""A batch's results as a file for other programs: CSV for a spreadsheet, JSON lines with all that was kept."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fmstudio.adapt.batch_lines import Only, lines_of
from fmstudio.adapt.batch_rows import BatchError
from fmstudio.adapt.batch_store import BatchStore, parsed
from fmstudio.jobs import Artefact, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace, atomic_file, explained

Write = Callable[[Mapping[str, Any]], object]
_PAGE = 200
_FORMULA = tuple("=+-@＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")
_OWN = (
    "row", "line", "status", "output", "expected", "exact", "contains", "error", "tokens", "seed", "model", "prompt",
)  # fmt: skip


def export(context: JobContext, workspace: Workspace, batch: str, to: str, only: Only = "all") -> Job:
    """Write rows to a .csv or .jsonl file, whole or not at all; returns its path and how many rows it has."""
    target = Path(to).expanduser()
    store = BatchStore(workspace, batch)
    formats = {".csv": _csv_rows, ".jsonl": _json_lines}
    if target.suffix.lower() not in formats:
        raise BatchError(f"{target.name} ends in {target.suffix!r}; choose a name ending in .csv or .jsonl.")
    lines = lines_of(store)
    total = lines.count(only)
    with explained(target), _text_file(target) as file:
        write = formats[target.suffix.lower()](file, store)
        for start in range(0, total, _PAGE):
            yield Progress(start, total, "rows", f"Writing {target.name}")
            for number, line in lines.lines(only, start, _PAGE):
                write(parsed(line, number + 1, batch))
    yield Progress(total, total, "rows")
    yield Artefact("file", target.name, str(target))
    return {"path": str(target), "rows": total}


@contextmanager
def _text_file(target: Path) -> Iterator[IO[str]]:
    """A file that takes its name when all is written; whatever ends the writing early leaves what was there."""
    with atomic_file(target) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # writes what is left, and leaves the file open


def _csv_rows(file: IO[str], store: BatchStore) -> Write:
    """Columns: the variables by their names, the table's other columns, and what became of the row.

    A spreadsheet knows UTF-8 by its mark.
    """
    variables, others = list(store.request.mapping), store.request.other_columns
    taken = {*_OWN, *map(_free, variables)}
    file.write("\ufeff")
    rows = csv.writer(file)

    def line(cells: Iterable[str]) -> None:
        rows.writerow([_shown(cell) for cell in cells])

    def write(result: Mapping[str, Any]) -> None:
        values, beside = result.get("variables", {}), result.get("columns", {})
        line([*(values.get(name, "") for name in variables), *(beside.get(name, "") for name in others),
              *(_plain(result.get(name)) for name in _OWN)])  # fmt: skip

    line([*map(_free, variables), *(f"{name} (column)" if name in taken else name for name in others), *_OWN])

    return write


def _json_lines(file: IO[str], store: BatchStore) -> Write:
    return lambda result: file.write(json.dumps(result, ensure_ascii=False) + "\n")


def _free(variable: str) -> str:
    """A column's name that is not one of the batch's own."""
    return f"{variable} (variable)" if variable in _OWN else variable


def _shown(cell: str) -> str:
    """What a spreadsheet shows as it is: one that begins like a formula would be computed, and could do harm.

    The apostrophe is how spreadsheets mark text; numbers need none.
    """
    return f"'{cell}" if cell.lstrip()[:1] in _FORMULA and cell.strip() and not _NUMBER.fullmatch(cell) else cell


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
