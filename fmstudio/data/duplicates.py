"""Finds documents that are the same, exactly or nearly, as one that came before.

Near duplicates: the share of common five-word shingles (Jaccard similarity) is estimated by MinHash (Broder 1997), and
banded hashing (locality-sensitive hashing, Indyk and Motwani 1998) finds the candidates without comparing all pairs.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass

import numpy as np
from datasketch import MinHash, MinHashLSH

from fmstudio.data.letters import words

PERMUTATIONS = 128
_WORDS = 5
_CHARACTERS = 12
_LONGEST_WORDS = 14  # characters on average; what is longer are phrases of a script without blanks
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Twin:
    """An earlier document and how alike it is, 0 to 1."""

    index: int
    similarity: float


class ExactDuplicates:
    """Remembers texts by their hash. Blanks do not count: a text broken into other lines is the same text."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def find(self, index: int, text: str) -> Twin | None:
        """The first document with this text, or None, in which case this one is remembered."""
        key = hashlib.blake2b(_BLANKS.sub(" ", text).strip().encode("utf-8", "replace"), digest_size=16).digest()
        first = self._seen.setdefault(key, index)
        return Twin(first, 1.0) if first != index else None


class NearDuplicates:
    """Remembers texts by their MinHash; about 4 kB a document."""

    def __init__(self, similarity: float) -> None:
        self._similarity = similarity
        self._index = MinHashLSH(threshold=similarity, num_perm=PERMUTATIONS)
        self._signatures: dict[int, np.ndarray] = {}

    def find(self, index: int, text: str) -> Twin | None:
        """The earlier document most like this one, where it is like enough; else this one is remembered."""
        shingles = shingle_hashes(text)
        if not len(shingles):
            return None
        sketch = MinHash(num_perm=PERMUTATIONS, hashfunc=int)
        sketch.update_batch(shingles.tolist())
        twins = [Twin(other, self._estimate(sketch, other)) for other in self._index.query(sketch)]
        best = max(twins, key=lambda twin: (twin.similarity, -twin.index), default=None)
        if best and best.similarity >= self._similarity:
            return best
        self._index.insert(index, sketch, check_duplication=False)
        self._signatures[index] = np.asarray(sketch.hashvalues).astype(np.uint32)
        return None

    def _estimate(self, sketch: MinHash, other: int) -> float:
        """The share of equal minima estimates the Jaccard similarity."""
        return float(np.mean(np.asarray(sketch.hashvalues).astype(np.uint32) == self._signatures[other]))


def shingle_hashes(text: str) -> np.ndarray:
    """32-bit hashes of the different shingles of a text, as unsigned 64-bit numbers.

    A shingle is five words without regard to case and punctuation, or twelve characters where a script writes no
    blanks between words. A text shorter than that is one shingle.
    """
    found = words(text.lower())
    if sum(map(len, found)) > _LONGEST_WORDS * len(found):
        letters = _BLANKS.sub("", text)
        return _rolled(np.frombuffer(letters.encode("utf-32-le", "replace"), "<u4").astype(np.uint64), _CHARACTERS)
    return _rolled(np.fromiter((zlib.crc32(word.encode()) for word in found), np.uint64, len(found)), _WORDS)


def _rolled(items: np.ndarray, length: int) -> np.ndarray:
    """A polynomial hash of each run of `length` items, modulo 2⁶⁴ by overflow, folded to 32 bits."""
    if not len(items):
        return items
    length = min(length, len(items))
    count = len(items) - length + 1
    total = np.zeros(count, np.uint64)
    for offset in range(length):
        total = total * np.uint64(0x9E3779B97F4A7C15) + items[offset : offset + count] + np.uint64(1)
    return np.unique((total >> np.uint64(32)) ^ (total & np.uint64(0xFFFFFFFF)))
