"""Tables (.csv, .tsv, .jsonl, .json, .parquet): each row is a document, its text in one column."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from fmstudio.data.documents import Document
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.encoding import decoded, detect
from fmstudio.data.readers.source import Reading, SourceFile, Steps

_SAMPLE = 100
_TEXT_NAMES = ("text", "content", "body", "document", "article", "passage", "story", "sentence", "output", "response")
_TITLE_NAMES = ("title", "name", "headline", "subject", "id")
Row = Mapping[str, Any]


def read(source: SourceFile) -> Reading:
    """The rows' texts. A table without the wanted column, or without any that looks like text, is refused."""
    rows, encoding = yield from open_rows(source)
    yield from _from_rows(rows, source, encoding)


def open_rows(source: SourceFile) -> Steps[tuple[Iterator[Row], str]]:
    """The rows of a table by column name, and the encoding that it was found in."""
    if source.size == 0:
        raise Refused("it is empty")
    ending = source.path.suffix.lower()
    if ending == ".parquet":
        return _parquet_rows(source), "utf-8"
    if ending == ".json":
        whole.check(source)
    detected = yield from detect(source)
    text = decoded(source, detected)
    match ending:
        case ".json":
            return _json_rows("".join(text)), detected.encoding
        case ".jsonl" | ".ndjson":
            return _json_line_rows(_lines(text), source), detected.encoding
    return _csv_rows(_lines(text), source), detected.encoding


def _from_rows(rows: Iterator[Row], source: SourceFile, encoding: str) -> Reading:
    sample = list(islice(rows, _SAMPLE))
    columns = list(dict.fromkeys(name for row in sample for name in row))
    column = choose_column(source.column, columns, sample)
    title_column = next((name for name in columns if name.lower() in _TITLE_NAMES and name != column), "")
    blank = 0
    for number, row in enumerate(chain(sample, rows), 1):
        text = row.get(column)
        if not isinstance(text, str) or not text.strip():
            blank += 1
            yield None
            continue
        title = row.get(title_column) if title_column else None
        named = f"{source.title} · {title}" if title not in (None, "") else f"{source.title} · row {number:,}"
        yield Document(text.replace("\r\n", "\n").strip("\n"), named[:200], source.name, encoding)
    if blank:
        source.notes.append(f"rows left out because they have no text in column {column!r}: {blank:,}")


def choose_column(wanted: str, columns: Sequence[str], sample: Sequence[Row]) -> str:
    """The column that holds the text: the wanted one, else one of a usual name, else the one with the longest texts."""
    names = ", ".join(columns) or "none"
    if wanted:
        found = [name for name in columns if name == wanted] or [n for n in columns if n.lower() == wanted.lower()]
        if not found:
            raise Refused(f"it has no column {wanted!r}; its columns are: {names}")
        return found[0]
    lengths = {name: _mean_length(row.get(name) for row in sample) for name in columns}
    for usual in _TEXT_NAMES:
        for name in columns:
            if name.lower() == usual and lengths[name] > 0:
                return name
    best = max(columns, key=lambda name: lengths[name], default="")
    # Shorter than this are keys, dates and labels.
    if not best or lengths[best] < 20:
        raise Refused(f"no column looks like text; choose one of its columns: {names}")
    return best


def _mean_length(values: Iterable[Any]) -> float:
    lengths = [len(value) for value in values if isinstance(value, str)]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, out of pieces that end anywhere."""
    kept = ""
    for chunk in chunks:
        *lines, kept = (kept + chunk).split("\n")
        for line in lines:
            yield line + "\n"
    if kept:
        yield kept


def _csv_rows(lines: Iterator[str], source: SourceFile) -> Iterator[Row]:
    csv.field_size_limit(1 << 28)
    head = list(islice(lines, 20))
    header = head[0] if head else ""
    delimiter = "\t" if source.path.suffix.lower() == ".tsv" else max(",;\t|", key=header.count)
    yield from csv.DictReader(chain(head, lines), delimiter=delimiter, restkey="(further columns)")


def _json_rows(text: str) -> Iterator[Row]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"it is not valid JSON ({error})") from error
    if isinstance(value, dict):
        value = next((item for item in value.values() if isinstance(item, list)), [value])
    if not isinstance(value, list):
        raise Refused("it holds no list of rows")
    return (row for item in value if (row := _as_row(item)) is not None)


def _json_line_rows(lines: Iterator[str], source: SourceFile) -> Iterator[Row]:
    bad = good = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            row = _as_row(json.loads(line))
        except ValueError:
            row = None
        if row is None:
            bad += 1
            if bad >= 10 and bad > good:
                raise Refused("its lines are not JSON objects")
            continue
        good += 1
        yield row
    if not good:
        raise Refused("its lines are not JSON objects")
    if bad:
        source.notes.append(f"lines left out because they are not JSON objects: {bad:,}")


def _as_row(value: Any) -> Row | None:
    if isinstance(value, str):
        return {"text": value}
    return value if isinstance(value, dict) else None


def _parquet_rows(source: SourceFile) -> Iterator[Row]:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(source.path)
    except arrow.ArrowInvalid as error:
        raise Refused(f"it is not a Parquet table, or damaged ({error})") from error
    with file:
        names = [field.name for field in file.schema_arrow if _is_text(field.type)]
        if source.column and source.column not in names:
            raise Refused(
                f"it has no text column {source.column!r}; its columns are: {', '.join(file.schema_arrow.names)}"
            )
        done = 0
        for batch in file.iter_batches(batch_size=256, columns=names):
            done += batch.num_rows
            source.done = source.size * done // max(1, file.metadata.num_rows)
            yield from batch.to_pylist()


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind))
