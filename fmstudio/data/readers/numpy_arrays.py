"""NumPy's own files: .npy with one array of pictures, .npz with arrays of pictures and of their labels."""

import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from fmstudio.data.errors import Refused
from fmstudio.data.readers import picture_labels
from fmstudio.data.readers.array_stream import ArrayStream, layout
from fmstudio.data.readers.picture_source import PictureFile, PictureReading

Header = tuple[tuple[int, ...], np.dtype[Any]]
_MOST_LABELS = 256 << 20  # bytes


def read(source: PictureFile) -> PictureReading:
    """Every picture with its label."""
    if source.size == 0:
        raise Refused("it is empty")
    yield from _from_archive(source) if zipfile.is_zipfile(source.path) else _from_array(source)


def _from_array(source: PictureFile) -> PictureReading:
    path = picture_labels.labels_file(source.path)
    labels = None
    if path is not None and path.suffix.lower() == ".npy":
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        labels = picture_labels.classes_or_note(loaded, path.name, source)
    with source.path.open("rb") as file:
        shape, dtype = _header(file)
        stream = ArrayStream(file, shape, dtype)
        _check_length(source.size - file.tell(), stream)
        yield from stream.pictures(source, labels)


def _from_archive(source: PictureFile) -> PictureReading:
    """All arrays that look like pictures (training and test ones, say), one after the other."""
    with zipfile.ZipFile(source.path) as archive:
        headers = dict(_headers(archive))
        pictures = [name for name, (shape, _) in headers.items() if _has_pictures(shape)]
        if not pictures:
            shapes = ", ".join(f"{name} {shape}" for name, (shape, _) in headers.items()) or "none"
            raise Refused(f"none of its arrays is of pictures; its arrays are: {shapes}")
        others = [(name, shape) for name, (shape, _) in headers.items() if name not in pictures]
        for name in pictures:
            labels = _labels(archive, name, picture_labels.candidates(name, headers[name][0][0], others), source)
            with archive.open(name + ".npy") as file:
                shape, dtype = _header(file)
                stream = ArrayStream(file, shape, dtype, name if len(pictures) > 1 else "")
                yield from stream.pictures(source, labels)


def _headers(archive: zipfile.ZipFile) -> Iterator[tuple[str, Header]]:
    for entry in archive.infolist():
        if entry.filename.endswith(".npy"):
            with archive.open(entry) as file:
                shape, dtype = _header(file)
            yield entry.filename.removesuffix(".npy"), (shape, dtype)


def _header(file: IO[bytes]) -> Header:
    try:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_column, dtype = read_header(file)
    except ValueError as error:
        raise Refused(f"it is not a NumPy array, or damaged ({error})") from None
    if dtype.hasobject:
        raise Refused("it holds Python objects, which could run a program when they are read; save plain numbers")
    if dtype.names or dtype.kind not in "biufUS":
        raise Refused(f"its numbers are of type {dtype}, which no picture has")
    if by_column and len(shape) > 1:
        raise Refused("it is stored by columns (Fortran order); save it with numpy.ascontiguousarray")
    return shape, dtype


def _has_pictures(shape: tuple[int, ...]) -> bool:
    try:
        layout(shape)
    except Refused:
        return False
    return True


def _check_length(length: int, stream: ArrayStream) -> None:
    if length != stream.bytes:
        raise Refused(f"its header promises {stream.bytes:,} bytes of numbers, but it has {length:,}")


def _labels(archive: zipfile.ZipFile, pictures: str, candidates: list[str], source: PictureFile) -> list[str] | None:
    """The first of some arrays that is named as labels and tells classes, else the only one that does."""
    found: dict[str, list[str]] = {}
    for name in candidates:
        named = name.lower() in picture_labels.partners(pictures) or picture_labels.is_named(name)
        labels = picture_labels.classes_or_note(_array(archive, name), f"its array {name}", source, named)
        if labels is not None and named:
            return labels
        if labels is not None:
            found[name] = labels
    if len(found) > 1:
        source.notes.append(f"its arrays {', '.join(found)} may all be labels, so none is used; name one labels")
    return next(iter(found.values())) if len(found) == 1 else None


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray[Any, Any]:
    with closing(archive.open(name + ".npy")) as file:
        shape, dtype = _header(file)
        size = int(np.prod(shape)) * dtype.itemsize
        if size > _MOST_LABELS:
            raise Refused(f"its labels {name} take {size:,} bytes, which is too much")
        return np.frombuffer(file.read(size), dtype).reshape(shape)
