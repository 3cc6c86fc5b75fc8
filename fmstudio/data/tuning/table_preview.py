"""What an import would make of a table of examples: of which kind it is, its first rows, and what would be left out."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from fmstudio.data.errors import DataError, Refused
from fmstudio.data.intake import guarded
from fmstudio.data.kinds import INSTRUCTIONS, PREFERENCES
from fmstudio.data.pacing import Pace
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.table_preview import first_table, first_values
from fmstudio.data.tuning.examples import readable
from fmstudio.data.tuning.intake import COUNTED, ExampleImportOptions, left_out_note
from fmstudio.data.tuning.rows import TableExamples, examples_in
from fmstudio.data.tuning.shapes import PARTS, Columns, Row, example_of
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.recipe import build

LOOKED_AT, MOST_BYTES = 2_000, 32_000_000
"""Rows of a table that are looked at, and bytes, before it is imported."""

_TOLD_BY = 50  # rows
_SHOWN, _LONGEST = 3, 2_000
_NAMED = 40  # columns


def preview(
    context: JobContext, source: str, kind: str = "", options: Mapping[str, Any] | None = None
) -> Generator[Event, None, None]:
    """Show what an import would make of a table, or of the first in a folder, as Sample "examples".

    kind: the kind that is wanted; without one it is told from the first rows, and where they are no examples nothing
    else is told. The sample: file ("" where there is no table), kind, columns (name and first values of each), parts
    (name, title, help and the column that was taken for it, or ""), counts, first (examples to read, cut), left_out
    (a sentence for each reason, with the rows), rows (how many were looked at) and complete (whether that is all).
    """
    path = first_table(Path(source).expanduser())
    if path is None:
        yield _told(kind="")
        return
    rest = dict(options or {})
    columns: Columns = build(Columns, rest.pop("columns", {}), "options.columns.")
    chosen: ExampleImportOptions = build(ExampleImportOptions, rest, "options.")

    def opened() -> SourceFile:
        return SourceFile(path, path.name, path.stat().st_size, encoding=chosen.encoding, header=chosen.header)

    try:
        kind = kind or (yield from _kind_of(opened))
        if kind:
            yield from _look(context, opened(), kind, columns)
        else:
            yield _told(kind="", file=path.name)
    except Refused as refusal:
        raise DataError(f"{path.name} cannot be read: {refusal}.") from None


def _kind_of(opened: Callable[[], SourceFile]) -> Generator[Event, None, str]:
    """The kind that at least half of the first rows are examples of, or ""."""
    for kind in (PREFERENCES, INSTRUCTIONS):
        table, source, good = TableExamples(), opened(), 0
        for found in guarded(examples_in(source, Columns(), example_of(kind), table)):
            good += bool(found and found[1])
            if table.rows >= _TOLD_BY:
                break
            yield Progress(source.done, source.size, "bytes", f"Reading {source.name}")
        if table.rows and 2 * good >= table.rows:
            return kind
    return ""


def _look(context: JobContext, source: SourceFile, kind: str, columns: Columns) -> Generator[Event, None, None]:
    table, pace = TableExamples(), Pace()
    rows: list[Row] = []
    first: list[str] = []
    counts: Counter[str] = Counter()
    complete = True
    for found in guarded(examples_in(source, columns, example_of(kind), table)):
        if pace.due():
            yield Progress(source.done, source.size, "bytes", f"Reading {source.name}")
            if context.stopping:
                return
        if found is None:
            continue
        row, example = found
        if len(rows) < _TOLD_BY:
            rows.append(row)
        if example is not None:
            counts[COUNTED[type(example)]] += 1
            if len(first) < _SHOWN:
                first.append(_cut(readable(example)))
        if table.rows >= LOOKED_AT or source.done > MOST_BYTES:
            complete = False
            break
    names = list(dict.fromkeys(name for row in rows for name in row))[:_NAMED]
    about = {each.name: each.metadata for each in fields(Columns)}
    yield _told(
        kind=kind, file=source.name, columns=[{"name": name, "values": first_values(rows, name)} for name in names],
        parts=[
            {"name": part, "title": about[part]["title"], "help": about[part]["help"],
             "column": table.taken.get(part, "")} for part in PARTS[kind]
        ],
        counts=dict(counts), first=first,
        left_out=[*source.notes, *(left_out_note(reason, numbers) for reason, numbers in table.left_out.items())],
        rows=table.rows, complete=complete,
    )  # fmt: skip


def _told(**known: Any) -> Sample:
    nothing: dict[str, Any] = {
        "file": "", "columns": [], "parts": [], "counts": {}, "first": [], "left_out": [], "rows": 0, "complete": True,
    }  # fmt: skip
    return Sample("examples", "examples", nothing | known)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
