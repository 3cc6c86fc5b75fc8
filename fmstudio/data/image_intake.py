"""How files become pictures of one size: folders of them, arrays, and the frames of videos."""

import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fmstudio.data.captions import Row, Rows, differences, is_metadata, read_metadata
from fmstudio.data.characters import described
from fmstudio.data.errors import Refused
from fmstudio.data.fitting import fit
from fmstudio.data.image_options import ImageImportOptions, PictureOptions, VideoImportOptions
from fmstudio.data.images import ImageMark, ImageWriter, Picture
from fmstudio.data.intake import Report, guarded
from fmstudio.data.readers import image_registry
from fmstudio.data.readers.picture_labels import labels_file
from fmstudio.data.readers.picture_source import Decoded, PictureFile
from fmstudio.data.sources import Found
from fmstudio.jobs import Event, Note
from fmstudio.recipe import build

_NAMED = 20  # folders named in a note
_SPLIT = re.compile(
    r"(seg[_-]?)?(train|training|val|valid|validation|dev|test|testing|eval|evaluation|holdout|pred)"
    r"([_-]?(set|data|images|imgs|split|\d+))*",
    re.IGNORECASE,
)


class ImageIntake:
    """Reads pictures, drawings and arrays of pictures."""

    kind = "images"
    unit = "pictures"
    endings = " ".join(image_registry.PICTURES)
    as_video = False
    options_kind: type[PictureOptions] = ImageImportOptions

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options: PictureOptions = build(self.options_kind, options, "options.")
        self._fitting = self._options.fitting()
        self._rows: Rows = {}
        self._labels: dict[Path, str] = {}
        self._depths: dict[int, str] = {}
        self._writer: ImageWriter

    def is_known(self, path: Path) -> bool:
        """Pictures, and the metadata beside them."""
        return is_metadata(path) or image_registry.is_picture(path)

    def prepare(self, found: list[Found], report: Report) -> Generator[Event, None, list[Found]]:
        """Read the metadata, choose the classes, and tell of folders that are empty."""
        metadata = [file for file in found if not file.reason and is_metadata(file.path)]
        labels = {path for file in found if not file.reason and (path := _labels_of(file.path))}
        files = [_explained(file) for file in found if file not in metadata and file.path not in labels]
        pictures = [file for file in files if not file.reason]
        self._rows = yield from read_metadata(metadata, self._options.caption_column, report)
        if metadata:
            yield from differences(self._rows, pictures)
        if self._options.folder_classes:
            self._labels = yield from _folder_labels(pictures)
            yield from _empty_folders(pictures)
        return files

    def open(self, folder: Path) -> AbstractContextManager[Any]:
        """Begin the pictures."""
        size = self._fitting.size
        self._writer = ImageWriter(folder, size, size, self._fitting.channels)
        return self._writer

    def read(self, file: Found, notes: list[str], facts: list[str]) -> Iterator[int]:
        """Add a file's pictures; one without any is refused."""
        source = self._options.source(file, notes)
        before = self._writer.count
        row = self._rows.get(file.path.resolve(), Row())
        for picture in guarded(self._pictures(source, file, row)):
            if picture is not None:
                self._writer.add(picture)
            yield min(source.done, source.size)
        if self._writer.count == before:
            raise Refused("it holds no picture")
        if source.found_depth:
            self._compare_depths(source)

    def _compare_depths(self, source: PictureFile) -> None:
        """Tell, once for each, of a depth that was found out and is another than that of files before it."""
        bits = source.found_depth
        if self._depths and bits not in self._depths:
            others = " and ".join(f"{name} to be {other}" for other, name in self._depths.items())
            source.notes.append(
                f"it was taken to be {bits} bits deep, but {others}; if all are of one depth, set the option depth"
            )
        self._depths.setdefault(bits, source.name)

    def _pictures(self, source: PictureFile, file: Found, row: Row) -> Iterator[Picture | None]:
        for decoded in image_registry.read(source, self.as_video):
            yield None if decoded is None else self._picture(decoded, file, row)

    def _picture(self, decoded: Decoded, file: Found, row: Row) -> Picture:
        caption, label = row.caption, row.label or decoded.label or self._labels.get(file.path, "")
        if self._options.captions == "names":
            caption = caption or file.path.stem.replace("_", " ").replace("-", " ").strip()
        elif self._options.captions == "characters":
            name, block = described(file.path.stem)
            caption, label = caption or name, label or block
        place = f"{file.name} · {decoded.place}" if decoded.place else file.name
        pixels = fit(decoded.image, self._fitting)
        return Picture(pixels, label, row.attributes, caption, place, decoded.width, decoded.height, decoded.mode)

    def mark(self) -> ImageMark:
        """The present place."""
        return self._writer.mark()

    def go_back(self, mark: ImageMark) -> None:
        """Drop the pictures added since."""
        self._writer.go_back(mark)

    @property
    def items(self) -> int:
        """Pictures so far."""
        return self._writer.count

    @property
    def bytes(self) -> int:
        """Bytes of pixels so far."""
        return self._writer.bytes

    def details(self) -> dict[str, Any]:
        """For the dataset's record."""
        options = self._options
        about = {"licence": options.licence, "title": options.title, "description": options.description}
        return {**self._writer.details(), "crop": options.crop, **about}


