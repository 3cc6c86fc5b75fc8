"""What an import would take of a table: its columns with their first values, and the one that holds the text."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fmstudio.data.errors import DataError, Refused
from fmstudio.data.intake import guarded
from fmstudio.data.readers import registry, tables
from fmstudio.data.readers.json_rows import text_of
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.sources import find
from fmstudio.data.text_intake import TextImportOptions
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.recipe import build

_VALUES = 3  # of each column that are shown
_LONGEST = 80  # characters of a value


def columns(context: JobContext, source: str, options: Mapping[str, Any] | None = None) -> Generator[Event, None, None]:
    """Show the columns of a table before it is imported. source: a table, or a folder of which the first is shown.

    Yields a Sample "columns": file (its name, "" where there is no table), columns (name and the first values of each),
    column (the one that an import takes, "" where it finds none), problem (why it finds none).
    """
    chosen: TextImportOptions = build(TextImportOptions, options or {}, "options.")
    path = first_table(Path(source).expanduser())
    if path is None:
        yield Sample("columns", "columns", {"file": "", "columns": [], "column": "", "problem": ""})
        return
    file = SourceFile(path, path.name, path.stat().st_size, encoding=chosen.encoding, header=chosen.header)
    found: list[tuple[list[str], list[tables.Row]]] = []
    try:
        for _ in guarded(_begin(file, found)):
            yield Progress(file.done, file.size, "bytes", "Reading")
    except Refused as refusal:
        raise DataError(f"{path.name} cannot be read: {refusal}.") from None
    names, rows = found[0]
    column, problem = _choose(chosen.column, names, rows)
    shown = [{"name": name, "values": first_values(rows, name)} for name in names]
    yield Sample("columns", "columns", {"file": path.name, "columns": shown, "column": column, "problem": problem})


def first_table(path: Path) -> Path | None:
    """A table, or the first in a folder, where there is one."""
    files = find([str(path)], lambda file: file.suffix.lower() in registry.TABLES)
    return next((file.path for file in files if not file.reason and file.path.suffix.lower() in registry.TABLES), None)


def _begin(file: SourceFile, found: list[tuple[list[str], list[tables.Row]]]) -> Iterator[None]:
    found.append((yield from tables.beginning(file)))


def _choose(wanted: str, names: list[str], rows: list[tables.Row]) -> tuple[str, str]:
    try:
        return tables.choose_column(wanted, names, rows), ""
    except Refused as refusal:
        return "", f"{str(refusal)[:1].upper()}{str(refusal)[1:]}."


def first_values(rows: Sequence[tables.Row], name: str) -> list[str]:
    """The first values of a column that say something, each in one line."""
    texts = (" ".join(text_of(row.get(name)).split()) for row in rows)
    said = dict.fromkeys(text for text in texts if text)
    return [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in list(said)[:_VALUES]]
