"""Builds the index anew from the plain files, after its database was damaged or deleted.

Each folder holds a small file of its own record: datasets/<name>/dataset.toml, runs/<id>/run.toml beside recipe.toml
and metrics.jsonl, models/<name>/studio.toml, and collections/<name>/collection.toml.
"""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from fmstudio.workspace.record_files import RECORD_FILES
from fmstudio.workspace.records import CollectionRecord, DatasetRecord, ModelRecord, RunRecord


class EmptyIndex(Protocol):
    """What of the workspace is filled here."""

    path: Path

    def put_dataset(self, record: DatasetRecord) -> None: ...
    def put_run(self, record: RunRecord) -> None: ...
    def put_model(self, record: ModelRecord) -> None: ...
    def put_collection(self, record: CollectionRecord) -> None: ...
    def datasets(self) -> list[DatasetRecord]: ...
    def runs(self) -> list[RunRecord]: ...
    def add_metrics(self, run: str, rows: Iterable[tuple[int, float, Mapping[str, float]]]) -> None: ...
    def link(self, source: tuple[str, str], target: tuple[str, str]) -> None: ...


def rebuild(workspace: EmptyIndex) -> None:
    """Read every folder's record into an empty index; a folder without a readable one is left as it is."""
    for folder in sorted((workspace.path / "datasets").iterdir()):
        if record := read_record(folder, DatasetRecord):
            workspace.put_dataset(record)
    for folder in sorted((workspace.path / "runs").iterdir()):
        if record := read_record(folder, RunRecord):
            workspace.put_run(record)
            read_metrics(workspace, folder)
    for folder in sorted((workspace.path / "models").iterdir()):
        if record := read_record(folder, ModelRecord):
            workspace.put_model(record)
    for folder in sorted((workspace.path / "collections").iterdir()):
        if record := read_record(folder, CollectionRecord):
            workspace.put_collection(record)
    _relink(workspace)


def read_record(folder: Path, kind: type[Any]) -> Any:
    """The record that lies in a folder, or None where there is none that can be read."""
    try:
        values = tomllib.loads((folder / RECORD_FILES[kind]).read_text("utf-8"))
        known = {field.name for field in dataclasses.fields(kind)}
        return kind(**{key: value for key, value in values.items() if key in known})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError):
        return None


def read_metrics(workspace: EmptyIndex, folder: Path) -> None:
    """Fill the index with the metrics that lie in a run's folder."""
    rows = []
    try:
        with (folder / "metrics.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                rows.append((row["step"], row["seconds"], row["values"]))
    except (OSError, ValueError, KeyError):
        pass  # what was readable is kept; the rest of the curve is lost with the file
    workspace.add_metrics(folder.name, rows)


def _relink(workspace: EmptyIndex) -> None:
    """Datasets name what they were made from, runs their datasets and the model they began from, and the model made."""
    for dataset in workspace.datasets():
        if source := dataset.details.get("made_from"):
            workspace.link(("dataset", source), ("dataset", dataset.name))
        if made_of := dataset.details.get("made_of"):
            workspace.link((made_of["kind"], made_of["key"]), ("dataset", dataset.name))
    for run in workspace.runs():
        for name in run.details.get("datasets", []):
            workspace.link(("dataset", name), ("run", run.id))
        if run.details.get("init"):
            workspace.link(("model", run.details["init"]), ("run", run.id))
        if run.model:
            workspace.link(("run", run.id), ("model", run.model))
