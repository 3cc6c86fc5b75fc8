"""Writes the feedback log as JSON lines: for instruction tuning, for preference tuning, or whole, to be imported."""

import dataclasses
import json
import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from fmstudio.data.tuning.keeping import reasons
from fmstudio.feedback.entries import FeedbackError, chosen
from fmstudio.feedback.tuning import FORMS, LeftOut, instructions, preferences
from fmstudio.jobs import Artefact, Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import FeedbackFilter, FeedbackRecord, Workspace, atomic_file, explained

FORMATS = ("instructions", "preferences", "log")
_FIRST_LINES, _LONGEST = 3, 600


def preview(
    context: JobContext,
    workspace: Workspace,
    format: str = "log",
    form: str = "plain",
    filters: Mapping[str, str] | None = None,
    text: str = "",
) -> Iterator[Event]:
    """What `export` would write: {format, written, left_out: [{reason, entries}], first: the first lines, cut}."""
    left_out = LeftOut()
    first: list[str] = []
    written = 0
    which = chosen(filters or {}, text)
    for line in (yield from _lines(workspace, format, form, which, left_out)):
        written += 1
        if len(first) < _FIRST_LINES:
            first.append(json.dumps(line, ensure_ascii=False)[:_LONGEST])
        if written % 200 == 0:
            yield Progress(written, None, "lines")
    data = {"format": format, "form": form, "written": written, "left_out": reasons(left_out), "first": first}
    yield Sample("preview", "preview", data)


def export(
    context: JobContext,
    workspace: Workspace,
    path: str,
    format: str = "log",
    form: str = "plain",
    filters: Mapping[str, str] | None = None,
    text: str = "",
) -> Job:
    """Write the entries chosen to `path`: the whole file or, where it is stopped or fails, nothing.

    The pictures of the log's own form go into a folder beside the file, which has its name. The result tells how many
    lines were written, and how many entries were left out for which reason.
    """
    target, left_out, written = Path(path).expanduser(), LeftOut(), 0
    which = chosen(filters or {}, text)
    lines = yield from _lines(workspace, format, form, which, left_out)
    total = workspace.feedback.count(which)
    with explained(target):
        with atomic_file(target) as file:
            for line in lines:
                if context.stopping:
                    raise FeedbackError(f"The export was stopped; {target.name} was not written.")
                _write(file, line)
                written += 1
                if written % 100 == 1:
                    yield Progress(written - 1, total, "lines", f"Writing {target.name}")
        if format == "log":
            _copy_pictures(workspace, which, target)
    yield Progress(total, total, "lines")
    yield Artefact("file", target.name, str(target))
    return {"path": str(target), "format": format, "form": form, "written": written, "left_out": reasons(left_out)}


def _lines(
    workspace: Workspace, format: str, form: str, which: FeedbackFilter, left_out: LeftOut
) -> Generator[Event, None, Iterable[dict[str, Any]]]:
    """The lines to write; yields while it reads the entries that are to be compared with each other."""
    if format not in FORMATS:
        raise FeedbackError(f"Feedback cannot be written as {format!r}; choose one of {', '.join(FORMATS)}.")
    if form not in FORMS:
        raise FeedbackError(f"The form {form!r} is not known; choose one of {', '.join(FORMS)}.")
    if format == "log":
        return map(as_line, workspace.feedback.records(which))
    records = yield from gathered(workspace, which)
    make = instructions if format == "instructions" else preferences
    return make(records, next(each for each in FORMS if each == form), left_out)


def gathered(workspace: Workspace, which: FeedbackFilter) -> Generator[Event, None, list[FeedbackRecord]]:
    """The entries chosen with their texts; yields now and then, so that other jobs have their turn."""
    records: list[FeedbackRecord] = []
    ids = workspace.feedback.ids(which)
    for each in ids:
        records.append(workspace.feedback.get(each))
        if len(records) % 200 == 0:
            yield Progress(len(records), len(ids), "entries", "Reading the log")
    return records


def as_line(record: FeedbackRecord) -> dict[str, Any]:
    """An entry with everything, as `importing` reads it back."""
    return dataclasses.asdict(record)


def _write(file: IO[bytes], line: Mapping[str, Any]) -> None:
    file.write(json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n")


def pictures_beside(path: Path) -> Path:
    """The folder with the pictures of a written log."""
    return path.with_name(f"{path.stem}-pictures")


def _copy_pictures(workspace: Workspace, which: FeedbackFilter, target: Path) -> None:
    if which.kind == "text":
        return
    beside = pictures_beside(target)
    for record in workspace.feedback.records(dataclasses.replace(which, kind="image")):
        source = workspace.feedback.picture_path(record.id)
        if source.is_file():
            beside.mkdir(exist_ok=True)
            shutil.copyfile(source, beside / source.name)
