"""Deleting whatever a person has made: it goes into the bin, and comes back from there with all that is known of it."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from fmstudio.wording import plural
from fmstudio.workspace import rebuild
from fmstudio.workspace.bin import Bin, BinEntry
from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.lock import is_held
from fmstudio.workspace.names import check_name, free_name
from fmstudio.workspace.record_files import write_record
from fmstudio.workspace.records import CollectionRecord, DatasetRecord, ModelRecord, RunRecord

FEEDBACK = "feedback"
FOLDERS = {
    "dataset": "datasets",
    "run": "runs",
    "model": "models",
    "tokenizer": "tokenizers",
    "collection": "collections",
    "prompt": "prompts",
    "batch": "batches",
    "conversation": "conversations",
}
"""The folder of the workspace in which those of a kind are, each a folder of its own, a conversation a file."""

_RECORDS: dict[str, type[Any]] = {
    "dataset": DatasetRecord,
    "run": RunRecord,
    "model": ModelRecord,
    "collection": CollectionRecord,
}
_LOCKS = {"run": "run.lock", "batch": "batch.lock"}


def place_of(workspace: Workspace, kind: str, name: str) -> Path:
    """Where the file or folder of something is."""
    return workspace.path / FOLDERS[kind] / (f"{name}.json" if kind == "conversation" else name)


def delete(workspace: Workspace, kind: str, name: str, title: str = "") -> BinEntry | None:
    """Move something into the bin; None where it has no files that could be kept, so that only its row is forgotten.

    Raises WorkspaceError where there is nothing of that name, or something works on it.
    """
    place, record = place_of(workspace, kind, name), _record(workspace, kind, name)
    if record is None and not place.exists():
        raise WorkspaceError(f"There is no {kind} {name!r} in this workspace; it may have been deleted already.")
    if kind in _LOCKS and is_held(place / _LOCKS[kind]):
        raise WorkspaceError(f"The {kind} {name!r} is running; stop it before you delete it.")
    entry = None
    if place.exists():
        if record is not None:
            with explained(place):
                write_record(place, record)  # as it is now: with that the index is filled again
        entry = Bin(workspace.path).throw(kind, name, place, title or getattr(record, "name", name))
    if record is not None:
        workspace.forget_record(kind, name)
    return entry


def delete_feedback(workspace: Workspace, ids: Sequence[str]) -> BinEntry | None:
    """Take entries of the feedback log out of sight; None where there is none of these ids.

    Their texts stay in the index, marked, so that many go and come back at once.
    """
    sizes = workspace.feedback.sizes(ids)
    if not sizes:
        return None
    entry = Bin(workspace.path).note(FEEDBACK, sizes, plural(len(sizes), "entry", "entries"), sum(sizes.values()))
    workspace.feedback.remove(sizes)
    return entry


def restore(workspace: Workspace, entry: BinEntry, name: str = "", another: bool = False) -> str:
    """Bring something back; returns its name, which is `name` where one is given, else the one that it had.

    another: where that is taken again it takes the first with a number that is free; else WorkspaceError says which is.
    """
    kept = Bin(workspace.path)
    if entry.kind == FEEDBACK:
        workspace.feedback.restore(entry.rows)
        kept.drop(entry)
        return entry.name
    if entry.kind not in FOLDERS:
        raise WorkspaceError(f"The bin has {entry.name!r} of the kind {entry.kind!r}, which this program cannot place.")
    wanted = check_name(name) if name else entry.name
    place = place_of(workspace, entry.kind, wanted)
    if is_taken(workspace, entry.kind, wanted):
        free = free_name(wanted, lambda each: is_taken(workspace, entry.kind, each))
        if another:
            return restore(workspace, entry, free)
        raise WorkspaceError(
            f"There is a {entry.kind} named {wanted!r} again; bring the deleted one back as {free!r}, "
            "or rename the other first."
        )
    kept.take_out(entry, place)
    _know_again(workspace, entry.kind, place, wanted)
    return wanted


def is_taken(workspace: Workspace, kind: str, name: str) -> bool:
    """Whether there is something of that kind and name; not every system tells the case of names apart."""
    folder = workspace.path / FOLDERS[kind]
    ending = ".json" if kind == "conversation" else ""
    return any(path.name.casefold() == f"{name}{ending}".casefold() for path in folder.glob("*"))


def empty(workspace: Workspace, entries: Iterable[BinEntry] | None = None) -> None:
    """Delete for good what is in the bin, or these entries of it."""
    kept = Bin(workspace.path)
    doomed = kept.entries() if entries is None else list(entries)
    workspace.feedback.purge([row for each in doomed for row in each.rows])
    if entries is None:
        kept.empty()
    else:
        for each in doomed:
            kept.drop(each)


def _record(workspace: Workspace, kind: str, name: str) -> Any:
    """What the index knows of something, or None."""
    if kind not in _RECORDS:
        return None
    everything: dict[str, Callable[[], Sequence[Any]]] = {
        "dataset": workspace.datasets,
        "run": workspace.runs,
        "model": workspace.models,
        "collection": workspace.collections,
    }
    known_as = _known_as(kind)
    return next((each for each in everything[kind]() if getattr(each, known_as) == name), None)


def _known_as(kind: str) -> str:
    """The field of a record by which others name it."""
    return "id" if kind == "run" else "name"


def _know_again(workspace: Workspace, kind: str, place: Path, name: str) -> None:
    """Fill the index from the record that lies in the folder, under the name that the thing has now."""
    record = rebuild.read_record(place, _RECORDS[kind]) if kind in _RECORDS else None
    if record is None:
        return
    known_as = _known_as(kind)
    if getattr(record, known_as) != name:
        record = dataclasses.replace(record, **{known_as: name})
        with explained(place):
            write_record(place, record)
    match record:
        case DatasetRecord():
            workspace.put_dataset(record)
        case ModelRecord():
            workspace.put_model(record)
        case CollectionRecord():
            workspace.put_collection(record)
        case RunRecord():
            workspace.put_run(record)
            rebuild.read_metrics(workspace, place)
