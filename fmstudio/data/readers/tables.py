"""Tables (.csv, .tsv, .jsonl, .json, .parquet): each row is a document, its text in one column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from fmstudio.data.cutting import Cutting, documents_from
from fmstudio.data.errors import Refused
from fmstudio.data.readers import whole
from fmstudio.data.readers.delimited import delimited_rows
from fmstudio.data.readers.encoding import decoded, detect
from fmstudio.data.readers.json_rows import TEXT_NAMES, rows_of, rows_of_lines, text_of
from fmstudio.data.readers.source import Reading, SourceFile, Steps
from fmstudio.wording import plural

_SAMPLE = 100  # rows by which the column is chosen, where one of them has a usual name
_LONG_SAMPLE = 10_000  # rows that are looked at where none has
_TITLE_NAMES = ("title", "name", "headline", "subject", "id")
_ENOUGH = 20  # characters on average; shorter are keys, dates and labels
Row = Mapping[str, Any]


def read(source: SourceFile) -> Reading:
    """The rows' texts. A table without the wanted column, or without any that looks like text, is refused."""
    if source.path.suffix.lower() == ".parquet":
        yield from _from_parquet(source)
        return
    rows, encoding = yield from open_rows(source)
    sample = _sample(rows, source.column)
    columns = _names(sample)
    column = choose_column(source.column, columns, sample)
    yield from _documents(chain(sample, rows), column, _title_column(columns, column), source, encoding, columns)


def beginning(source: SourceFile) -> Steps[tuple[list[str], list[Row]]]:
    """A table's columns, and the first rows, by which that of the text is chosen."""
    if source.path.suffix.lower() == ".parquet":
        return _beginning_of_parquet(source)
    rows, _ = yield from open_rows(source)
    sample = _sample(rows, source.column)
    return _names(sample), sample


def _names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def open_rows(source: SourceFile, nested: bool = False) -> Steps[tuple[Iterator[Row], str]]:
    """The rows of a table by column name, and the encoding that it was found in.

    nested: read columns of lists, such as conversations, out of Parquet as well.
    """
    if source.size == 0:
        raise Refused("it is empty")
    ending = source.path.suffix.lower()
    if ending == ".parquet":
        from fmstudio.data.readers.parquet_rows import parquet_rows

        return parquet_rows(source, nested=nested), "utf-8"
    if ending == ".json":
        whole.check(source)
    detected = yield from detect(source)
    text = decoded(source, detected)
    match ending:
        case ".json":
            return rows_of("".join(text), source), detected.encoding
        case ".jsonl" | ".ndjson":
            return rows_of_lines(_lines(text), source), detected.encoding
    return delimited_rows(_lines(text), source), detected.encoding


def _from_parquet(source: SourceFile) -> Reading:
    from fmstudio.data.readers.parquet_rows import parquet_rows

    columns, sample = _beginning_of_parquet(source)
    column = choose_column(source.column, columns, sample)
    title = _title_column([name for name in columns if not sample or name in sample[0]], column)
    rows = parquet_rows(source, [column, *([title] if title else [])])
    yield from _documents(rows, column, title, source, "utf-8", columns)


def _beginning_of_parquet(source: SourceFile) -> tuple[list[str], list[Row]]:
    from fmstudio.data.readers.parquet_rows import parquet_rows, read_columns

    if source.size == 0:
        raise Refused("it is empty")
    columns, candidates = read_columns(source)
    sample = list(islice(parquet_rows(source, candidates), _SAMPLE))
    named = [name for name in candidates if name.lower() in _names_of_texts(source.column)]
    if named and not any(text_of(row[name]).strip() for row in sample for name in named):
        sample += _sample(parquet_rows(source, named), source.column)
    return columns, sample


def _sample(rows: Iterator[Row], wanted: str) -> list[Row]:
    """The first rows: as many as it takes to meet a text in the wanted column, or in one that is named as texts are."""
    sample: list[Row] = []
    names = _names_of_texts(wanted)
    found = False
    for row in rows:
        sample.append(row)
        found = found or any(name.lower() in names and text_of(value).strip() for name, value in row.items())
        if len(sample) >= (_SAMPLE if found else _LONG_SAMPLE):
            break
    return sample


def _names_of_texts(wanted: str) -> tuple[str, ...]:
    return (wanted.lower(),) if wanted else TEXT_NAMES


def _title_column(columns: Sequence[str], column: str) -> str:
    return next((name for name in columns if name.lower() in _TITLE_NAMES and name != column), "")


def _documents(
    rows: Iterable[Row], column: str, title_column: str, source: SourceFile, encoding: str, columns: Sequence[str]
) -> Reading:
    number = blank = 0
    for number, row in enumerate(rows, 1):
        text = text_of(row.get(column))
        if not text.strip():
            blank += 1
            yield None
            continue
        title = row.get(title_column) if title_column else None
        named = f"{source.title} · {title}" if title not in (None, "") else f"{source.title} · row {number:,}"
        text = text.replace("\r\n", "\n")
        cutting = source.cutting if source.cutting.rows else Cutting()
        yield from documents_from([text], cutting, title=named[:200], source=source.name, encoding=encoding)
    others = [name for name in columns if name != column]
    beside = f", of the columns {', '.join(columns)}" if 0 < len(others) <= 20 else ""
    rows_read = plural(number, "row")
    why = " because they have no text in it" if blank else ""
    source.facts.append(
        f"column {column!r} was taken{beside}; {rows_read} read, {number - blank:,} kept, {blank:,} left out{why}"
    )


def choose_column(wanted: str, columns: Sequence[str], sample: Sequence[Row]) -> str:
    """The column that holds the text: the wanted one, else one of a usual name, else the one with the longest texts."""
    names = ", ".join(columns) or "none"
    if wanted:
        found = [name for name in columns if name == wanted] or [n for n in columns if n.lower() == wanted.lower()]
        if not found:
            raise Refused(f"it has no column {wanted!r}; its columns are: {names}")
        if not any(text_of(row.get(found[0])) for row in sample):
            raise Refused(f"its column {found[0]!r} holds no text; its columns are: {names}")
        return found[0]
    lengths = {name: _mean_length(row.get(name) for row in sample) for name in columns}
    for usual in TEXT_NAMES:
        for name in columns:
            if name.lower() == usual and lengths[name] > 0:
                return name
    prose = {name: lengths[name] for name in columns if _reads(row.get(name) for row in sample)}
    best = max(prose, key=lambda name: prose[name], default="")
    if not best or (len(columns) > 1 and prose[best] < _ENOUGH and _mean_words(row.get(best) for row in sample) < 3):
        raise Refused(f"no column looks like text; choose one of its columns: {names}")
    return best


def _mean_length(values: Iterable[Any]) -> float:
    lengths = [len(text) for value in values if (text := text_of(value))]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _mean_words(values: Iterable[Any]) -> float:
    counts = [len(text.split()) for value in values if (text := text_of(value))]
    return sum(counts) / len(counts) if counts else 0.0


def _reads(values: Iterable[Any]) -> bool:
    """Whether most values have words: addresses and keys have no blanks, though some scripts have none either."""
    texts = [text for value in values if (text := text_of(value))]
    return sum(not text.isascii() or len(text.split()) > 1 for text in texts) > len(texts) / 2


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, out of pieces that end anywhere."""
    kept = ""
    for chunk in chunks:
        *lines, kept = (kept + chunk).split("\n")
        for line in lines:
            yield line + "\n"
    if kept:
        yield kept
