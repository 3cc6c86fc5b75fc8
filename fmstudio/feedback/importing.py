"""Reads JSON lines into the feedback log: a log written by the studio, or instruction or preference tuning data.

Every line is looked at before the first entry is kept, and all are kept at once or none.
"""

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmstudio.feedback.exporting import gathered, pictures_beside
from fmstudio.feedback.lines import IMPORTED, LineError, digest_of, read_line
from fmstudio.feedback.tuning import FORMS, LeftOut, instructions, preferences
from fmstudio.jobs import Artefact, Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import FeedbackFilter, FeedbackRecord, Workspace, explained

_LISTED = 200
"""Bad lines that are listed; the others are counted."""

_AT_ONCE = 100
"""Entries that are kept between two turns of other jobs."""

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(slots=True)
class _Reading:
    """What was found in a file so far: entries, each with the digest of its line, and lines that are none."""

    found: list[tuple[FeedbackRecord, str]] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)
    bad_lines: int = 0

    def take(self, number: int, text: bytes) -> None:
        try:
            self.found.append(read_line(text))
        except LineError as error:
            self.bad_lines += 1
            if len(self.bad) < _LISTED:
                self.bad.append({"line": number, "reason": str(error)})

    def new(self, known: set[str]) -> list[FeedbackRecord]:
        """The entries that are neither known nor twice in the file."""
        records = []
        for record, digest in self.found:
            if digest not in known and record.id not in known:
                records.append(record)
            known |= {digest, record.id}
        return records


def load(context: JobContext, workspace: Workspace, path: str) -> Job:
    """Add a file's entries to the log. Lines that cannot be read are told by number and reason, and left out.

    Entries that the log has already, and lines that it would write itself, are counted as duplicates.
    """
    source, reading = Path(path).expanduser(), _Reading()
    with explained(source):
        yield from _read(context, source, reading)
    known = yield from _known(workspace, reading)
    records = reading.new(known)
    kept = yield from _keep(context, workspace, records)
    if kept:
        with explained(workspace.feedback.folder):
            _take_pictures(workspace, records, pictures_beside(source))
    yield Sample("bad", "bad", {"lines": reading.bad, "count": reading.bad_lines})
    yield Artefact("feedback", "", str(workspace.index_path))
    return {
        "path": str(source), "imported": kept, "duplicates": len(reading.found) - len(records),
        "bad_lines": reading.bad_lines, "bad": reading.bad,
    }  # fmt: skip


def _read(context: JobContext, source: Path, reading: _Reading) -> Iterator[Event]:
    total, done = source.stat().st_size, 0
    with source.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            done += len(line)
            if line.strip():
                reading.take(number, line)
            if number % 200 == 1:
                yield Progress(done, total, "bytes", f"Reading {source.name}")
            if context.stopping:
                return


def _known(workspace: Workspace, reading: _Reading) -> Generator[Event, None, set[str]]:
    """The ids of the log and, where the file is training data, the digests of all such lines that it would write."""
    known = set(workspace.feedback.ids())
    if any(record.model == IMPORTED for record, _ in reading.found):
        records = yield from gathered(workspace, FeedbackFilter())
        for make in (instructions, preferences):
            for form in FORMS:
                known.update(digest_of(line) for line in make(records, form, LeftOut()))
    return known


def _keep(context: JobContext, workspace: Workspace, records: list[FeedbackRecord]) -> Generator[Event, None, int]:
    """Keep the entries bit by bit, hidden, so that other jobs have their turn; all appear at once, or none does."""
    log = workspace.feedback
    with log.arriving():
        for start in range(0, len(records), _AT_ONCE):
            if context.stopping:
                return 0
            log.add_all(records[start : start + _AT_ONCE], hidden=True)
            yield Progress(min(start + _AT_ONCE, len(records)), len(records), "entries", "Keeping them")
        return 0 if context.stopping else log.reveal()


def _take_pictures(workspace: Workspace, records: list[FeedbackRecord], beside: Path) -> None:
    """Copy the pictures that lie beside a written log; what is no PNG file stays where it is."""
    for record in records:
        source = beside / f"{record.id}.png"
        if record.kind == "image" and source.is_file():
            with source.open("rb") as file:
                is_png = file.read(len(_PNG)) == _PNG
            if is_png:
                shutil.copyfile(source, workspace.feedback.picture_path(record.id))
