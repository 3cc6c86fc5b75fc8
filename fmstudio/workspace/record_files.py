"""The file that keeps a record beside what it describes, so that the index can be made anew from the folders."""

import dataclasses
from pathlib import Path
from typing import Any

from fmstudio.recipe import write_toml
from fmstudio.workspace.files import write_atomically
from fmstudio.workspace.records import CollectionRecord, DatasetRecord, ModelRecord, RunRecord

RECORD_FILES = {
    DatasetRecord: "dataset.toml",
    RunRecord: "run.toml",
    ModelRecord: "studio.toml",
    CollectionRecord: "collection.toml",
}


def write_record(folder: Path, record: DatasetRecord | RunRecord | ModelRecord | CollectionRecord) -> None:
    """Keep a record beside its files, so that the index can be rebuilt from them."""
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    write_atomically(folder / RECORD_FILES[type(record)], write_toml(_without_none(values)))


def _without_none(value: Any) -> Any:
    """TOML has no null: a value that is not known is left out."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
