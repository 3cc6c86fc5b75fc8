"""How tables become examples to fine-tune on. Rows that cannot be used are left out, counted and listed by number."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmstudio.data.documents import Document, DocumentWriter, Mark
from fmstudio.data.errors import Refused
from fmstudio.data.intake import Report, guarded
from fmstudio.data.kinds import INSTRUCTIONS, PREFERENCES
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
from fmstudio.data.tuning.examples import Instruction, Judgement, Preference, title_of, written
from fmstudio.data.tuning.rows import TableExamples, examples_in
from fmstudio.data.tuning.shapes import Columns, example_of
from fmstudio.jobs import Event
from fmstudio.recipe import build
from fmstudio.wording import numbered, plural

COUNTED = {Instruction: "conversations", Preference: "pairs", Judgement: "judgements"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleImportOptions:
    """How tables become examples, beside which column holds what."""

    header: str = header_setting()
    encoding: str = encoding_setting()
    licence: str = licence_setting()
    title: str = title_setting()
    description: str = description_setting()


class ExampleIntake:
    """Reads tables whose rows are examples of one kind."""

    unit = "examples"

    def __init__(self, kind: str, options: Mapping[str, Any]) -> None:
        rest = dict(options)
        self.kind = kind
        self._columns: Columns = build(Columns, rest.pop("columns", {}), "options.columns.")
        self._options: ExampleImportOptions = build(ExampleImportOptions, rest, "options.")
        self._writer: DocumentWriter
        self._counts: dict[str, int] = defaultdict(int)
        self.endings = " ".join(sorted(registry.TABLES))

    def is_known(self, path: Path) -> bool:
        """Whether it is a table."""
        return path.suffix.lower() in registry.TABLES

    def prepare(self, found: list[Found], report: Report) -> Generator[Event, None, list[Found]]:
        """Nothing is to be decided before."""
        yield from ()
        return found

    def open(self, folder: Path) -> AbstractContextManager[Any]:
        """Begin the examples; each is kept as a document of one line of JSON."""
        self._writer = DocumentWriter(folder)
        return self._writer

    def read(self, file: Found, notes: list[str], facts: list[str]) -> Iterator[int]:
        """Add a table's examples; one without any is refused with what is wrong with its first row."""
        if not self.is_known(file.path):
            raise Refused(f"it is no table; known endings are {self.endings}")
        source = SourceFile(
            file.path, file.name, file.size, encoding=self._options.encoding, header=self._options.header,
            notes=notes, facts=facts,
        )  # fmt: skip
        before = self._writer.documents
        table = TableExamples()
        for _ in guarded(self._take(source, table)):
            yield min(source.done, source.size)
        if self._writer.documents == before:
            reason = f"none of its rows is an example: of {table.first_reason}" if table.rows else "it has no rows"
            raise Refused(reason)
        for reason, numbers in table.left_out.items():
            notes.append(left_out_note(reason, numbers))

    def _take(self, source: SourceFile, table: TableExamples) -> Iterator[None]:
        for found in examples_in(source, self._columns, example_of(self.kind), table):
            if found and found[1]:
                example = found[1]
                if not source.facts:
                    told = ", ".join(f"{part} from {column!r}" for part, column in table.taken.items())
                    source.facts.append(f"took {told}, of the columns {', '.join(table.names)}")
                self._counts[COUNTED[type(example)]] += 1
                place = f"{source.name}, row {table.rows:,}"
                self._writer.add(Document(written(example), title_of(example), place, table.encoding))
            yield None

    def mark(self) -> tuple[Mark, dict[str, int]]:
        """The present place."""
        return self._writer.mark(), dict(self._counts)

    def go_back(self, mark: tuple[Mark, dict[str, int]]) -> None:
        """Drop the examples added since."""
        self._writer.go_back(mark[0])
        self._counts = defaultdict(int, mark[1])

    @property
    def items(self) -> int:
        """Examples so far."""
        return self._writer.documents

    @property
    def bytes(self) -> int:
        """Bytes of their lines so far."""
        return self._writer.bytes

    def details(self) -> dict[str, Any]:
        """For the dataset's record; `counts` holds how many there are of each kind of example."""
        options = self._options
        return {
            "content": self._writer.content,
            "counts": dict(self._counts),
            "licence": options.licence,
            "title": options.title,
            "description": options.description,
        }


def left_out_note(reason: str, numbers: Sequence[int]) -> str:
    """Which rows were left out, and why."""
    were = "was" if len(numbers) == 1 else "were"
    return f"{plural(len(numbers), 'row')} {were} left out because {reason} ({numbered('row', numbers)})"


def instructions(options: Mapping[str, Any]) -> ExampleIntake:
    """For conversations whose answers are to be learnt."""
    return ExampleIntake(INSTRUCTIONS, options)


def preferences(options: Mapping[str, Any]) -> ExampleIntake:
    """For pairs of answers, and answers that were judged."""
    return ExampleIntake(PREFERENCES, options)
