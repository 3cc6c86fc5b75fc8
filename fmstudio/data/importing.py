"""The job that makes a dataset out of files: read one after the other, whatever is bad listed and left out."""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmstudio.data import sources as files
from fmstudio.data.cutting import LONGEST, Cutting
from fmstudio.data.documents import Document, DocumentWriter
from fmstudio.data.errors import DataError, Refused
from fmstudio.data.pacing import Pace
from fmstudio.data.readers import registry
from fmstudio.data.readers.source import Reading, Source
from fmstudio.jobs import Artefact, Event, JobContext, Note, Progress
from fmstudio.recipe import build, setting
from fmstudio.workspace import DatasetRecord, Workspace, atomic_folder, explained
from fmstudio.workspace.rebuild import write_record

SKIPPED = "skipped.jsonl"
_NOTES = 20  # of a kind; the rest is counted
_BREATH = 0.05  # seconds of reading between two events


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How files become documents."""

    documents: str = setting(
        "automatic",
        "What is one document: a file, or a part of it cut at headings and blank lines, or what stands between two "
        "separator lines; automatic keeps short files whole and cuts long ones.",
        choices=("automatic", "file", "paragraphs", "separator"),
    )
    length: int = setting(12_000, "Characters near which long texts are cut.", minimum=200, maximum=LONGEST)
    separator: str = setting("---", "The line that ends a document where separators do.")
    column: str = setting("", "The column of a table that holds the text; left empty, it is chosen by name and length.")
    encoding: str = setting("", "The encoding of text files; left empty, it is detected for each.")
    licence: str = setting("", "The licence of the data, for the cards of models made from it.")
    title: str = setting("", "What the dataset is called in full.")
    description: str = setting("", "One sentence on what the data is.")


@dataclass(slots=True)
class _Report:
    """What happened, for the person and for dataset.toml."""

    sources: list[str]
    read: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    complete: bool = True


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

    name: left empty, it is that of the first source. options: fields of ImportOptions. origin: where the sources came
    from, if not from the person. Raises DataError where no file at all could be imported. A stopped job keeps the
    documents read so far; a cancelled one leaves nothing.
    """
    chosen: ImportOptions = build(ImportOptions, options or {}, "options.")
    name = _dataset_name(workspace, name, sources, kind)
    found = yield from _find(sources)
    cutting = choose_cutting(chosen, found)
    report = _Report([origin] if origin else [str(source) for source in sources])
    folder = workspace.dataset_folder(name)
    with explained(folder), atomic_folder(folder) as temporary:
        with DocumentWriter(temporary) as writer:
            yield from _read_all(context, found, chosen, cutting, writer, report)
        if not writer.documents:
            raise DataError(_nothing(report))
        record = DatasetRecord(name, "text", writer.documents, writer.bytes,
                               details=_details(chosen, cutting, writer, report))  # fmt: skip
        _write_skipped(temporary, report)
        write_record(temporary, record)
    workspace.put_dataset(record)
    yield from _conclusions(report)
    yield Artefact("dataset", name, str(folder))
    return {"dataset": name, "documents": record.items, "bytes": record.bytes, "skipped": report.skipped}


def _find(sources: list[str]) -> Generator[Event, None, list[files.Found]]:
    found: list[files.Found] = []
    pace = Pace(_BREATH)
    for file in files.find(sources):
        found.append(file)
        if pace.due():
            yield Progress(len(found), None, "files", "Looking for files")
    return found


def _dataset_name(workspace: Workspace, name: str, sources: list[str], kind: str) -> str:
    if kind != "text":
        raise DataError(f"{kind!r} is not a kind of dataset that can be added; add text.")
    if not sources:
        raise DataError("There is nothing to add; choose a file or a folder.")
    if not name:
        stem = "".join(letter if letter.isalnum() or letter in " .+-_" else "-" for letter in Path(sources[0]).stem)
        return workspace.free_name("datasets", stem.strip(" .+-")[:70] or "dataset")
    if workspace.free_name("datasets", name) != name:
        raise DataError(f"There is a dataset named {name!r} already; choose another name, or delete that one first.")
    return name


