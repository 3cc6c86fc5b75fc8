"""Jobs that show what is in a collection: its documents, and one of them with its chunks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fmstudio.adapt.chunking import ChunkingOptions, check_options, cut_into_chunks
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.collection_tables import StoredDocument
from fmstudio.adapt.reading import BUILT_IN, Text, read_text, structured
from fmstudio.adapt.sentence_models import DEFAULT, TokenCounter, opened_encoder
from fmstudio.data import samples
from fmstudio.data.errors import Refused
from fmstudio.data.pacing import Pace
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.workspace import Workspace


def documents(
    context: JobContext, workspace: Workspace, collection: str, start: int = 0, count: int = 50, search: str = ""
) -> Job:
    """Some documents, of all or of those with `search` in title or source: Sample "documents".

    A document is "ready", "waiting" for vectors (its words are found already), or "skipped" for a reason.
    """
    with _store(workspace, collection) as store:
        total, rows = store.find_documents(search.strip(), max(0, start), max(0, count))
    shown = [_document_row(*row) for row in rows]
    yield Sample("documents", "documents", {"total": total, "start": start, "search": search, "rows": shown})
    return {"total": total}


def _document_row(document: StoredDocument, chunks: int, vectors: int) -> dict[str, Any]:
    return {
        "source": document.source,
        "title": document.title,
        "chunks": chunks,
        "bytes": document.bytes,
        "state": "skipped" if document.reason else "ready" if vectors == chunks else "waiting",
        "reason": document.reason,
        "notes": list(document.notes),
    }


def document(context: JobContext, workspace: Workspace, collection: str, source: str) -> Job:
    """A document's text as it was indexed, with its chunks: Sample "document"; a chunk is text[start:end]."""
    with _store(workspace, collection) as store:
        text, chunks = store.text(source), store.chunks_of(source)
        title = store.documents()[source].title
    rows = [
        {"id": chunk.id, "number": chunk.number, "start": chunk.start, "end": chunk.end, "tokens": chunk.tokens,
         "headings": list(chunk.headings)}
        for chunk in chunks
    ]  # fmt: skip
    yield Sample("document", "document", {"source": source, "title": title, "text": text, "chunks": rows})
    return {"chunks": len(rows)}


def preview(
    context: JobContext,
    workspace: Workspace,
    path: str,
    options: Mapping[str, Any] | None = None,
    embedding: str = DEFAULT,
) -> Job:
    """How a file would be cut, before it is indexed: the same Sample "document"."""
    chosen: ChunkingOptions = build(ChunkingOptions, options or {}, "options.")
    counter = TokenCounter((yield from opened_encoder(context, embedding)))
    check_options(chosen, counter.longest, embedding)
    text: Text | None = None
    for found in _text(path):
        text = found
        yield Progress(0, None, "documents", f"Reading {Path(path).name}")
    if text is None:
        raise StudioError(f"{path} holds no text; choose another file.")
    rows: list[dict[str, Any]] = []
    pace = Pace()
    room = counter.short_title(text.title)[1]
    spans = cut_into_chunks(text.text, text.headings, chosen, counter.count, room)
    for number, span in enumerate(spans):
        rows.append({"id": 0, "number": number, "start": span.start, "end": span.end, "tokens": span.tokens,
                     "headings": list(span.headings)})  # fmt: skip
        if pace.due():
            yield Progress(number, None, "chunks", f"Cutting {text.title}")
            if context.stopping:
                return {}
    yield Sample("document", "document", {"source": path, "title": text.title, "text": text.text, "chunks": rows})
    return {"chunks": len(rows)}


def _text(path: str) -> Iterator[Text | None]:
    if path == BUILT_IN:
        yield structured(next(samples.python_reference()))
        return
    try:
        yield from read_text(Path(path).expanduser())
    except (OSError, Refused) as error:
        reason = error if isinstance(error, Refused) else error.strerror or error
        raise StudioError(f"{path} cannot be shown: {reason}.") from error


def _store(workspace: Workspace, collection: str) -> CollectionStore:
    return CollectionStore(workspace.collection_folder(workspace.collection(collection).name))
