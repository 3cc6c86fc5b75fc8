"""What an import of any kind shares: the report of what happened, and what a kind of data has to be able to do."""

import json
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fmstudio.data.errors import DataError, Refused
from fmstudio.data.sources import Found
from fmstudio.jobs import Event, Note
from fmstudio.workspace import Workspace

SKIPPED = "skipped.jsonl"
_NOTES = 20  # of a kind; the rest is counted
Item = TypeVar("Item")


@dataclass(slots=True)
class Report:
    """What happened, for the person and for dataset.toml."""

    sources: list[str]
    read: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    repaired: int = 0
    facts: list[str] = field(default_factory=list)
    complete: bool = True

    def skip(self, name: str, reason: str) -> Iterator[Event]:
        """A file is left out."""
        self.skipped.append({"source": name, "reason": reason})
        if len(self.skipped) <= _NOTES:
            yield Note(f"{name} was skipped: {reason}.", "warning")

    def repairs(self, name: str, notes: list[str]) -> Iterator[Event]:
        """A file is used, but not quite as it is."""
        self.repaired += bool(notes)
        for note in notes[:_NOTES] if self.repaired <= _NOTES else ():
            yield Note(f"{name}: {note}.", "warning")

    def learnt(self, name: str, facts: list[str]) -> Iterator[Event]:
        """How a file was read."""
        for fact in facts:
            self.facts.append(f"{name}: {fact}.")
            if len(self.facts) <= _NOTES:
                yield Note(self.facts[-1])

    def conclusions(self) -> Iterator[Event]:
        """What to say at the end."""
        if len(self.skipped) > _NOTES:
            count = f"{len(self.skipped):,} files were skipped in all"
            yield Note(f"{count}; the dataset's {SKIPPED} lists them.", "warning")
        if self.repaired > _NOTES:
            yield Note(f"{self.repaired:,} files in all were not used quite as they are.", "warning")
        if not self.complete:
            yield Note("The import was stopped; what had been read by then is kept.", "warning")

    def nothing(self, unit: str, endings: str) -> str:
        """Why there is no dataset, in one sentence."""
        if not self.complete:
            item = unit.removesuffix("s")
            return f"The import was stopped before the first {item} was read, so there is no dataset; add it again."
        if not self.skipped:
            return f"There is no file to read in {', '.join(self.sources)}; known endings are {endings}."
        first = self.skipped[0]
        if len(self.skipped) == 1:
            return f"{first['source']} cannot be imported: {first['reason']}."
        return (
            f"None of the {len(self.skipped):,} files can be imported; the first, {first['source']}, "
            f"was skipped because {first['reason']}."
        )

    def details(self) -> dict[str, Any]:
        """For the dataset's record."""
        return {"sources": self.sources, "files": self.read, "skipped": len(self.skipped), "complete": self.complete}

    def write(self, folder: Path) -> None:
        """Keep the list of what was left out beside the data."""
        lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in self.skipped]
        (folder / SKIPPED).write_bytes("".join(lines).encode("utf-8", "replace"))


class Intake(Protocol):
    """What one kind of data does with the files of an import. The walk over them is the same for all kinds.

    kind: of the dataset. unit: what its items are called, in plural. endings: those known, for a person.
    """

    kind: str
    unit: str
    endings: str

    def is_known(self, path: Path) -> bool:
        """Whether a file met in a folder is to be read."""

    def prepare(self, found: list[Found], report: Report) -> Generator[Event, None, list[Found]]:
        """Look at all files before the first is read; returns those to read."""

    def open(self, folder: Path) -> AbstractContextManager[Any]:
        """Begin the dataset in a folder; it is finished when the context ends."""

    def read(self, file: Found, notes: list[str], facts: list[str]) -> Iterator[int]:
        """Add a file's items; yields after each how many bytes of the file are read.

        notes: gets what of the file was not used as it is. facts: gets what else is to be told of how it was read.
        Raises Refused for whatever is wrong with the file, and lets pass what is wrong with the dataset's own disk.
        """

    def mark(self) -> Any:
        """The present place in the dataset."""

    def go_back(self, mark: Any) -> None:
        """Drop what was added since."""

    @property
    def items(self) -> int:
        """Items added so far."""

    @property
    def bytes(self) -> int:
        """Bytes added so far."""

    def details(self) -> dict[str, Any]:
        """What the dataset's record says, beside the report."""


def guarded(reading: Iterator[Item]) -> Iterator[Item]:
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


def new_name(workspace: Workspace, name: str, suggestion: str) -> str:
    """The name of a dataset to be made, out of a suggestion where none is given; raises DataError where it is taken."""
    if not name:
        plain = "".join(letter if letter.isalnum() or letter in " .+-_" else "-" for letter in suggestion)
        return workspace.free_name("datasets", plain.strip(" .+-")[:70] or "dataset")
    if workspace.free_name("datasets", name) != name:
        raise DataError(f"There is a dataset named {name!r} already; choose another name, or delete that one first.")
    return name
