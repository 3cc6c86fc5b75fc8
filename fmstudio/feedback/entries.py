"""The feedback log for whoever looks at it: pages of a list, one entry, what a person thinks of it, and deleting."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, Event, JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import FeedbackFilter, Workspace
from fmstudio.workspace.deleting import delete_feedback

JUDGEMENT = ("thumbs", "score", "tags", "comment", "correction")
"""What a person may change of an entry; the rest is what happened."""


class FeedbackError(StudioError):
    """Something that cannot be done with the feedback log as asked."""


def chosen(filters: Mapping[str, str], text: str = "") -> FeedbackFilter:
    """A filter from plain values; raises FeedbackError that names what is not known."""
    known = {field.name for field in dataclasses.fields(FeedbackFilter)}
    if unknown := sorted(filters.keys() - known):
        raise FeedbackError(f"Feedback has no filter {unknown[0]!r}; known are {', '.join(sorted(known))}.")
    return FeedbackFilter(**{**filters, **({"text": text} if text else {})})  # type: ignore[arg-type]


def table(
    context: JobContext,
    workspace: Workspace,
    filters: Mapping[str, str] | None = None,
    text: str = "",
    sort: str = "created",
    descending: bool = True,
    start: int = 0,
    count: int = 100,
) -> Iterator[Event]:
    """A page of the list: {total, everything (without filters), start, rows}; of long texts only the beginning."""
    which = chosen(filters or {}, text)
    log = workspace.feedback
    rows = log.search(which, sort, descending, start, count)
    data = {"total": log.count(which), "everything": log.count(), "start": start}
    yield Sample("table", "table", data | {"rows": [dataclasses.asdict(row) for row in rows]})


def choices(context: JobContext, workspace: Workspace) -> Iterator[Event]:
    """What the log can be filtered by: {models, tags}."""
    log = workspace.feedback
    yield Sample("choices", "choices", {"models": log.models(), "tags": log.tags()})


def detail(context: JobContext, workspace: Workspace, entry: str) -> Iterator[Event]:
    """One entry with its texts, as plain data."""
    record = workspace.feedback.get(entry)
    picture = workspace.feedback.picture_path(entry)
    found = str(picture) if record.kind == "image" and picture.is_file() else ""
    yield Sample("entry", "entry", dataclasses.asdict(record) | {"picture_path": found})


def judgement(context: JobContext, workspace: Workspace, entry: str) -> Iterator[Event]:
    """What a person thinks of one entry, its output, and the tags that others have."""
    record = workspace.feedback.get(entry)
    data = {name: getattr(record, name) for name in ("kind", "output", *JUDGEMENT)}
    yield Sample("judgement", "judgement", data | {"entry": entry, "known_tags": workspace.feedback.tags()})


def edit(context: JobContext, workspace: Workspace, entry: str, changes: Mapping[str, Any]) -> Job:
    """Change what a person thinks of one entry."""
    if unknown := sorted(changes.keys() - set(JUDGEMENT)):
        raise FeedbackError(f"{unknown[0]!r} of a feedback entry cannot be changed; it is what happened.")
    values = dict(changes)
    if "tags" in values:
        values["tags"] = tuple(values["tags"])
    record = workspace.feedback.update(entry, **values)
    yield Artefact("feedback", entry, str(workspace.index_path))
    return {"entry": entry, "updated": record.updated}


def delete(
    context: JobContext,
    workspace: Workspace,
    entries: Sequence[str] | None = None,
    filters: Mapping[str, str] | None = None,
    text: str = "",
) -> Job:
    """Delete entries by id, or without ids all that are chosen; "bin" of what is returned is what brings them back."""
    ids = list(entries) if entries is not None else workspace.feedback.ids(chosen(filters or {}, text))
    deleted = delete_feedback(workspace, ids)
    yield Artefact("feedback", ids[0] if len(ids) == 1 else "", str(workspace.index_path))
    return {"entries": ids, "removed": len(deleted.rows) if deleted else 0, "bin": deleted.id if deleted else ""}
