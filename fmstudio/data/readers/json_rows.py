"""Rows of JSON in its usual shapes: a list of rows, JSON lines, splits, columns, tables as pandas writes them, one row.

An object is looked through for what holds rows: lists of objects before lists of texts. What was taken and what was
passed over is told where there was a choice.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from fmstudio.data.errors import Refused
from fmstudio.data.readers.source import SourceFile
from fmstudio.wording import numbered

Row = Mapping[str, Any]
TEXT_NAMES = (
    "text", "content", "body", "document", "article", "passage", "story", "sentence", "output", "response", "messages",
    "conversations", "conversation", "context", "paragraphs",
)  # fmt: skip
"""Names of columns that hold the text, the likeliest first."""
_DEEPEST = 6
_SPLITS = {"train", "training", "validation", "valid", "val", "dev", "test", "eval", "evaluation"}


def is_conversation(value: Any) -> bool:
    """Whether it is a list of messages, each by somebody."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and ("role" in item or "from" in item) for item in value)


def text_of(value: Any) -> str:
    """The text that a cell holds: a text, texts as bytes, a list of texts or of messages; else ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, list):
        return "\n\n".join(text for item in value if (text := text_of(item)).strip())
    if isinstance(value, dict):
        return next((text for name in (*TEXT_NAMES, "value") if (text := text_of(value.get(name)))), "")
    return ""


def rows_of(text: str, source: SourceFile) -> Iterator[Row]:
    """The rows of a JSON file as a whole; several values one after the other, as in JSON lines, are a row each."""
    values = list(_values(text, source))
    if len(values) > 1:
        return _as_rows(values)
    return iter(_table(values[0], source))


def rows_of_lines(lines: Iterator[str], source: SourceFile) -> Iterator[Row]:
    """The rows of JSON lines. Lines that are none are counted; a file of one value over many lines is read as that."""
    counted = enumerate(lines, 1)
    number, first = next(((number, line) for number, line in counted if line.strip()), (1, ""))
    if first.lstrip().startswith("[") or (first.lstrip().startswith("{") and not _is_value(first)):
        return rows_of("".join(chain([first], lines)), source)
    return _object_lines(chain([(number, first)], counted), source)


def _is_value(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _object_lines(lines: Iterable[tuple[int, str]], source: SourceFile) -> Iterator[Row]:
    bad: list[int] = []
    good = 0
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = _as_row(json.loads(line))
        except ValueError:
            row = None
        if row is None:
            bad.append(number)
            if len(bad) >= 10 and len(bad) > good:
                raise Refused("its lines are not JSON objects")
            continue
        good += 1
        yield row
    if not good:
        raise Refused("its lines are not JSON objects")
    if bad:
        source.notes.append(f"lines left out because they are not JSON objects: {len(bad):,} ({numbered('line', bad)})")


def _values(text: str, source: SourceFile) -> Iterator[Any]:
    decoder, place, number = json.JSONDecoder(), 0, 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if number and place >= len(text):
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError as error:
            line = text.count("\n", 0, getattr(error, "pos", place)) + 1
            raise Refused(f"it is not valid JSON ({error.args[0].partition(':')[0]} in line {line:,})") from error
        number += 1
        yield value


def _as_rows(values: Iterable[Any]) -> Iterator[Row]:
    return (row for value in values if (row := _as_row(value)) is not None)


def _as_row(value: Any) -> Row | None:
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, list):
        return {f"column {number}": item for number, item in enumerate(value, 1)}
    return value if isinstance(value, dict) else None


def _table(value: Any, source: SourceFile) -> list[Row]:
    if isinstance(value, list):
        return _with_header(value) or list(_as_rows(value))
    if not isinstance(value, dict):
        raise Refused("it holds no list of rows")
    return _rows_within(value, source, _DEEPEST) or [value]


def _with_header(rows: list[Any]) -> list[Row]:
    """Rows of cells by the names in the first one; none where that names no column of text."""
    if len(rows) < 2 or not all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
        return []
    names = rows[0]
    if not all(isinstance(name, str) for name in names) or not {name.lower() for name in names} & set(TEXT_NAMES):
        return []
    return [dict(zip(names, row, strict=True)) for row in rows[1:]]


def _rows_within(value: Mapping[str, Any], source: SourceFile, depth: int) -> list[Row]:
    """The rows that an object holds; none where it is a row itself."""
    if _is_split(value):
        return [dict(zip(value["columns"], row, strict=False)) for row in value["data"]]
    if any(isinstance(value.get(name), str) and value[name].strip() for name in TEXT_NAMES):
        return []
    if any(is_conversation(value.get(name)) for name in TEXT_NAMES):
        return []
    lists = {key: item for key, item in value.items() if isinstance(item, list) and item}
    tables = {key: item for key, item in lists.items() if sum(isinstance(row, dict) for row in item) > len(item) / 2}
    if tables:
        return _fullest(tables, source)
    splits = set(map(str.lower, lists)) <= _SPLITS
    if len(lists) > 1 and len(lists) == len(value) and len({*map(len, lists.values())}) == 1 and not splits:
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    if len(value) > 1 and all(isinstance(item, dict) for item in value.values()):
        rows = _by_key(value)
        if rows:
            return rows
    texts = {key: item for key, item in lists.items() if all(isinstance(each, str) for each in item)}
    if texts and not any(isinstance(item, str) and " " in item for item in value.values()):
        return _texts_of(texts, source)
    for item in value.values():
        if isinstance(item, dict) and depth and (rows := _rows_within(item, source, depth - 1)):
            return rows
    return []


def _texts_of(lists: Mapping[str, list[str]], source: SourceFile) -> list[Row]:
    """The texts of all splits, else those of the list with the longest."""
    if set(map(str.lower, lists)) <= _SPLITS:
        return [{"text": text} for texts in lists.values() for text in texts]
    longest = max(lists, key=lambda key: sum(map(len, lists[key])) / len(lists[key]))
    if passed := [key for key in lists if key != longest]:
        source.facts.append(f"the texts of {longest!r} were taken, those of {_listed(passed)} were not")
    return [{longest: text} for text in lists[longest]]


def _is_split(value: Mapping[str, Any]) -> bool:
    """Whether it is a table as pandas writes it with orient="split"."""
    return all(isinstance(value.get(key), list) for key in ("columns", "data")) and all(
        isinstance(row, list) and len(row) == len(value["columns"]) for row in value["data"]
    )


def _by_key(value: Mapping[str, Any]) -> list[Row]:
    """Columns of the same keys, or rows by their key, as pandas writes them with orient="columns" and "index"."""
    first = next(iter(value.values()))
    keys = list(first)
    if not keys or any(list(item) != keys for item in value.values()):
        alike = [item for item in value.values() if set(item) & set(TEXT_NAMES)]
        return alike if len(alike) == len(value) else []
    if all(key.isdigit() for key in keys):
        return [{name: column[key] for name, column in value.items()} for key in keys]
    return list(value.values()) if all(not isinstance(item, (dict, list)) for item in first.values()) else []


def _fullest(tables: Mapping[str, list[Any]], source: SourceFile) -> list[Row]:
    """The rows of the table with the most text and of those with its columns, such as the splits of a dataset."""
    kept = {key: [row for row in rows if isinstance(row, dict)] for key, rows in tables.items()}
    most = max(kept, key=lambda key: max(len(str(item)) for row in kept[key] for item in [*row.values(), ""]))
    columns = {name for row in kept[most] for name in row}
    taken = [key for key, rows in kept.items() if columns & {name for row in rows for name in row} >= _needed(columns)]
    if len(tables) > 1:
        passed = [key for key in kept if key not in taken]
        source.facts.append(
            f"the rows of {_listed(taken)} were taken" + (f", those of {_listed(passed)} were not" if passed else "")
        )
    return [row for key in taken for row in kept[key]]


def _needed(columns: set[str]) -> set[str]:
    """The columns that another table must have to be of the same kind: those of text, or all."""
    return (columns & set(TEXT_NAMES)) or columns


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
