"""Jobs that show a dataset: its documents, and its statistics."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from fmstudio.data.documents import Documents, open_documents
from fmstudio.data.intake import SKIPPED
from fmstudio.data.kinds import EXAMPLE_KINDS
from fmstudio.data.languages import language_of
from fmstudio.data.pacing import Pace
from fmstudio.data.tuning.examples import read, readable
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.workspace import Workspace, explained, write_atomically

SHOWN = 20_000  # characters of a document
STATISTICS = "statistics.json"
Data = TypeVar("Data")
TEXTS = ("text", *EXAMPLE_KINDS)
"""Kinds of datasets that are read here."""

_ASKED = 300  # documents whose language is looked at


def preview(
    context: JobContext, workspace: Workspace, dataset: str, start: int = 0, count: int = 50, search: str = ""
) -> Generator[Event, None, dict[str, Any]]:
    """Show `count` documents from number `start` on, of all or of those that contain `search` in text or title.

    A search shows what it has found as soon as that fills the page, then counts on; "complete" tells the last answer.
    """
    with open_documents(workspace, dataset, TEXTS) as documents:
        if not search.strip():
            chosen = list(range(max(0, start), min(len(documents), start + count)))
            page = _page(documents, chosen, start, len(documents))
        else:
            page = yield from _search(context, documents, search.strip(), start, count)
        yield Sample("preview", "documents", page)
        return {"total": page["total"]}


def _page(documents: Documents, chosen: list[int], start: int, total: int, search: str = "",
          complete: bool = True) -> dict[str, Any]:  # fmt: skip
    shown = [_shown(documents, index, search) for index in chosen]
    return {"total": total, "start": start, "search": search, "complete": complete, "documents": shown}


def _opened(workspace: Workspace, dataset: str) -> Documents:
    return open_documents(workspace, dataset, TEXTS)


def _text(documents: Documents, index: int) -> str:
    """A document as a person reads it: an example to fine-tune on is one line of JSON, and shown turn by turn."""
    text = documents.text(index)
    return readable(read(text)) if documents.kind in EXAMPLE_KINDS else text


def _shown(documents: Documents, index: int, search: str) -> dict[str, Any]:
    text, about = _text(documents, index), documents.about(index)
    found = text.lower().find(search.lower()) if search else 0
    # A long document is shown from its beginning, or from a little before what was found far inside it.
    start = found - 1_000 if found > SHOWN - 1_000 else 0
    return {
        "index": index,
        "title": about["title"],
        "source": about["source"],
        "bytes": int(documents.sizes[index]),
        "text": ("…" if start else "") + text[start : start + SHOWN],
        "truncated": len(text) > SHOWN,
    }


def _search(
    context: JobContext, documents: Documents, search: str, start: int, count: int
) -> Generator[Event, None, dict[str, Any]]:
    chosen: list[int] = []
    total, done, pace, full = 0, 0, Pace(), False
    size = int(documents.sizes.sum())
    wanted = search.lower()
    for index, length in enumerate(documents.sizes.tolist()):
        if wanted in _text(documents, index).lower() or wanted in documents.about(index)["title"].lower():
            if start <= total < start + count:
                chosen.append(index)
            total += 1
        done += length
        if len(chosen) == count and not full:
            full = True
            yield Sample("preview", "documents", _page(documents, chosen, start, total, search, complete=False))
        if pace.due():
            yield Progress(done, size, "bytes", f"Searching for {search!r}")
            if context.stopping:
                break
    return _page(documents, chosen, start, total, search)


def statistics(context: JobContext, workspace: Workspace, dataset: str) -> Generator[Event, None, dict[str, Any]]:
    """Count what is in a dataset of texts."""
    found = yield from counted_once(context, workspace, dataset, _opened, _count)
    if not found:
        return {}
    yield Sample("statistics", "statistics", found)
    return {key: found[key] for key in ("documents", "bytes", "characters", "words")}


def counted_once(
    context: JobContext,
    workspace: Workspace,
    dataset: str,
    opened: Callable[[Workspace, str], AbstractContextManager[Data]],
    count: Callable[[JobContext, Data], Generator[Event, None, dict[str, Any]]],
) -> Generator[Event, None, dict[str, Any]]:
    """What `count` finds in a dataset, with the files that were skipped; kept beside it. Nothing if it is stopped."""
    folder = workspace.dataset_folder(dataset)
    content = workspace.dataset(dataset).details.get("content")
    found = _kept(folder / STATISTICS, content)
    if found is None:
        with opened(workspace, dataset) as data:
            found = yield from count(context, data)
        if context.stopping:
            return {}
        found |= {"content": content, "skipped": skipped(folder)}
        with explained(folder):
            write_atomically(folder / STATISTICS, json.dumps(found, ensure_ascii=False))
    return found


def _kept(file: Path, content: object) -> dict[str, Any] | None:
    """What was counted before, if it was this very content."""
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("content") == content else None


def skipped(folder: Path) -> list[dict[str, str]]:
    """The files that an import left out, with the reasons."""
    try:
        return [json.loads(line) for line in (folder / SKIPPED).read_text("utf-8").split("\n") if line]
    except (OSError, ValueError):
        return []


def _count(context: JobContext, documents: Documents) -> Generator[Event, None, dict[str, Any]]:
    sizes = documents.sizes
    characters = np.zeros(len(documents), np.int64)
    words, done, pace = 0, 0, Pace()
    counts: dict[str, Counter[str]] = {"encodings": Counter(), "kinds": Counter(), "languages": Counter()}
    asked = set(np.linspace(0, len(documents) - 1, min(_ASKED, len(documents)), dtype=int).tolist())
    for index, size in enumerate(sizes.tolist()):
        text, about = _text(documents, index), documents.about(index)
        characters[index] = len(text)
        words += len(text.split())
        counts["encodings"][about["encoding"]] += 1
        counts["kinds"][PurePosixPath(_file_of(documents, about)).suffix.lower().lstrip(".") or "other"] += 1
        if index in asked:
            counts["languages"][language_of(text)] += 1
        done += size
        if pace.due():
            yield Progress(done, int(sizes.sum()), "bytes", "Counting")
            if context.stopping:
                return {}
    return {
        "documents": len(documents),
        "bytes": int(sizes.sum()),
        "characters": int(characters.sum()),
        "words": words,
        "length_histogram": length_histogram(characters),
        "languages_looked_at": len(asked),
        **{name: dict(counter.most_common()) for name, counter in counts.items()},
    }


def _file_of(documents: Documents, about: Mapping[str, str]) -> str:
    """The file that a document came from; an example to fine-tune on names its row too."""
    source = about["source"]
    return source.rpartition(", row ")[0] or source if documents.kind in EXAMPLE_KINDS else source


def length_histogram(characters: np.ndarray) -> dict[str, list[float]]:
    """Counts of documents by their length in characters, in up to thirty bins that are equally wide on a log axis."""
    low = max(1, int(characters.min()))
    high = max(low, int(characters.max())) + 1
    edges = np.unique(np.round(np.geomspace(low, high, 31)).astype(np.int64))
    counts, _ = np.histogram(characters, edges)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
