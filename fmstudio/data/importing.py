"""The job that makes a dataset out of files: read one after the other, whatever is bad listed and left out."""

import importlib
import os
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from fmstudio.data import sources as files
from fmstudio.data.errors import DataError, Refused
from fmstudio.data.intake import Intake, Report, new_name
from fmstudio.data.kinds import KINDS
from fmstudio.data.pacing import Pace
from fmstudio.jobs import Artefact, Event, JobContext, Progress
from fmstudio.workspace import DatasetRecord, Workspace, explained
from fmstudio.workspace.record_files import write_record

_BREATH = 0.05  # seconds of reading between two events


def add(
    context: JobContext,
    workspace: Workspace,
    sources: list[str],
    name: str = "",
    kind: str = "text",
    options: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Generator[Event, None, dict[str, Any]]:
    """Import files and folders as a dataset.

    name: left empty, it is that of the first source. kind: one of `data.kinds`. options: the fields of its intake's
    options. origin: where the sources came from, if not from the person. Raises DataError where no file at all could be
    imported. A stopped job keeps what was read so far; a cancelled one leaves nothing. Returns {"dataset", what its
    items are called: how many, "bytes", "skipped"}, "facts" where there is something to say of how files were read, and
    of examples to fine-tune on the "counts" of each kind.
    What a person asked for stays in the record, as "asked", so that it can be changed and asked again.
    """
    intake = _intake(kind, options or {})
    if not sources:
        raise DataError("There is nothing to add; choose a file or a folder.")
    name = new_name(workspace, name, Path(sources[0]).stem)
    report = Report([origin] if origin else [files.shown(source) for source in sources])
    found = yield from _find(sources, intake)
    chosen = yield from intake.prepare(found, report)
    folder = workspace.dataset_folder(name)
    with explained(folder), workspace.new_dataset(name) as temporary:
        with intake.open(temporary):
            yield from _read_all(context, chosen, intake, report)
        if not intake.items:
            raise DataError(report.nothing(intake.unit, intake.endings))
        details = _details(intake, report)
        if not origin:
            places = [files.shown(os.path.abspath(Path(source).expanduser())) for source in sources]
            details["asked"] = {"sources": places, "kind": kind, "options": dict(options or {})}
        record = DatasetRecord(name, intake.kind, intake.items, intake.bytes, details=details)
        report.write(temporary)
        write_record(temporary, record)
    workspace.put_dataset(record)
    yield from report.conclusions()
    yield Artefact("dataset", name, str(folder))
    told = {"skipped": report.skipped} | ({"facts": report.facts} if report.facts else {})
    told |= {"counts": details["counts"]} if "counts" in details else {}
    return {"dataset": name, intake.unit: record.items, "bytes": record.bytes, **told}


def _intake(kind: str, options: Mapping[str, Any]) -> Intake:
    if kind not in KINDS:
        raise DataError(f"{kind!r} is not a kind of dataset that can be added; add one of {', '.join(KINDS)}.")
    module, _, name = KINDS[kind].intake.partition(":")
    intake: Intake = getattr(importlib.import_module(module), name)(options)
    return intake


def _find(sources: list[str], intake: Intake) -> Generator[Event, None, list[files.Found]]:
    found: list[files.Found] = []
    pace = Pace(_BREATH)
    for file in files.find(sources, intake.is_known):
        found.append(file)
        if pace.due():
            yield Progress(len(found), None, "files", "Looking for files")
    return found


def _read_all(context: JobContext, found: list[files.Found], intake: Intake, report: Report) -> Iterator[Event]:
    total, before, pace = sum(file.size for file in found), 0, Pace(_BREATH)
    yield Progress(0, total, "bytes", "Reading")
    for file in found:
        if file.reason:
            yield from report.skip(file.name, file.reason)
            continue
        notes: list[str] = []
        facts: list[str] = []
        start = intake.mark()
        try:
            for done in intake.read(file, notes, facts):
                if pace.due():
                    yield Progress(before + done, total, "bytes", f"Reading {file.name}")
                    if context.stopping:
                        break
            report.read += not context.stopping
            yield from report.repairs(file.name, notes)
            yield from report.learnt(file.name, facts)
        except Refused as refusal:
            intake.go_back(start)
            yield from report.skip(file.name, str(refusal))
        before += file.size
        if before == total or pace.due():
            yield Progress(before, total, "bytes", f"Reading {file.name}")
        if context.stopping:
            report.complete = False
            return


def _details(intake: Intake, report: Report) -> dict[str, Any]:
    return {key: value for key, value in (report.details() | intake.details()).items() if value != ""}
