"""Rows of Parquet tables. Of columns that hold other things than texts, such as pictures, nothing is read."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pyarrow.types as types

from fmstudio.data.errors import Refused
from fmstudio.data.readers.delimited import column_names
from fmstudio.data.readers.json_rows import TEXT_NAMES
from fmstudio.data.readers.source import SourceFile

_BATCH = 256  # rows


def read_columns(source: SourceFile) -> tuple[list[str], list[str]]:
    """The names of all columns, and of those that may hold texts. Of two of one name the second gets another."""
    with _opened(source) as file:
        names = column_names(file.schema_arrow.names)
        kinds = zip(names, file.schema_arrow, strict=True)
        return names, [name for name, field in kinds if _may_be_text(field.type)]


def parquet_rows(
    source: SourceFile, columns: list[str] | None = None, nested: bool = False
) -> Iterator[Mapping[str, Any]]:
    """All rows with some columns, or with those that hold a single value each, and lists of texts or messages too."""
    with _opened(source) as file:
        names = column_names(file.schema_arrow.names)
        kinds = zip(names, file.schema_arrow, strict=True)
        wanted = [
            name for name, field in kinds if not types.is_nested(field.type) or (nested and _may_be_text(field.type))
        ]
        yield from _rows(file, wanted if columns is None else columns, source)


def _opened(source: SourceFile) -> parquet.ParquetFile:
    try:
        return parquet.ParquetFile(source.path)
    except arrow.ArrowInvalid as error:
        raise Refused(f"it is not a Parquet table, or damaged ({error})") from error


def _rows(file: parquet.ParquetFile, columns: list[str], source: SourceFile) -> Iterator[Mapping[str, Any]]:
    own = file.schema_arrow.names
    pairs = list(zip(own, column_names(own), strict=True))
    done = 0
    for batch in file.iter_batches(batch_size=_BATCH, columns=sorted({name for name, new in pairs if new in columns})):
        done += batch.num_rows
        source.done = source.size * done // max(1, file.metadata.num_rows)
        new = {name: iter([new for own, new in pairs if own == name]) for name in batch.schema.names}
        yield from batch.rename_columns([next(new[name]) for name in batch.schema.names]).select(columns).to_pylist()


def _may_be_text(kind: arrow.DataType) -> bool:
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return any(field.name in (*TEXT_NAMES, "value") and _may_be_text(field.type) for field in kind)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return types.is_struct(kind.value_type) or _may_be_text(kind.value_type)
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    plain = (types.is_binary, types.is_large_binary, types.is_binary_view)
    return any(test(kind) for test in (*texts, *plain))
