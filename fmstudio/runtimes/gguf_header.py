"""Reads what a GGUF file says of itself, without its weights: metadata, and where each tensor stands.

The layout is that of the GGUF specification, version 2 and 3: magic, version, counts, key-value pairs, tensor table,
padding, data. Every length is compared with the file before it is believed, so a damaged file costs one sentence and
no memory.
"""

import reprlib
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from fmstudio.nn.decoder_shape import MOST
from fmstudio.runtimes.errors import ModelError

MAGIC = b"GGUF"
DEFAULT_ALIGNMENT = 32
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LONGEST_STRING = 64 * 1024 * 1024
_LONGEST_LIST = 16 * 1024 * 1024
_WIDEST_ALIGNMENT = 1024 * 1024
_MOST_DIMENSIONS = 4


class _DamagedError(Exception):
    """The bytes cannot be a GGUF file from here on; the text says why."""


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """One tensor of the file. `shape` is in torch's order, the slowest dimension first."""

    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    start: int
    bytes: int

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """All of a GGUF file but its weights."""

    path: Path
    size: int
    metadata: Mapping[str, Any]
    tensors: Mapping[str, TensorPlace]
    table: int
    """Where the table of the tensors begins."""
    alignment: int
    """The data, and each tensor in it, begins at a multiple of so many bytes."""

    @property
    def architecture(self) -> str:
        """What kind of network the weights are for, e.g. "llama"."""
        return str(self.metadata.get("general.architecture", ""))

    def number(self, key: str) -> float | None:
        """A number under the architecture's own prefix: "block_count" is e.g. "llama.block_count".

        None where the file has none, or one for each layer; raises ModelError for what is no finite number from 0 on.
        """
        key = f"{self.architecture}.{key}"
        value: float | list[Any] | None = self.metadata.get(key)
        if value is None or isinstance(value, list):
            return None
        if not _is_number(value):
            raise self.wrong(key, "a number from 0 on")
        return value

    def count(self, key: str) -> int | None:
        """`number` where it must be a whole one of a size that can be."""
        value = self.number(key)
        if value is not None and (value > MOST or value != int(value)):
            raise self.wrong(f"{self.architecture}.{key}", f"a whole number from 0 to {MOST:,}")
        return None if value is None else int(value)

    def counts(self, key: str) -> list[int] | None:
        """Whole numbers, one for each layer, under the architecture's own prefix; None where it is not a list."""
        key = f"{self.architecture}.{key}"
        value = self.metadata.get(key)
        if not isinstance(value, list):
            return None
        if not all(_is_number(each) and each <= MOST for each in value):
            raise self.wrong(key, "a list of numbers")
        return [int(each) for each in value]

    def list_of(self, kind: type | tuple[type, ...], key: str) -> list[Any]:
        """A list by its whole key, empty where there is none; raises ModelError where anything else is in it."""
        value = self.metadata.get(key)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, kind) for each in value)):
            raise self.wrong(key, f"a list of {'texts' if kind is str else 'numbers'}")
        return value or []

    def text(self, key: str) -> str:
        """A text by its whole key, empty where there is none; raises ModelError for anything else."""
        value = self.metadata.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def wrong(self, key: str, needed: str) -> ModelError:
        """The error that says of a field that it is not what it must be."""
        return ModelError(
            f"{self.path.name} has {reprlib.repr(self.metadata.get(key))} as its {key}, where {needed} is needed; copy "
            "or download it again."
        )

    @property
    def parameters(self) -> int:
        """How many numbers all tensors hold."""
        return sum(tensor.parameters for tensor in self.tensors.values())


def _is_number(value: Any) -> bool:
    """Whether it is a finite number from 0 on."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max


def read_header(path: Path) -> GgufHeader:
    """Read and check a GGUF file's header; raises ModelError for a file that is none, or not whole."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = _Reader(file, size).header(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ModelError(f"{path} cannot be read ({reason}); choose a GGUF file that is there.") from error
    except _DamagedError as error:
        raise ModelError(f"{path.name} {error}.") from None
    except RecursionError:
        raise ModelError(f"{path.name} is damaged: its lists are nested too deeply; copy it again.") from None
    _check_whole(header)
    return header


