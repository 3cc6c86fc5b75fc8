"""Pictures on disk: memory maps of pixels, classes and attributes, so that any one of a million is read alone.

images.npy holds all pictures at one size, (pictures, height, width, channels) of uint8. labels.npy holds the class of
each as an index into the record's `classes`, attributes.npy one column for each attribute as an index into its values;
-1 stands where nothing is known. about.jsonl holds a line a picture with its caption, its source and what the original
was like; about.idx holds the (pictures + 1,) unsigned 64-bit offsets of those lines.
"""

import hashlib
import json
from array import array
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from fmstudio.data.errors import DataError
from fmstudio.workspace import Workspace

PIXELS, LABELS, ATTRIBUTES, ABOUT, OFFSETS = "images.npy", "labels.npy", "attributes.npy", "about.jsonl", "about.idx"
UNKNOWN = -1
_HEADER = 128  # bytes kept free for images.npy's header, which knows the number of pictures only at the end


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as a model will see it. width, height and mode are those of the original."""

    pixels: np.ndarray
    label: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""
    source: str = ""
    width: int = 0
    height: int = 0
    mode: str = ""


@dataclass(frozen=True, slots=True)
class ImageMark:
    """A place in a writer to go back to."""

    count: int
    about: int
    digest: Any
    classes: int
    values: Mapping[str, int]


class _Vocabulary:
    """Names in order of their first appearance, with an index for each."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def index(self, name: str) -> int:
        """The number of a name, a new one if it is new; UNKNOWN for none."""
        return self.names.setdefault(name, len(self.names)) if name else UNKNOWN

    def forget(self, count: int) -> None:
        """Keep only the first `count` names."""
        for name in list(self.names)[count:]:
            del self.names[name]


