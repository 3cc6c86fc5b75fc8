"""IDX files, in which MNIST and its relatives come (Y. LeCun, "The MNIST database", its section on file formats).

Two zero bytes, a byte for the type of number, a byte for the count of dimensions, their sizes as big-endian 32-bit
numbers, then the numbers. The labels are in a file of their own beside it.
"""

import gzip
import math
import re
import struct
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from fmstudio.data.errors import Refused
from fmstudio.data.readers.array_stream import ArrayStream
from fmstudio.data.readers.picture_labels import classes_or_note, labels_file
from fmstudio.data.readers.picture_source import PictureFile, PictureReading

_NAME = re.compile(r"(idx\d?[-._]u?byte|\.idx\d?)(\.gz)?$", re.IGNORECASE)
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20


def is_idx(path: Path) -> bool:
    """Whether a file's name is that of an IDX file, such as train-images-idx3-ubyte.gz."""
    return bool(_NAME.search(path.name))


def read(source: PictureFile) -> PictureReading:
    """The pictures, with the labels of the file beside it."""
    shape, dtype, start = _header(source.path)
    if len(shape) < 2:
        raise Refused("it holds labels, not pictures; add the file of pictures, whose labels are found beside it")
    yield from _check_length(source, start, shape, dtype)
    labels = _labels(source)
    with _opened(source.path) as file:
        file.seek(start)
        yield from ArrayStream(file, shape, dtype).pictures(source, labels)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if compressed else path.open("rb")


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, type of number and where the numbers begin."""
    with _opened(path) as file:
        magic = file.read(4)
        if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 1 <= magic[3] <= 4:
            raise Refused(f"it is not an IDX file: it begins with {magic.hex(' ') or 'nothing'} instead of 00 00, "
                          "a type of number and a count of dimensions")  # fmt: skip
        sizes = file.read(4 * magic[3])
        if len(sizes) != 4 * magic[3]:
            raise Refused("it is truncated: its header ends early")
    return struct.unpack(f">{magic[3]}I", sizes), np.dtype(_TYPES[magic[2]]), 4 + len(sizes)


def _check_length(source: PictureFile, start: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> PictureReading:
    """Refuse a file whose length is not the one that its header promises, before anything is made of it."""
    wanted = start + math.prod(shape) * dtype.itemsize
    with _opened(source.path) as file:
        if isinstance(file, gzip.GzipFile):
            length = 0
            while length <= wanted and (chunk := file.read(_CHUNK)):
                length += len(chunk)
                yield None
        else:
            length = source.size
    if length != wanted:
        sizes = " × ".join(f"{size:,}" for size in shape)
        found = f"more than {wanted:,}" if length > wanted else f"{length:,}"
        raise Refused(f"its header promises {sizes} numbers, which are {wanted:,} bytes, but it has {found}")


def _labels(source: PictureFile) -> list[str] | None:
    path = labels_file(source.path)
    if path is None:
        return None
    shape, dtype, start = _header(path)
    with _opened(path) as file:
        file.seek(start)
        data = file.read(math.prod(shape) * dtype.itemsize)
    if len(shape) != 1 or len(data) != shape[0] * dtype.itemsize:
        raise Refused(f"its labels file {path.name} is damaged or holds no labels")
    return classes_or_note(np.frombuffer(data, dtype), path.name, source)