def _check_whole(header: GgufHeader) -> None:
    """A download that broke off still has its header, so the end of the last tensor is compared with the file."""
    needed = max((tensor.start + tensor.bytes for tensor in header.tensors.values()), default=0)
    if needed > header.size:
        raise ModelError(
            f"{header.path.name} is cut short: it has {header.size:,} of the {needed:,} bytes that its header names; "
            "copy or download it again."
        )


class _Reader:
    """Reads the parts of the header in order, never beyond the file's end."""

    def __init__(self, file: BufferedReader, size: int) -> None:
        self._file, self._left = file, size

    def header(self, path: Path) -> GgufHeader:
        size = self._left
        if self._left < 24 or self._take(4) != MAGIC:
            raise _DamagedError("is not a GGUF file; choose a file that ends in .gguf, or a model folder")
        version = self._scalar("I")
        if version not in (2, 3):
            raise _DamagedError(f"is GGUF version {version}, but versions 2 and 3 are known; convert it anew")
        tensors, pairs = self._scalar("Q"), self._scalar("Q")
        if max(tensors, pairs) > self._left:
            raise _DamagedError("is damaged: its counts exceed its size; copy or download it again")
        metadata = dict(self._pair() for _ in range(pairs))
        begin = size - self._left
        table = [self._tensor() for _ in range(tensors)]
        alignment = _alignment(metadata)
        data = -(-(size - self._left) // alignment) * alignment
        places = {each[0]: _place(*each, data) for each in table}
        return GgufHeader(path, size, metadata, places, begin, alignment)

    def _take(self, count: int) -> bytes:
        if count > self._left:
            raise _DamagedError("is cut short within its header; copy or download it again")
        self._left -= count
        return self._file.read(count)

    def _scalar(self, form: str) -> Any:
        return struct.unpack("<" + form, self._take(struct.calcsize("<" + form)))[0]

    def _string(self) -> str:
        length = self._scalar("Q")
        if length > _LONGEST_STRING:
            raise _DamagedError("is damaged: it names a text of impossible length; copy or download it again")
        return self._take(length).decode("utf-8", "replace")

    def _pair(self) -> tuple[str, Any]:
        return self._string(), self._value(self._scalar("I"))

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind != _ARRAY:
            raise _DamagedError(f"is damaged: its metadata has a value of unknown type {kind}; copy it again")
        kind, count = self._scalar("I"), self._scalar("Q")
        if count > self._left:
            raise _DamagedError("is damaged: it names a list longer than itself; copy or download it again")
        if count > _LONGEST_LIST:
            raise _DamagedError("is damaged: it names a list of impossible length; copy or download it again")
        if kind in _SCALARS:
            form = f"<{count}{_SCALARS[kind]}"
            return list(struct.unpack(form, self._take(struct.calcsize(form))))
        return [self._value(kind) for _ in range(count)]

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, dimensions = self._string(), self._scalar("I")
        if dimensions > _MOST_DIMENSIONS:
            raise _DamagedError(f"is damaged: its tensor {name!r} has {dimensions} dimensions; copy it again")
        shape = tuple(self._scalar("Q") for _ in range(dimensions))[::-1]
        return name, shape, self._scalar("I"), self._scalar("Q")


def _alignment(metadata: Mapping[str, Any]) -> int:
    """The data begins at a multiple of this many bytes."""
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not _is_number(value) or not 1 <= value <= _WIDEST_ALIGNMENT or value != int(value):
        raise _DamagedError(
            f"is damaged: it has {reprlib.repr(value)} as its general.alignment, where a number of bytes is needed; "
            "copy or download it again"
        )
    return int(value)


def _place(name: str, shape: tuple[int, ...], kind: int, offset: int, data: int) -> TensorPlace:
    try:
        quantisation = GGMLQuantizationType(kind)
    except ValueError:
        raise _DamagedError(
            f"stores {name!r} in a format this version does not know ({kind}); convert it anew"
        ) from None
    block, block_bytes = GGML_QUANT_SIZES[quantisation]
    place = TensorPlace(name, shape, quantisation, data + offset, 0)
    return TensorPlace(name, shape, quantisation, data + offset, place.parameters // block * block_bytes)
