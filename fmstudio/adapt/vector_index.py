"""Nearest vectors by cosine: a graph (HNSW, Malkov & Yashunin 2018, by usearch) for many, and exact for the newest.

The file is only a cache of what the collection's store holds. It is written as a whole under a name that contains its
hash; one that is damaged, or is missing, costs the time to build it again and nothing else.
"""

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from usearch.index import Index

from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.workspace import explained
from fmstudio.workspace.files import TEMPORARY

EXACT = 4_000
"""Up to so many vectors are compared one by one: quicker than it takes to tell, and exact."""
_PATTERN = "vectors-*.usearch"
_BATCH = 500  # SQLite takes about a thousand values in one question
# A wider graph and a longer search than usearch's own (16, 128, 64): of a hundred thousand vectors that finds 0.989 of
# the ten nearest to a question, in two or three milliseconds; a search of 192 finds 0.93 (benchmarks/retrieval.py).
_CONNECTIVITY, _WHEN_ADDING, _WHEN_SEARCHING = 24, 128, 768


class VectorIndex:
    """The vectors of a collection, ready to be searched; `follow` brings it up to date with the store."""

    def __init__(self, folder: Path, dimension: int, identity: str = "") -> None:
        """identity: of the store that the vectors are from; the file of another store is not used."""
        self._folder = folder
        self._identity = identity.encode()
        self._dimension = dimension
        self._graph = self._restored() or self._empty()
        self._known = np.sort(np.asarray(self._graph.keys, np.uint64))
        self._newest: list[tuple[np.ndarray, np.ndarray]] = []
        self._saved = len(self._graph) > 0

    def __len__(self) -> int:
        return len(self._known)

    @property
    def outside(self) -> int:
        """Vectors that are not in the graph and are compared one by one."""
        return sum(len(ids) for ids, _ in self._newest)

    def _empty(self) -> Index:
        return Index(ndim=self._dimension, metric="cos", dtype="f16", connectivity=_CONNECTIVITY,
                     expansion_add=_WHEN_ADDING, expansion_search=_WHEN_SEARCHING)  # fmt: skip

    def follow(self, store: CollectionStore) -> Iterator[int]:
        """Take in what the store has gained and drop what it has lost; yields the number of vectors so far.

        Others may search, and follow too, between two steps.
        """
        wanted = store.vector_ids()
        self._drop(wanted)
        new = self._unknown(wanted)
        for start in range(0, len(new), _BATCH):
            ids, vectors = store.vectors([int(chunk) for chunk in self._unknown(new[start : start + _BATCH])])
            if len(ids):
                self._newest.append((ids, vectors))
                self._known = np.union1d(self._known, ids)
            yield len(self)

    def _unknown(self, ids: np.ndarray) -> np.ndarray:
        return np.setdiff1d(ids, self._known, assume_unique=True)

    def _drop(self, wanted: np.ndarray) -> None:
        gone = np.setdiff1d(self._known, wanted, assume_unique=True)
        if not len(gone):
            return
        in_graph = gone[[int(chunk) in self._graph for chunk in gone]]
        if len(in_graph):
            self._graph.remove(in_graph)
            self._saved = False
        ids, matrix = self._outside()
        kept = ~np.isin(ids, gone)
        self._newest = [(ids[kept], matrix[kept])]
        self._known = np.setdiff1d(self._known, gone, assume_unique=True)

    def _outside(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and vectors that are not in the graph."""
        if len(self._newest) != 1:
            ids = [np.zeros(0, np.uint64), *(ids for ids, _ in self._newest)]
            matrices = [np.zeros((0, self._dimension), np.float32), *(matrix for _, matrix in self._newest)]
            self._newest = [(np.concatenate(ids), np.concatenate(matrices))]
        return self._newest[0]

    def fold(self) -> Iterator[int]:
        """Put the newest into the graph, some at a time; yields how many are still outside."""
        while self.outside:
            ids, matrix = self._outside()
            self._graph.add(ids[:_BATCH], matrix[:_BATCH])
            self._newest = [(ids[_BATCH:], matrix[_BATCH:])]
            self._saved = False
            yield self.outside

    def search(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and cosines of the `count` nearest, nearest first. vector: (dimension,), of length 1."""
        ids, matrix = self._outside()
        cosines = matrix @ vector
        if len(self._graph):
            exact = len(self._graph) <= EXACT
            found = self._graph.search(vector, min(count, len(self._graph)), exact=exact)
            ids = np.concatenate([ids, np.asarray(found.keys, np.uint64)])
            cosines = np.concatenate([cosines, 1.0 - np.asarray(found.distances, np.float32)])
        best = np.argsort(-cosines, kind="stable")[:count]
        return ids[best], cosines[best]

    # The file.

    def save(self) -> None:
        """Write the graph, if it has changed, in place of the former file."""
        if self._saved:
            return
        content = bytes(self._graph.save() or b"")
        target = self._folder / _PATTERN.replace("*", self._digest(content))
        temporary = self._folder / f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{target.name}"
        with explained(self._folder):
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            for older in self._folder.glob(_PATTERN):
                if older != target:
                    older.unlink(missing_ok=True)
        self._saved = True

    def _file(self) -> Path | None:
        return max(self._folder.glob(_PATTERN), key=lambda file: file.stat().st_mtime_ns, default=None)

    def _restored(self) -> Index | None:
        """The graph from its file, or None where there is none, or it is not what was written."""
        try:
            file = self._file()
            content = file.read_bytes() if file else b""
        except OSError:
            return None
        # usearch believes what it reads; a file that is not whole must never reach it.
        if file is None or file.name != _PATTERN.replace("*", self._digest(content)):
            return None
        graph = self._empty()
        graph.load(content)
        return graph if graph.ndim == self._dimension else None

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=12, key=self._identity).hexdigest()