class ImageWriter:
    """Writes pictures of one size into a folder one by one, in a few bytes of memory each. Use it with `with`."""

    def __init__(self, folder: Path, height: int, width: int, channels: int) -> None:
        self.shape = (height, width, channels)
        self._folder = folder
        self._files = ExitStack()
        self._pixels = self._files.enter_context((folder / PIXELS).open("wb"))
        self._pixels.write(b"\0" * _HEADER)
        self._about = self._files.enter_context((folder / ABOUT).open("wb"))
        self._offsets = array("Q", [0])
        self._labels = array("i")
        self._classes = _Vocabulary()
        self._columns: dict[str, tuple[_Vocabulary, array[int]]] = {}
        self._digest = hashlib.sha256(str(self.shape).encode())

    def __enter__(self) -> "ImageWriter":
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._pixels.seek(0)
            npy.write_array_header_1_0(
                self._pixels, {"descr": "|u1", "fortran_order": False, "shape": (self.count, *self.shape)}
            )
            if self._pixels.tell() != _HEADER:
                raise DataError(f"A header of {self._pixels.tell()} bytes does not fit {PIXELS}.")
        self._files.close()
        if error[0] is None:
            np.save(self._folder / LABELS, self._sorted_labels())
            np.save(self._folder / ATTRIBUTES, self._sorted_attributes())
            with (self._folder / OFFSETS).open("wb") as file:
                np.save(file, np.asarray(self._offsets, "<u8"))

    def add(self, picture: Picture) -> None:
        """Append a picture; its pixels must have the writer's shape."""
        pixels = np.ascontiguousarray(picture.pixels, np.uint8)
        if pixels.shape != self.shape:
            raise DataError(f"{picture.source or 'A picture'} has the shape {pixels.shape}, not {self.shape}.")
        about = {"source": picture.source, "caption": picture.caption, "width": picture.width,
                 "height": picture.height, "mode": picture.mode}  # fmt: skip
        line = json.dumps(about, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        self._about.write(line)
        self._offsets.append(self._offsets[-1] + len(line))
        data = pixels.tobytes()
        self._pixels.write(data)
        self._digest.update(data)
        self._digest.update(json.dumps([picture.label, dict(picture.attributes)]).encode())
        for name in picture.attributes:
            if name not in self._columns:
                self._columns[name] = (_Vocabulary(), array("i", [UNKNOWN] * self.count))
        for name, (values, column) in self._columns.items():
            column.append(values.index(picture.attributes.get(name, "")))
        self._labels.append(self._classes.index(picture.label))

    def mark(self) -> ImageMark:
        """The present place."""
        values = {name: len(values.names) for name, (values, _) in self._columns.items()}
        return ImageMark(self.count, self._offsets[-1], self._digest.copy(), len(self._classes.names), values)

    def go_back(self, mark: ImageMark) -> None:
        """Drop what was added since: a file found broken at its end leaves no half of itself behind."""
        self._pixels.seek(_HEADER + mark.count * int(np.prod(self.shape)))
        self._about.seek(mark.about)
        for file in (self._pixels, self._about):
            file.truncate()
        del self._labels[mark.count :]
        self._classes.forget(mark.classes)
        self._columns = {name: self._columns[name] for name in mark.values}
        for name, (values, column) in self._columns.items():
            values.forget(mark.values[name])
            del column[mark.count :]
        del self._offsets[mark.count + 1 :]
        self._digest = mark.digest.copy()

    @property
    def count(self) -> int:
        """Pictures written so far."""
        return len(self._labels)

    @property
    def bytes(self) -> int:
        """Bytes of pixels written so far."""
        return self.count * int(np.prod(self.shape))

    @property
    def content(self) -> str:
        """An identifier of all pictures and what is known of them: the same ones in the same order give the same."""
        return self._digest.hexdigest()[:32]

    def details(self) -> dict[str, Any]:
        """What a dataset's record says of its pictures."""
        height, width, channels = self.shape
        return {
            "content": self.content,
            "height": height,
            "width": width,
            "channels": channels,
            "classes": sorted(self._classes.names),
            "attributes": {name: sorted(values.names) for name, (values, _) in self._columns.items()},
        }

    def _sorted_labels(self) -> np.ndarray:
        return _in_name_order(self._classes, self._labels).astype(np.int32)

    def _sorted_attributes(self) -> np.ndarray:
        columns = [_in_name_order(values, column) for values, column in self._columns.values()]
        return np.stack(columns, 1).astype(np.int16) if columns else np.empty((self.count, 0), np.int16)


def _in_name_order(vocabulary: _Vocabulary, column: "array[int]") -> np.ndarray:
    """Indices renumbered so that names are in alphabetical order, whatever order the files were read in."""
    order = {name: number for number, name in enumerate(sorted(vocabulary.names))}
    numbers = np.array([*(order[name] for name in vocabulary.names), UNKNOWN])
    return numbers[np.asarray(column, np.int64)]


class Images:
    """Reads the pictures of a folder. Use it in a `with` statement, or close it.

    pixels: (pictures, height, width, channels) of uint8, a memory map. labels: (pictures,) indices into `classes`.
    attributes: (pictures, attributes) indices into the lists of `attribute_values`; -1 is unknown in both.
    """

    def __init__(self, folder: Path, details: Mapping[str, Any]) -> None:
        self.pixels: np.ndarray = np.load(folder / PIXELS, mmap_mode="r")
        self.labels: np.ndarray = np.load(folder / LABELS, mmap_mode="r")
        self.attributes: np.ndarray = np.load(folder / ATTRIBUTES, mmap_mode="r")
        self.classes: list[str] = list(details.get("classes", []))
        self.attribute_values: dict[str, list[str]] = dict(details.get("attributes", {}))
        self._offsets = np.load(folder / OFFSETS)
        self._about = (folder / ABOUT).open("rb")

    def __enter__(self) -> "Images":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file of captions; the memory maps close when nobody holds their arrays any more."""
        self._about.close()

    def __len__(self) -> int:
        return len(self.pixels)

    def about(self, index: int) -> dict[str, Any]:
        """Source, caption and the original's width, height and mode of a picture."""
        self._about.seek(int(self._offsets[index]))
        about: dict[str, Any] = json.loads(self._about.readline())
        return about

    def label(self, index: int) -> str:
        """The class of a picture, or ""."""
        number = int(self.labels[index])
        return "" if number == UNKNOWN else self.classes[number]

    def attributes_of(self, index: int) -> dict[str, str]:
        """What is known of a picture, by the attribute's name."""
        row = self.attributes[index]
        pairs = zip(self.attribute_values.items(), row.tolist(), strict=True)
        return {name: values[number] for (name, values), number in pairs if number != UNKNOWN}

    def picture(self, index: int) -> Picture:
        """A picture with all that is known of it, for another writer."""
        return Picture(np.array(self.pixels[index]), self.label(index), self.attributes_of(index), **self.about(index))


def open_images(workspace: Workspace, name: str) -> Images:
    """The pictures of an image dataset; raises a DataError where it is missing, of another kind or damaged."""
    record = workspace.dataset(name)
    if record.kind != "images":
        raise DataError(f"Dataset {name!r} holds {record.kind}, not pictures; choose a dataset of pictures.")
    try:
        images = Images(workspace.dataset_folder(name), record.details)
    except (OSError, ValueError) as error:
        raise DataError(f"The files of dataset {name!r} are damaged ({error}); add it again.") from error
    if not len(images) == len(images.labels) == len(images.attributes) == record.items:
        images.close()
        raise DataError(f"Dataset {name!r} has {len(images)} of its {record.items} pictures; add it again.")
    return images
