"""Pictures that look alike: a fingerprint of 64 bits for each, and the search for those that differ in few of them.

A fingerprint holds the signs of a picture's lowest frequencies in a discrete cosine transform, as the perceptual hash
of Zauner (2010) does, relative to what is usual in the dataset; so the bits of pictures that are all of one kind, such
as faces, tell them apart too. Whatever differs in at most d bits agrees in all of one of d + 1 bands of bits, so only
pictures that share a band are compared (multi-index hashing, Norouzi, Punjani and Fleet 2012).
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

BITS = 64
_LUMA, _CHROMA = 48, 8  # bits of brightness, and of each of two colour differences
_LOW = 8  # frequencies a side
_USUAL_FROM = 64  # pictures from which on there is something usual; fewer are each compared with themselves
THUMBNAIL = 8
COLOUR = 16.0  # mean difference of thumbnails, of 255, beyond which pictures of one form differ in colour
_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue in brightness (ITU-R BT.601)


def frequencies(pictures: np.ndarray) -> np.ndarray:
    """The lowest frequencies of pictures (n, height, width, channels) of uint8, as (n, BITS) of float32."""
    values = pictures.astype(np.float32)
    if values.shape[-1] == 1:
        return _transformed(values[..., 0], BITS, skip=1)
    luma = values @ _WEIGHTS
    parts = [(luma, _LUMA, 1), (values[..., 2] - luma, _CHROMA, 0), (values[..., 0] - luma, _CHROMA, 0)]
    return np.concatenate([_transformed(plane, bits, skip) for plane, bits, skip in parts], axis=1)


def _transformed(planes: np.ndarray, bits: int, skip: int) -> np.ndarray:
    """The first `bits` frequencies of each plane, slowest first, without the `skip` very first."""
    side = _LOW + 1  # one more, so that there are 64 without the mean
    spectrum = np.einsum(
        "kh,nhw,lw->nkl", _cosines(planes.shape[1], side), planes, _cosines(planes.shape[2], side), optimize=True
    )
    places = sorted(((row, column) for row in range(side) for column in range(side)), key=lambda p: (sum(p), p))
    rows, columns = np.array(places[skip : skip + bits]).T
    chosen: np.ndarray = spectrum[:, rows, columns]
    return chosen


def _cosines(size: int, frequencies: int) -> np.ndarray:
    """The DCT-II as a matrix, (frequencies, size)."""
    places = (np.arange(size) + 0.5) / size
    waves: np.ndarray = np.cos(np.pi * np.arange(frequencies)[:, None] * places, dtype=np.float32)
    return waves


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, height, width, channels) as means over THUMBNAIL × THUMBNAIL areas, flat, of uint8."""
    rows, columns = (np.arange(THUMBNAIL) * size // THUMBNAIL for size in pictures.shape[1:3])
    sums = np.add.reduceat(np.add.reduceat(pictures.astype(np.float32), rows, axis=1), columns, axis=2)
    areas = np.diff([*rows, pictures.shape[1]])[:, None] * np.diff([*columns, pictures.shape[2]])[None, :]
    means: np.ndarray = np.rint(sums / np.maximum(1, areas)[None, :, :, None]).astype(np.uint8)
    return means.reshape(len(pictures), -1)


def fingerprints(spectrum: np.ndarray) -> np.ndarray:
    """64 bits for each row of `frequencies`, (n,) of uint64."""
    axis = 0 if len(spectrum) >= _USUAL_FROM else 1
    usual = np.median(spectrum, axis=axis, keepdims=True)
    bits = np.ascontiguousarray(np.packbits(spectrum > usual, axis=1))
    codes: np.ndarray = bits.view(np.uint64)[:, 0]
    return codes


class Alike:
    """Groups of pictures whose fingerprints differ in at most `distance` bits and whose colours are near as well."""

    def __init__(self, codes: np.ndarray, thumbnails: np.ndarray, distance: int) -> None:
        self._codes, self._thumbnails, self._distance = codes, thumbnails, distance
        self._parents = np.arange(len(codes))
        self._bands = _bands(codes, distance)
        self.done, self.total = 0, sum(_pairs(band) for band in self._bands)

    def search(self) -> Iterator[None]:
        """Compare; yields often. `done` and `total` count comparisons."""
        for band in self._bands:
            order = np.argsort(band, kind="stable")
            keys = band[order]
            first = np.arange(len(order))
            for step in count(1):
                first = first[: np.searchsorted(first, len(order) - step)]
                first = first[keys[first] == keys[first + step]]
                if not len(first):
                    break
                self._compare(order[first], order[first + step])
                self.done += len(first)
                yield

    def _compare(self, left: np.ndarray, right: np.ndarray) -> None:
        near = np.bitwise_count(self._codes[left] ^ self._codes[right]) <= self._distance
        left, right = left[near], right[near]
        apart = self._roots(left) != self._roots(right)
        left, right = left[apart], right[apart]
        difference = np.abs(self._thumbnails[left].astype(np.int16) - self._thumbnails[right])
        same = difference.mean(axis=1) <= COLOUR if len(left) else np.zeros(0, bool)
        for one, other in zip(left[same].tolist(), right[same].tolist(), strict=True):
            self._join(one, other)

    def _roots(self, items: np.ndarray) -> np.ndarray:
        roots = self._parents[items]
        while not np.array_equal(above := self._parents[roots], roots):
            roots = above
        self._parents[items] = roots
        return roots

    def _join(self, one: int, other: int) -> None:
        low, high = sorted((self._root(one), self._root(other)))
        self._parents[high] = low

    def _root(self, item: int) -> int:
        while (parent := int(self._parents[item])) != item:
            self._parents[item] = self._parents[parent]
            item = parent
        return item

    def groups(self) -> list[list[int]]:
        """Those of more than one picture, each in order, the one that begins first in front."""
        roots = self._roots(np.arange(len(self._codes)))
        order = np.argsort(roots, kind="stable")
        cuts = np.flatnonzero(np.diff(roots[order])) + 1
        return [group.tolist() for group in np.split(order, cuts) if len(group) > 1]


def _bands(codes: np.ndarray, distance: int) -> list[np.ndarray]:
    """A key of each code for each band. Where sharing one says too little, one band for all, which compares all."""
    number = distance + 1
    # Neighbouring bits are of similar frequencies and go together; each band gets bits from everywhere.
    bands = [_key(codes, range(band, BITS, number)) for band in range(number)]
    everything = [np.zeros(len(codes), np.uint64)]
    return bands if sum(map(_pairs, bands)) < _pairs(everything[0]) else everything


def _key(codes: np.ndarray, bits: range) -> np.ndarray:
    mask = sum(1 << bit for bit in bits)
    key: np.ndarray = codes & np.uint64(mask)
    return key


def _pairs(band: np.ndarray) -> int:
    """How many pairs share their key."""
    _, counts = np.unique(band, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())
