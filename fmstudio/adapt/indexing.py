"""Brings a collection's index up to date with its sources: reads what is new or has changed, drops what has vanished,
then turns chunks into vectors.

All documents are read and cut first, which takes seconds and makes them searchable by words; the vectors, which take
long, follow in small batches. Each document and each batch is kept at once, so whatever ends the job (stop, cancel, a
kill) costs at most one batch, and the next refresh goes on from there.
"""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fmstudio.adapt.chunking import ChunkingOptions, cut_into_chunks
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.collection_tables import Stamp, StoredDocument
from fmstudio.adapt.embedding import SentenceEncoder
from fmstudio.adapt.reading import BUILT_IN, Text, content_hash, is_document, read_text, structured, text_hash
from fmstudio.adapt.sentence_models import TokenCounter, embedded_text, place_of
from fmstudio.data import samples
from fmstudio.data import sources as files
from fmstudio.data.errors import Refused
from fmstudio.data.pacing import Pace
from fmstudio.jobs import Event, JobContext, Note, Progress

WINDOW = 256
"""Chunks that are sorted by length together, for texts of one length are embedded fastest."""
BATCH_TOKENS = 2_000
"""Tokens of the chunks between two turns of others: half a second on a slow computer."""
_BREATH = 0.05
_NOTES = 20
_VANISHED = "it disappeared while it was being indexed"


@dataclass(slots=True)
class IndexingReport:
    """What happened to the documents."""

    changed: int = 0
    removed: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)

    def skip(self, source: str, reason: str) -> Iterator[Event]:
        """A document is left out."""
        self.skipped.append({"source": source, "reason": reason})
        if len(self.skipped) <= _NOTES:
            yield Note(f"{Path(source).name} was skipped: {reason}.", "warning")


@dataclass(frozen=True, slots=True)
class Task:
    """What an indexing works on and with."""

    store: CollectionStore
    sources: list[str]
    options: ChunkingOptions
    encoder: SentenceEncoder
    counter: TokenCounter
    report: IndexingReport


def index(context: JobContext, task: Task) -> Generator[Event, None, None]:
    """Read, cut and embed; returns early where the job is stopped."""
    yield from _read_documents(context, task)
    if not context.stopping:
        yield from _embed(context, task)


# Documents.


def _read_documents(context: JobContext, task: Task) -> Iterator[Event]:
    known = task.store.documents()
    seen: set[str] = set()
    if BUILT_IN in task.sources:
        yield from _read_built_in(context, task, known, seen)
    found = yield from _find(task)
    for number, file in enumerate(found):
        if context.stopping:
            return
        here = Progress(number, len(found), "documents", f"Reading {file.path.name}")
        yield here
        if file.reason:
            yield from task.report.skip(str(file.path), file.reason)
            continue
        seen.add(str(file.path))
        yield from _read_file(context, task, file.path, known.get(str(file.path)), here)
    for source in known.keys() - seen:
        task.store.remove_document(source)
        task.report.removed += 1
        yield Progress(len(found), len(found), "documents", "Dropping what is gone")


def _find(task: Task) -> Generator[Event, None, list[files.Found]]:
    found: list[files.Found] = []
    pace = Pace(_BREATH)
    for file in files.find((source for source in task.sources if source != BUILT_IN), is_document):
        found.append(file)
        if pace.due():
            yield Progress(len(found), None, "documents", "Looking for documents")
    return found


def _read_file(
    context: JobContext, task: Task, path: Path, before: StoredDocument | None, here: Progress
) -> Iterator[Event]:
    """Index one file if it has changed; whatever is wrong with it is the reason why it is skipped. here: how far."""
    source, stamp = str(path), Stamp()
    try:
        text = yield from _changed_text(context, path, before, stamp, here)
    except (OSError, Refused) as error:
        yield from _refuse(task, path, error, stamp)
        return
    if text is not None:
        yield from _keep(context, task, source, text, stamp, here)
    elif before is not None and not context.stopping:
        if before.modified != stamp.modified:
            task.store.touch(source, stamp.modified)
        if before.reason:
            yield from task.report.skip(source, before.reason)


