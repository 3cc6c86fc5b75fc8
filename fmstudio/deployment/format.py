"""What a format of export is: how a model is written for another program, and how it is proven to work there."""

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from fmstudio.jobs import Event
from fmstudio.runtimes.adapter_base import is_adapter

Proof = dict[str, Any]
"""What is told of a proof: "proof", a sentence with the figures; "runtime", which program opened it again;
"largest_difference" of a logit; "positions", at how many places of a text they were compared."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model that is exported. reference: as a person called it. path: its folder, or its .gguf file."""

    reference: str
    path: Path
    family: str

    @property
    def is_adapter(self) -> bool:
        """Whether it is an adapter, and no whole model."""
        return self.path.is_dir() and is_adapter(self.path)


class ExportFormat(ABC):
    """A file of `formats/` that ends with `FORMAT = MyFormat()`. It is called as its file is, with dashes.

    title and description: what a person chooses by. suffix: of the file that it writes; empty where it is a folder.
    """

    title: ClassVar[str]
    description: ClassVar[str]
    suffix: ClassVar[str] = ""

    @property
    def name(self) -> str:
        """What commands call it."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @abstractmethod
    def refusal(self, source: Source) -> str:
        """Why a model cannot be written so, in a sentence that says what can be done, or ""."""

    @abstractmethod
    def write(self, source: Source, place: Path) -> Generator[Event, None, Proof]:
        """Fill a new folder, or write a new file, and open it again; raises StudioError where it does something else
        than the model. The place is not the final one, and what is there then goes unless this returns."""
