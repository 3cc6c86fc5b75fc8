"""Jobs that make and keep collections: documents to look things up in, with an index of their words and meaning."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fmstudio.adapt.chunking import ChunkingOptions, check_options
from fmstudio.adapt.collection_record import (
    chunking_of,
    claim,
    described,
    extended_record,
    find_record,
    keep_record,
    writable_store,
)
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.collection_views import document, documents, preview
from fmstudio.adapt.embedding import SentenceEncoder
from fmstudio.adapt.indexing import IndexingReport, Task, index
from fmstudio.adapt.opened_collections import close, opened
from fmstudio.adapt.reading import document_endings
from fmstudio.adapt.retrieval import RetrievalSettings
from fmstudio.adapt.sentence_models import DEFAULT, TokenCounter, listed_encoders, opened_encoder
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Note, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import settings
from fmstudio.workspace import CollectionRecord, Workspace, remove_folder
from fmstudio.workspace.deleting import delete

__all__ = ["add", "describe", "document", "documents", "preview", "refresh", "remove"]


def describe(context: JobContext, workspace: Workspace) -> Job:
    """What collections there are and how far each is, and what a new one can be made with: Sample "collections"."""
    there = [each for each in workspace.collections() if workspace.collection_folder(each.name).is_dir()]
    rows = [described(workspace, record) for record in there]
    yield Sample("collections", "collections", {
        "collections": rows,
        "embeddings": listed_encoders([row["embedding"] for row in rows]),
        "options": settings(ChunkingOptions),
        "retrieval": settings(RetrievalSettings),
        "endings": document_endings(),
    })  # fmt: skip
    return {"collections": len(rows)}


def add(
    context: JobContext,
    workspace: Workspace,
    name: str,
    sources: Sequence[str],
    options: Mapping[str, Any] | None = None,
    embedding: str = DEFAULT,
) -> Job:
    """Make a collection of files and folders, or add them to the one of that name; then index what is new.

    sources: paths, or "python-reference" for Python's own. options: fields of ChunkingOptions. The collection can be
    asked while this works. A stop, a cancel or a kill keeps what is done; `refresh` goes on. Raises StudioError where
    nothing at all can be read. Returns {"collection", "documents", "chunks", "changed", "removed", "skipped",
    "seconds"}.
    """
    record = extended_record(workspace, name, sources, options or {}, embedding)
    return (yield from _indexed(context, workspace, record))


def refresh(context: JobContext, workspace: Workspace, collection: str) -> Job:
    """Index what is new or has changed, drop what has vanished, finish what was left undone; returns as `add` does."""
    return (yield from _indexed(context, workspace, workspace.collection(collection), again=True))


def remove(context: JobContext, workspace: Workspace, collection: str) -> Job:
    """Move a collection's index to the bin; the documents themselves stay where they are."""
    record = workspace.collection(collection)
    with claim(workspace, record.name):  # until the folder is gone: an indexing in it would lose what it writes
        yield Note(f"Removing the index of {record.name}.")
        close(workspace.collection_folder(record.name))
        bin_entry = delete(workspace, "collection", record.name)
    return {"collection": record.name, "bin": bin_entry.id if bin_entry else ""}


def _indexed(context: JobContext, workspace: Workspace, record: CollectionRecord, again: bool = False) -> Job:
    """again: of a collection that is there, so that one which is removed meanwhile does not come back."""
    encoder = yield from opened_encoder(context, str(record.details["embedding"]))
    counter = TokenCounter(encoder)
    options = chunking_of(record)
    check_options(options, counter.longest, encoder.name)
    began, report, folder = time.monotonic(), IndexingReport(), workspace.collection_folder(record.name)
    if again:
        workspace.collection(record.name)  # while the model was fetched, somebody may have removed it
    with claim(workspace, record.name):
        before = find_record(workspace, record.name)
        record = _with_sources_of(record, before)
        store, notice = writable_store(folder)
        try:
            record = _kept(workspace, record, store, complete=False)
            if notice:
                yield Note(notice, "warning")
            _follow_model(store, encoder)
            yield from index(context, Task(store, list(record.details["sources"]), options, encoder, counter, report))
            complete = not context.stopping
            if complete and store.counts()[2]:
                yield from (yield from opened(context, workspace, record.name)).fold()
            record = _kept(workspace, record, store, complete=complete)
        finally:
            nothing = before is None and not store.counts()[0]
            store.close()
            if nothing:
                close(folder)
                remove_folder(folder)
                workspace.forget_record("collection", record.name)
    if nothing:
        raise StudioError(_why_nothing(context, record, report))
    yield Artefact("collection", record.name, str(folder))
    return {
        "collection": record.name, "documents": record.documents, "chunks": record.chunks, "changed": report.changed,
        "removed": report.removed, "skipped": report.skipped, "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip


def _with_sources_of(record: CollectionRecord, before: CollectionRecord | None) -> CollectionRecord:
    """The record with what another job has added to the collection since it was made."""
    known = before.details["sources"] if before else []
    sources = list(dict.fromkeys([*known, *record.details["sources"]]))
    return dataclasses.replace(record, details={**record.details, "sources": sources})


def _kept(workspace: Workspace, record: CollectionRecord, store: CollectionStore, complete: bool) -> CollectionRecord:
    documents, chunks, _ = store.counts()
    details = {**record.details, "complete": complete}
    record = dataclasses.replace(record, documents=documents, chunks=chunks, bytes=store.size(), details=details)
    keep_record(workspace, record)
    return record


def _follow_model(store: CollectionStore, encoder: SentenceEncoder) -> None:
    """Vectors of another version of the model mean nothing to this one."""
    before = store.fact("embedding version")
    if before and before != encoder.version:
        store.start_over()
    if before != encoder.version:
        store.note("embedding version", encoder.version)


def _why_nothing(context: JobContext, record: CollectionRecord, report: IndexingReport) -> str:
    if context.stopping:
        return "The indexing was stopped before the first document was read, so there is no collection; add it again."
    if not report.skipped:
        sources = ", ".join(record.details["sources"])
        return f"There is no document to read in {sources}; known endings are {' '.join(document_endings())}."
    first = report.skipped[0]
    if len(report.skipped) == 1:
        return f"{first['source']} cannot be indexed: {first['reason']}."
    return (
        f"None of the {len(report.skipped):,} files can be indexed; the first, {first['source']}, was skipped because "
        f"{first['reason']}."
    )