def _changed_text(
    context: JobContext, path: Path, before: StoredDocument | None, stamp: Stamp, here: Progress
) -> Generator[Event, None, Text | None]:
    """A file's text, or None where it is as before or the job is stopped; fills in what the file is known again by."""
    status = path.stat()
    stamp.bytes, stamp.modified = status.st_size, status.st_mtime_ns
    # A file that could not be read at all has no hash: it is tried again each time.
    if before and before.hash and (before.bytes, before.modified) == (stamp.bytes, stamp.modified):
        return None
    for stamp.hash in content_hash(path):
        yield here
    if before and before.hash == stamp.hash:
        return None
    text: Text | None = None
    for found in read_text(path):
        text = found
        yield here
        if context.stopping:
            return None
    return text


def _refuse(task: Task, path: Path, error: Exception, stamp: Stamp) -> Iterator[Event]:
    source = str(path)
    if not path.exists():
        task.store.remove_document(source)
        yield from task.report.skip(source, _VANISHED)
        return
    if isinstance(error, Refused):
        reason = str(error)
    else:
        reason, stamp.hash = f"it cannot be read ({getattr(error, 'strerror', error)})", ""
    task.store.put_document(source, stamp, title=path.name, reason=reason)
    yield from task.report.skip(source, reason)


def _read_built_in(
    context: JobContext, task: Task, known: dict[str, StoredDocument], seen: set[str]
) -> Iterator[Event]:
    documents = list(samples.python_reference())
    for number, document in enumerate(documents):
        if context.stopping:
            return
        seen.add(document.source)
        stamp = Stamp(len(document.text.encode()), 0, text_hash(document.text))
        here = Progress(number, len(documents), "documents", "Reading Python's reference")
        yield here
        if document.source not in known or known[document.source].hash != stamp.hash:
            yield from _keep(context, task, document.source, structured(document), stamp, here)


def _keep(context: JobContext, task: Task, source: str, text: Text, stamp: Stamp, here: Progress) -> Iterator[Event]:
    chunks, pace = [], Pace(_BREATH)
    title, room = task.counter.short_title(text.title)
    for span in cut_into_chunks(text.text, text.headings, task.options, task.counter.count, room):
        chunks.append((span, place_of(title, span.headings)))
        if pace.due():
            yield here
            if context.stopping:
                return
    task.store.put_document(source, stamp, title=title, text=text.text, chunks=chunks, notes=text.notes)
    task.report.changed += 1


# Vectors.


def _embed(context: JobContext, task: Task) -> Iterator[Event]:
    _, total, done = task.store.counts()
    first_done, began, last = done, time.monotonic(), 0
    yield Progress(done, total, "chunks", "Embedding")
    while pending := task.store.pending(last, WINDOW):
        last = pending[-1][0]
        for batch in _batches(pending):
            vectors = task.encoder.encode([embedded_text(title, text) for _, _, title, text in batch])
            task.store.add_vectors([chunk for chunk, *_ in batch], vectors)
            done += len(batch)
            rate = (done - first_done) / max(1e-6, time.monotonic() - began)
            yield Progress(done, total, "chunks", "Embedding", rate, "chunks/s")
            if context.stopping:
                return


def _batches(pending: list[tuple[int, int, str, str]]) -> Iterator[list[tuple[int, int, str, str]]]:
    """Chunks of about one size together, as many as have so many tokens."""
    batch: list[tuple[int, int, str, str]] = []
    filled = 0
    for row in sorted(pending, key=lambda row: row[1]):
        if batch and filled + row[1] > BATCH_TOKENS:
            yield batch
            batch, filled = [], 0
        batch.append(row)
        filled += row[1]
    if batch:
        yield batch
