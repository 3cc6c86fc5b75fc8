"""Pictures out of arrays: any of the usual shapes and number types, read a few megabytes at a time."""

import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from PIL import Image

from fmstudio.data.errors import Refused
from fmstudio.data.readers.picture_source import Decoded, PictureFile, PictureReading, check_size
from fmstudio.data.readers.picture_values import depth_of

_BATCH = 4 << 20
_COLOURS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


class ArrayStream:
    """An array in a file that is read from its first byte on. `name` is shown for pictures out of an archive."""

    def __init__(self, file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], name: str = "") -> None:
        self._file, self._dtype, self._name = file, dtype, name
        self.shape = shape
        picture, self._channels_first = layout(shape)
        self._single = picture == shape  # one colour picture instead of a row of grey ones
        check_size(*picture[:2])

    @property
    def bytes(self) -> int:
        """Bytes that the numbers take."""
        return math.prod(self.shape) * self._dtype.itemsize

    def pictures(self, source: PictureFile, labels: list[str] | None) -> PictureReading:
        """Every picture with its label. One array may hold a single colour picture."""
        count = 1 if self._single else self.shape[0]
        if labels is not None and len(labels) != count:
            raise Refused(f"it comes with {len(labels):,} labels for {count:,} pictures")
        number, levels = 0, Levels()
        if self._dtype.kind in "iu" and self._dtype != np.uint8:
            yield from self._find_depth(source, count, levels)
        for batch in self._batches(count):
            for pixels in levels.convert(batch):
                place = "" if self._single else f"{self._name} {number + 1}".strip()
                label = labels[number] if labels is not None else ""
                number += 1
                yield self._decoded(pixels, place, label)
            source.done = source.size * number // max(1, count)
        if levels.cut:
            source.notes.append(f"pictures with values outside of {levels.range}, which were cut: {levels.cut:,}")

    def _find_depth(self, source: PictureFile, count: int, levels: "Levels") -> PictureReading:
        """Look through all whole numbers for how deep they are; the file is then where it was."""
        start, low, high = self._file.tell(), 0, 0
        for batch in self._batches(count):
            low, high = min(low, int(batch.min())), max(high, int(batch.max()))
            yield None
        self._file.seek(start)
        if source.depth:
            levels.expect(low, min(high, 2**source.depth - 1), source.depth)
            return
        source.found_depth = depth_of(high)
        levels.expect(low, high, source.found_depth or 16)
        if source.found_depth not in (8, 16):
            source.notes.append(
                f"its values go up to {high:,}, so they were taken to be {source.found_depth} bits deep"
            )

    def _batches(self, count: int) -> Iterator[np.ndarray]:
        size = self.bytes // max(1, count)
        step = max(1, _BATCH // max(1, size))
        picture = self.shape if self._single else self.shape[1:]
        for start in range(0, count, step):
            wanted = min(step, count - start)
            data = self._file.read(wanted * size)
            if len(data) != wanted * size:
                raise Refused("it is truncated: its end is missing")
            batch = np.frombuffer(data, self._dtype).reshape(wanted, *picture)
            yield batch.transpose(0, 2, 3, 1) if self._channels_first else batch

    def _decoded(self, pixels: np.ndarray, place: str, label: str) -> Decoded:
        height, width = pixels.shape[:2]
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        plain = np.ascontiguousarray(pixels[..., 0] if pixels.ndim == 3 and channels == 1 else pixels)
        return Decoded(Image.fromarray(plain), width, height, f"{_COLOURS[channels]} {self._dtype.name}", place, label)


def layout(shape: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """The shape of one picture (height, width or height, width, channels), and whether channels come first on disk."""
    if 0 not in shape:
        if len(shape) == 3:
            return (shape, False) if shape[2] in (3, 4) and min(shape[:2]) > 4 else (shape[1:], False)
        if len(shape) == 4 and shape[3] in _COLOURS:
            return shape[1:], False
        if len(shape) == 4 and shape[1] in _COLOURS:
            return (shape[2], shape[3], shape[1]), True
    raise Refused(
        f"its shape {shape} is not that of pictures, which is (pictures, height, width), (pictures, height, width, "
        "channels) or (pictures, channels, height, width)"
    )


class Levels:
    """Turns numbers into 0 to 255. The range of fractions is told by the first ones met."""

    def __init__(self) -> None:
        self._scale, self._offset = 0.0, 0.0
        self.range = ""
        self.cut = 0

    def convert(self, batch: np.ndarray) -> np.ndarray:
        """The same pictures as uint8; raises Refused where the range of fractions cannot be told."""
        if batch.dtype == np.uint8:
            return batch
        if batch.dtype == np.bool_:
            return batch.astype(np.uint8) * np.uint8(255)
        values = np.nan_to_num(batch.astype(np.float32))
        if not self._scale:
            choices = [("0 to 1", 0.0, 1.0), ("-1 to 1", -1.0, 1.0), ("0 to 255", 0.0, 255.0)]
            self._choose(float(values.min()), float(values.max()), choices)
        values = np.rint((values + self._offset) * self._scale)
        outside = (values < 0) | (values > 255)
        self.cut += int(outside.reshape(len(outside), -1).any(axis=1).sum())
        return np.clip(values, 0, 255).astype(np.uint8)

    def expect(self, low: int, high: int, depth: int) -> None:
        """Whole numbers of so many bits from `low` to `high` are to come; raises Refused for others."""
        self._choose(low, high, [(f"0 to {2**depth - 1:,}", 0.0, 2.0**depth - 1)])

    def _choose(self, low: float, high: float, choices: list[tuple[str, float, float]]) -> None:
        for name, least, most in choices:
            if least <= low and high <= most:
                self.range, self._offset, self._scale = name, -least, 255.0 / (most - least)
                return
        wanted = ", ".join(choice[0] for choice in choices)
        raise Refused(f"its values go from {low:g} to {high:g}, but they must be within one of: {wanted}")
