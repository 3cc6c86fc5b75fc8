"""What every reader is given and what it gives back."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from fmstudio.data.cutting import Cutting
from fmstudio.data.documents import Document

# A reader is a generator of documents; None means that it is still working and gives others a turn.
Reading = Iterator[Document | None]
Answer = TypeVar("Answer")
Steps = Generator[None, None, Answer]


@dataclass(slots=True)
class SourceFile:
    """One file to be read. `name` is how it is shown; `done` is kept up to date by its reader.

    notes: what of it was not used as it is. facts: what else a person wants to know of how it was read. header: whether
    the first row of a table of delimited text names its columns ("first"), no row does ("none"), or that is found out.
    marked: whether headings and pages are marked in the text, for `structure.take_marks`.
    """

    path: Path
    name: str
    size: int
    cutting: Cutting = field(default_factory=Cutting)
    column: str = ""
    encoding: str = ""
    header: str = "automatic"
    marked: bool = False
    done: int = 0
    notes: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """A title for a file that has none inside: its name without the ending."""
        return self.path.stem.replace("_", " ").strip() or self.path.name