class VideoIntake(ImageIntake):
    """Reads the frames of videos."""

    endings = " ".join(image_registry.VIDEOS)
    as_video = True
    options_kind = VideoImportOptions

    def is_known(self, path: Path) -> bool:
        """Videos, and the metadata beside them."""
        return is_metadata(path) or image_registry.is_video(path)


def _labels_of(path: Path) -> Path | None:
    """The file of labels that belongs to a file of pictures, and is no pictures itself."""
    return labels_file(path) if image_registry.is_array(path) and path.suffix.lower() != ".npz" else None


def _explained(file: Found) -> Found:
    """A file left out for its ending, with a better reason where there is one."""
    if file.reason and "are not read in a folder" in file.reason and image_registry.is_video(file.path):
        return replace(file, reason="it is a video; add it as a video")
    return file


def _folder_labels(files: list[Found]) -> Generator[Event, None, dict[Path, str]]:
    """The class of each file: the first folder below what was chosen that is neither a split nor common to all.

    Of several folders that were chosen each is a class, unless they are splits. None where there is only one class.
    """
    folders = {file.path: Path(file.name).parts[:-1] for file in files}
    passed: set[str] = set()
    if len({parts[0] for parts in folders.values() if parts}) == 1:
        folders = {path: parts[1:] for path, parts in folders.items()}
    while first := {parts[0] for parts in folders.values() if parts}:
        deeper = any(len(parts) > 1 for parts in folders.values())
        is_above = all(_SPLIT.fullmatch(name) for name in first) or (len(first) == 1 and deeper)
        if not is_above:
            break
        passed |= first
        folders = {path: parts[1:] for path, parts in folders.items()}
    labels = {path: parts[0] if parts else "" for path, parts in folders.items()}
    if len(set(labels.values())) < 2:
        return {}
    if passed:
        yield Note(f"Classes are the folders {_some(first)}; the folders {_some(passed)} above them are no classes.")
    return labels


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _empty_folders(files: list[Found]) -> Iterator[Note]:
    """Tell of folders beside those of classes that have no picture in them or below them."""
    roots = {file.path.parents[len(Path(file.name).parts) - 2] for file in files if len(Path(file.name).parts) > 1}
    used = {parent for file in files for parent in file.path.parents}
    empty = [
        Path(parent, name).relative_to(root.parent).as_posix()
        for root in sorted(roots)
        for parent, folders, _ in os.walk(root)
        for name in sorted(folders)
        if not name.startswith(".") and Path(parent, name) not in used
    ]
    for name in empty[:_NAMED]:
        yield Note(f"The folder {name} holds no picture, so there is no class of its name.", "warning")
    if len(empty) > _NAMED:
        yield Note(f"{len(empty):,} folders in all hold no picture.", "warning")
