"""What a collection is made of, kept beside its index: its sources, how they are cut, and the embedding model."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmstudio.adapt.chunking import ChunkingOptions
from fmstudio.adapt.collection_store import FILE, CollectionStore
from fmstudio.adapt.reading import BUILT_IN
from fmstudio.errors import StudioError
from fmstudio.recipe import build, values_of
from fmstudio.workspace import CollectionRecord, Workspace, explained
from fmstudio.workspace.errors import DamagedIndexError
from fmstudio.workspace.lock import ProcessLock, is_held
from fmstudio.workspace.names import check_name
from fmstudio.workspace.record_files import write_record

_LOCK = "indexing.lock"


def find_record(workspace: Workspace, name: str) -> CollectionRecord | None:
    """The collection of that name, if there is one."""
    return next((record for record in workspace.collections() if record.name == name), None)


def extended_record(
    workspace: Workspace, name: str, sources: Sequence[str], options: Mapping[str, Any], embedding: str
) -> CollectionRecord:
    """A new collection, or the one of that name with further sources; raises StudioError where the two do not fit."""
    check_name(name)
    wanted = [_checked_source(source) for source in sources]
    if not wanted:
        raise StudioError("There is nothing to add; choose a file, a folder or Python's reference.")
    record = find_record(workspace, name)
    if record is None:
        if workspace.free_name("collections", name) != name:
            raise StudioError(f"There is a collection named almost {name!r} already; choose another name.")
        chosen: ChunkingOptions = build(ChunkingOptions, options, "options.")
        return CollectionRecord(name, 0, 0, 0, details={
            "sources": list(dict.fromkeys(wanted)), "options": values_of(chosen), "embedding": embedding,
        })  # fmt: skip
    differing = [key for key, value in options.items() if record.details["options"].get(key) != value]
    if differing or record.details["embedding"] != embedding:
        what = "cut in another way" if differing else f"embedded by {record.details['embedding']}"
        raise StudioError(f"Collection {name!r} is there already and {what}; choose another name, or remove it first.")
    merged = list(dict.fromkeys([*record.details["sources"], *wanted]))
    return dataclasses.replace(record, details={**record.details, "sources": merged})


def _checked_source(source: str) -> str:
    if source == BUILT_IN:
        return source
    path = Path(source).expanduser().absolute()
    if not path.exists():
        raise StudioError(f"{path} does not exist; choose a file or a folder that does, or {BUILT_IN!r}.")
    return str(path)


def chunking_of(record: CollectionRecord) -> ChunkingOptions:
    """How a collection's documents are cut."""
    options: ChunkingOptions = build(ChunkingOptions, record.details["options"], "options.")
    return options


def keep_record(workspace: Workspace, record: CollectionRecord) -> None:
    """Write a collection's record into its folder and into the workspace's index."""
    folder = workspace.collection_folder(record.name)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_record(folder, record)
    workspace.put_collection(record)


def claim(workspace: Workspace, name: str) -> ProcessLock:
    """Be the only one that writes to a collection until released; raises WorkspaceError where another does."""
    folder = workspace.collection_folder(name)
    taken = f"Collection {name!r} is being indexed already{{holder}}; wait until that is done, or stop it there."
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return ProcessLock(folder / _LOCK, taken)


def writable_store(folder: Path) -> tuple[CollectionStore, str]:
    """The index of a collection to be written, made where there is none; says so where a damaged one was put aside."""
    try:
        return CollectionStore(folder, create=True, check=True), ""
    except DamagedIndexError:
        with explained(folder):
            for suffix in ("", "-wal", "-shm"):
                (folder / (FILE + suffix)).unlink(missing_ok=True)
        return CollectionStore(folder, create=True), (
            f"The index of collection {folder.name!r} was damaged; it is built again from its documents."
        )


def described(workspace: Workspace, record: CollectionRecord) -> dict[str, Any]:
    """A collection as plain data, with how far its index is. A damaged one says so and what to do."""
    folder = workspace.collection_folder(record.name)
    row: dict[str, Any] = {
        "name": record.name, "documents": record.documents, "chunks": record.chunks, "bytes": record.bytes,
        "created": record.created, "done": 0, "total": 0, "skipped": 0, "problem": "",
        "sources": list(record.details.get("sources", [])), "options": dict(record.details.get("options", {})),
        "embedding": str(record.details.get("embedding", "")),
    }  # fmt: skip
    try:
        with CollectionStore(folder) as store:
            documents, total, done = store.counts()
            skipped, size = store.skipped(), store.size()
        row |= {
            "documents": documents,
            "chunks": total,
            "total": total,
            "done": done,
            "skipped": skipped,
            "bytes": size,
        }
    except StudioError as error:
        row["problem"] = str(error)
    whole = bool(record.details.get("complete")) and row["done"] == row["total"]
    row["state"] = "indexing" if is_held(folder / _LOCK) else "ready" if whole and not row["problem"] else "incomplete"
    return row