def choose_cutting(options: ImportOptions, found: list[files.Found]) -> Cutting:
    """How long texts are cut. Left to itself it aims at twenty documents, so that some can be held out to validate."""
    match options.documents:
        case "file":
            return Cutting()
        case "separator":
            if not options.separator.strip():
                raise DataError("options.separator is empty, but it must be the line that ends a document.")
            return Cutting(separator=options.separator.strip())
        case "paragraphs":
            return Cutting(options.length * 3 // 2, options.length)
    readable = [file for file in found if not file.reason]
    if len(readable) >= 20:
        return Cutting(32_000, options.length)
    length = min(options.length, max(1_000, sum(file.size for file in readable) // 20))
    return Cutting(length * 3 // 2, length)


def _read_all(
    context: JobContext,
    found: list[files.Found],
    options: ImportOptions,
    cutting: Cutting,
    writer: DocumentWriter,
    report: _Report,
) -> Iterator[Event]:
    total, before = sum(file.size for file in found), 0
    yield Progress(0, total, "bytes", "Reading")
    for file in found:
        if file.reason:
            yield from _skip(report, file.name, file.reason)
            continue
        source = Source(file.path, file.name, file.size, cutting, options.column, options.encoding)
        start = writer.mark()
        try:
            for done in _read(source, writer):
                yield Progress(before + done, total, "bytes", f"Reading {file.name}")
                if context.stopping:
                    break
            report.read += not context.stopping
            yield from _repairs(source)
        except Refused as refusal:
            writer.go_back(start)
            yield from _skip(report, file.name, str(refusal))
        before += file.size
        yield Progress(before, total, "bytes", f"Reading {file.name}")
        if context.stopping:
            report.complete = False
            return


def _read(source: Source, writer: DocumentWriter) -> Iterator[int]:
    """Write a file's documents; yields now and then how many bytes of it are read."""
    pace, before = Pace(_BREATH), writer.documents
    for document in _guarded(registry.read(source)):
        if document is not None:
            writer.add(document)
        if pace.due():
            yield min(source.done, source.size)
    if writer.documents == before:
        raise Refused("it holds no text")


def _guarded(reading: Reading) -> Reading:
    """A reading whose every error is a refusal: libraries raise what they like on a bad file, and it is never fatal."""
    try:
        yield from reading
    except Refused:
        raise
    except OSError as error:
        raise Refused(f"it cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise Refused("it needs more memory than there is") from error
    except Exception as error:
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refused(f"it is damaged or not what its ending says ({first_line})") from error


def _skip(report: _Report, name: str, reason: str) -> Iterator[Event]:
    report.skipped.append({"source": name, "reason": reason})
    if len(report.skipped) <= _NOTES:
        yield Note(f"{name} was skipped: {reason}.", "warning")


def _repairs(source: Source) -> Iterator[Event]:
    for note in source.notes[:_NOTES]:
        yield Note(f"{source.name}: {note}.", "warning")


def _conclusions(report: _Report) -> Iterator[Event]:
    if len(report.skipped) > _NOTES:
        yield Note(f"{len(report.skipped):,} files were skipped in all; the dataset's {SKIPPED} lists them.", "warning")
    if not report.complete:
        yield Note("The import was stopped; what had been read by then is kept.", "warning")


def _nothing(report: _Report) -> str:
    if not report.complete:
        return "The import was stopped before the first document was read, so there is no dataset; add it again."
    if not report.skipped:
        return f"There is no file to read in {', '.join(report.sources)}; known endings are {registry.known_endings()}."
    first = report.skipped[0]
    if len(report.skipped) == 1:
        return f"{first['source']} cannot be imported: {first['reason']}."
    return (
        f"None of the {len(report.skipped):,} files can be imported; the first, {first['source']}, "
        f"was skipped because {first['reason']}."
    )


def _details(options: ImportOptions, cutting: Cutting, writer: DocumentWriter, report: _Report) -> dict[str, Any]:
    details = {
        "content": writer.content,
        "sources": report.sources,
        "files": report.read,
        "skipped": len(report.skipped),
        "complete": report.complete,
        "documents": cutting.sentence,
        "licence": options.licence,
        "title": options.title,
        "description": options.description,
    }
    return {key: value for key, value in details.items() if value != ""}


def _write_skipped(folder: Path, report: _Report) -> None:
    lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in report.skipped]
    (folder / SKIPPED).write_text("".join(lines), "utf-8")


def keep(workspace: Workspace, name: str, documents: Iterator[Document], details: Mapping[str, Any]) -> DatasetRecord:
    """Write documents that the studio itself provides as a dataset, at once."""
    folder = workspace.dataset_folder(name)
    with explained(folder), atomic_folder(folder) as temporary:
        with DocumentWriter(temporary) as writer:
            for document in documents:
                writer.add(document)
        record = DatasetRecord(name, "text", writer.documents, writer.bytes,
                               details={"content": writer.content, **details})  # fmt: skip
        write_record(temporary, record)
    workspace.put_dataset(record)
    return record
