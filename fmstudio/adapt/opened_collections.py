"""Keeps collections that are being asked in memory, and up to date with what an indexing writes meanwhile."""

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from fmstudio.adapt.collection_store import FILE, IDENTITY, CollectionStore
from fmstudio.adapt.embedding import SentenceEncoder
from fmstudio.adapt.sentence_models import opened_encoder
from fmstudio.adapt.vector_index import VectorIndex
from fmstudio.errors import StudioError
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.workspace import Workspace

KEPT = 4
_FOLDED = 20_000  # more vectors than this outside of the graph would make every question slow
_OPEN: "OrderedDict[Path, OpenCollection]" = OrderedDict()


@dataclass(slots=True)
class OpenCollection:
    """A collection ready to be asked."""

    name: str
    store: CollectionStore
    encoder: SentenceEncoder
    index: VectorIndex
    file: tuple[int, int]
    state: int = -1

    def follow(self) -> Generator[Event, None, None]:
        """Take in what has changed since the last question."""
        state = self.store.state
        if state == self.state:
            return
        for done in self.index.follow(self.store):
            yield Progress(done, None, "chunks", f"Opening {self.name}")
        self.state = state

    def fold(self) -> Generator[Event, None, None]:
        """Put all vectors into the graph and keep it on the disk."""
        total = len(self.index)
        for left in self.index.fold():
            yield Progress(total - left, total, "chunks", "Joining the vectors")
        self.index.save()


def opened(context: JobContext, workspace: Workspace, name: str) -> Generator[Event, None, OpenCollection]:
    """A collection as it is now. Raises StudioError where its index or its embedding model cannot be used."""
    record = workspace.collection(name)
    folder = workspace.collection_folder(name)
    encoder = yield from opened_encoder(context, str(record.details["embedding"]))
    found = _OPEN.get(folder)
    if found is not None and (found.file != _identity(folder) or found.encoder.version != encoder.version):
        close(folder)
        found = None
    if found is None:
        found = _open(folder, encoder)
        _OPEN[folder] = found
        while len(_OPEN) > KEPT:
            _OPEN.popitem(last=False)  # not closed: a job may be asking it; its files go with the last who does
    _OPEN.move_to_end(folder)
    yield from found.follow()
    if found.index.outside > _FOLDED:
        yield from found.fold()
    return found


def _open(folder: Path, encoder: SentenceEncoder) -> OpenCollection:
    store = CollectionStore(folder)
    made_with = store.fact("embedding version")
    if made_with and made_with != encoder.version:
        store.close()
        raise StudioError(
            f"Collection {folder.name!r} was made with another version of the embedding model {encoder.name}; refresh "
            "the collection to embed it again."
        )
    return OpenCollection(
        folder.name, store, encoder, VectorIndex(folder, encoder.dimension, store.fact(IDENTITY)), _identity(folder)
    )


def _identity(folder: Path) -> tuple[int, int]:
    """What tells one index file from another that took its place."""
    try:
        status = (folder / FILE).stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def close(folder: Path) -> None:
    """Let go of a collection's files."""
    found = _OPEN.pop(folder, None)
    if found is not None:
        found.store.close()


def close_all() -> None:
    """Let go of every collection."""
    for folder in list(_OPEN):
        close(folder)
