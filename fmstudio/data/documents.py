"""Documents on disk: one file of text, one of offsets, one of titles, so that any of millions is read alone.

documents.bin holds the texts as UTF-8, one after the other. documents.jsonl holds one line a document with its title,
source and detected encoding. documents.idx is a NumPy array of shape (documents + 1, 2) of unsigned 64-bit offsets
into the two: document i is the bytes from row i to row i + 1.
"""

import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.data.errors import DataError
from fmstudio.workspace import Workspace

TEXT, OFFSETS, INFORMATION = "documents.bin", "documents.idx", "documents.jsonl"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with what a person wants to know of it. `encoding` is the one that its file was found in."""

    text: str
    title: str = ""
    source: str = ""
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a writer to go back to."""

    documents: int
    text: int
    information: int
    digest: Any


class DocumentWriter:
    """Writes documents into a folder one by one; memory use is 16 bytes a document. Use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = ExitStack()
        self._text = self._files.enter_context((folder / TEXT).open("wb"))
        self._information = self._files.enter_context((folder / INFORMATION).open("wb"))
        self._offsets = array("Q", [0, 0])
        self._digest = hashlib.sha256()

    def __enter__(self) -> "DocumentWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()
        if error[0] is None:
            with (self._folder / OFFSETS).open("wb") as file:
                np.save(file, np.asarray(self._offsets, "<u8").reshape(-1, 2))

    def add(self, document: Document) -> None:
        """Append a document. What is not Unicode text (a lone surrogate out of JSON) becomes a question mark."""
        text = document.text.encode("utf-8", "replace")
        about = {"title": document.title, "source": document.source, "encoding": document.encoding}
        line = json.dumps(about, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        self._text.write(text)
        self._information.write(line)
        self._digest.update(len(text).to_bytes(8, "little"))
        self._digest.update(text)
        self._offsets.extend((self.bytes + len(text), self._offsets[-1] + len(line)))

    def mark(self) -> Mark:
        """The present place."""
        return Mark(self.documents, self._offsets[-2], self._offsets[-1], self._digest.copy())

    def go_back(self, mark: Mark) -> None:
        """Drop what was added since: a file found broken at its end leaves no half of itself behind."""
        for file, end in ((self._text, mark.text), (self._information, mark.information)):
            file.seek(end)
            file.truncate()
        del self._offsets[2 * (mark.documents + 1) :]
        self._digest = mark.digest.copy()

    @property
    def documents(self) -> int:
        """Documents written so far."""
        return len(self._offsets) // 2 - 1

    @property
    def bytes(self) -> int:
        """Bytes of text written so far."""
        return self._offsets[-2]

    @property
    def content(self) -> str:
        """An identifier of all the texts in their order: the same texts give the same."""
        return self._digest.hexdigest()[:32]


class Documents:
    """Reads the documents of a folder by index. Use it in a `with` statement, or close it."""

    def __init__(self, folder: Path, kind: str = "text") -> None:
        """kind: of the dataset that they are."""
        self.kind = kind
        self._files = ExitStack()
        self._offsets = np.load(folder / OFFSETS, mmap_mode="r")
        # Plain reads and not a memory map: a pass over a large set shall not look like a gigabyte of used memory.
        self._text = self._files.enter_context((folder / TEXT).open("rb"))
        self._information = self._files.enter_context((folder / INFORMATION).open("rb"))

    def __enter__(self) -> "Documents":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def sizes(self) -> np.ndarray:
        """Bytes of each document, (documents,) of int64."""
        sizes: np.ndarray = np.diff(self._offsets[:, 0]).astype(np.int64)
        return sizes

    def raw(self, index: int) -> bytes:
        """The text of a document as UTF-8."""
        start, end = (int(offset) for offset in self._offsets[index : index + 2, 0])
        self._text.seek(start)
        return self._text.read(end - start)

    def text(self, index: int) -> str:
        """The text of a document."""
        return self.raw(index).decode("utf-8", "replace")

    def about(self, index: int) -> dict[str, str]:
        """Title, source and encoding of a document."""
        start, end = (int(offset) for offset in self._offsets[index : index + 2, 1])
        self._information.seek(start)
        about: dict[str, str] = json.loads(self._information.read(end - start))
        return about

    def document(self, index: int) -> Document:
        """A document with its title, source and encoding."""
        return Document(self.text(index), **self.about(index))

    def __iter__(self) -> Iterator[Document]:
        return (self.document(index) for index in range(len(self)))


def open_documents(workspace: Workspace, name: str, kinds: Sequence[str] = ("text",)) -> Documents:
    """The documents of a dataset; raises a StudioError where it is missing, of none of these kinds, or damaged."""
    record = workspace.dataset(name)
    if record.kind not in kinds:
        wanted = " or ".join(kinds)
        raise DataError(f"Dataset {name!r} holds {record.kind}, not {wanted}; choose a dataset of {wanted}.")
    try:
        documents = Documents(workspace.dataset_folder(name), record.kind)
    except (OSError, ValueError) as error:
        raise DataError(f"The files of dataset {name!r} are damaged ({error}); add it again.") from error
    if len(documents) != record.items:
        documents.close()
        raise DataError(f"Dataset {name!r} has {len(documents)} of its {record.items} documents; add it again.")
    return documents
