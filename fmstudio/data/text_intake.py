"""How files become documents."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmstudio.data.cutting import LONGEST, Cutting
from fmstudio.data.documents import Document, DocumentWriter, Mark
from fmstudio.data.errors import DataError, Refused
from fmstudio.data.intake import Report, guarded
from fmstudio.data.naming import (
    description_setting,
    encoding_setting,
    header_setting,
    licence_setting,
    title_setting,
)
from fmstudio.data.readers import registry
from fmstudio.data.readers.source import SourceFile
from fmstudio.data.sources import Found
from fmstudio.jobs import Event
from fmstudio.recipe import build, setting
from fmstudio.workspace import DatasetRecord, Workspace, atomic_folder, explained
from fmstudio.workspace.record_files import write_record


@dataclass(frozen=True, slots=True, kw_only=True)
class TextImportOptions:
    """How files become documents."""

    documents: str = setting(
        "automatic",
        "What is one document: a file, or a part of it cut at headings and blank lines, or what stands between two "
        "separator lines; automatic keeps short files whole and cuts long ones.",
        choices={
            "automatic": "Automatic",
            "file": "Each file is one document",
            "paragraphs": "Cut near a length",
            "separator": "Cut at a separator line",
        },
        title="What is one document",
    )
    length: int = setting(
        12_000,
        "Characters near which long texts are cut.",
        title="Length of a document",
        minimum=200,
        maximum=LONGEST,
        unit="characters",
    )
    separator: str = setting("---", "The line that ends a document where separators do.", title="Separator line")
    column: str = setting(
        "",
        "The column of a table that holds the text; left empty, it is chosen by name and length.",
        title="Column of tables",
        placeholder="Found by name and length",
    )
    header: str = header_setting()
    encoding: str = encoding_setting()
    licence: str = licence_setting()
    title: str = title_setting()
    description: str = description_setting()


class TextIntake:
    """Reads files of text, e-books, office files and tables."""

    kind = "text"
    unit = "documents"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options: TextImportOptions = build(TextImportOptions, options, "options.")
        self._cutting = Cutting()
        self._writer: DocumentWriter
        self.endings = registry.known_endings()
        self.is_known = registry.is_known

    def prepare(self, found: list[Found], report: Report) -> Generator[Event, None, list[Found]]:
        """Decide how long texts are cut."""
        self._cutting = choose_cutting(self._options, found)
        yield from ()
        return found

    def open(self, folder: Path) -> AbstractContextManager[Any]:
        """Begin the documents."""
        self._writer = DocumentWriter(folder)
        return self._writer

    def read(self, file: Found, notes: list[str], facts: list[str]) -> Iterator[int]:
        """Write a file's documents; one without any text is refused."""
        options = self._options
        source = SourceFile(
            file.path, file.name, file.size, self._cutting, options.column, options.encoding, options.header,
            notes=notes, facts=facts,
        )  # fmt: skip
        before = self._writer.documents
        for document in guarded(registry.read(source)):
            if document is not None:
                self._writer.add(document)
            yield min(source.done, source.size)
        if self._writer.documents == before:
            raise Refused("it holds no text")

    def mark(self) -> Mark:
        """The present place."""
        return self._writer.mark()

    def go_back(self, mark: Mark) -> None:
        """Drop the documents added since."""
        self._writer.go_back(mark)

    @property
    def items(self) -> int:
        """Documents so far."""
        return self._writer.documents

    @property
    def bytes(self) -> int:
        """Bytes of text so far."""
        return self._writer.bytes

    def details(self) -> dict[str, Any]:
        """For the dataset's record."""
        return {
            "content": self._writer.content,
            "documents": self._cutting.sentence,
            "licence": self._options.licence,
            "title": self._options.title,
            "description": self._options.description,
        }


def choose_cutting(options: TextImportOptions, found: list[Found]) -> Cutting:
    """How long texts are cut. Left to itself it aims at twenty documents, so that some can be held out to validate."""
    match options.documents:
        case "file":
            return Cutting()
        case "separator":
            if not options.separator.strip():
                raise DataError("options.separator is empty, but it must be the line that ends a document.")
            return Cutting(separator=options.separator.strip())
        case "paragraphs":
            return Cutting(options.length * 3 // 2, options.length, rows=True)
    readable = [file for file in found if not file.reason]
    if len(readable) >= 20:
        return Cutting(32_000, options.length)
    length = min(options.length, max(1_000, sum(file.size for file in readable) // 20))
    return Cutting(length * 3 // 2, length)


def keep(
    workspace: Workspace, name: str, documents: Iterable[Document], details: Mapping[str, Any], kind: str = "text"
) -> DatasetRecord:
    """Write documents that the studio itself provides as a dataset, at once."""
    folder = workspace.dataset_folder(name)
    with explained(folder), atomic_folder(folder) as temporary:
        with DocumentWriter(temporary) as writer:
            for document in documents:
                writer.add(document)
        record = DatasetRecord(name, kind, writer.documents, writer.bytes,
                               details={"content": writer.content, **details})  # fmt: skip
        write_record(temporary, record)
    workspace.put_dataset(record)
    return record
