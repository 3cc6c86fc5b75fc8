"""How fast a large collection answers a question, embedding aside (`embedding.py` measures that), and what it finds.

The texts are real: descriptions inside the Python packages that are installed here, cut into chunks of about a hundred
words. Their vectors are real for some thousands of chunks; the others lie between two real ones, moved at random as the
real ones vary (a hundred thousand would take an hour to embed). Questions are real titles and beginnings of texts, with
real vectors.

- speed: a question through the very function that the window's job calls, with the texts of the passages; and its two
  searches alone
- recall@10: of the graph against exact search over all vectors, for questions and for chunks of the collection
- `bm25s`: the same questions by words to that library, which holds its index in memory and builds it as a whole
- quality: recall and MRR on Python's reference, whose titles are the questions (--quality)

    python benchmarks/retrieval.py [--chunks 100000] [--embedded 2000] [--quality] [--json]
"""

import argparse
import json
import re
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.adapt import collections, quality
from fmstudio.adapt.chunking import Span
from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.collection_tables import Stamp
from fmstudio.adapt.embedding import SentenceEncoder, open_encoder
from fmstudio.adapt.opened_collections import OpenCollection, close_all
from fmstudio.adapt.retrieval import RetrievalSettings, find
from fmstudio.adapt.vector_index import VectorIndex
from fmstudio.adapt.word_search import WordQuery
from fmstudio.data.catalogue import fetch
from fmstudio.data.samples import NAME as PYTHON
from fmstudio.data.samples import python_reference
from fmstudio.jobs import JobContext, Sample
from fmstudio.workspace import Workspace

ENCODER = "all-minilm-l6-v2"
LENGTH, STEP = 600, 250
"""Characters of a chunk, and between the beginnings of two."""
_DESCRIPTION = re.compile(r'"""(.{80,}?)"""', re.DOTALL)
_PER_DOCUMENT = 40
_WRITTEN = 2000


def main() -> int:
    """Print all figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--embedded", type=int, default=2_000, help="chunks whose vectors are real")
    parser.add_argument("--quality", action="store_true", help="measure the quality on Python's reference as well")
    parser.add_argument("--json", action="store_true", help="print the object in one line")
    arguments = parser.parse_args()
    report = measure_search(arguments) | (measure_quality() if arguments.quality else {})
    print(json.dumps(report, indent=None if arguments.json else 1))
    return 0


def measure_quality() -> dict[str, Any]:
    """Index Python's reference and ask for each topic by its title."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        for _ in collections.add(JobContext(), workspace, "python", [PYTHON]):
            pass
        steps = quality.measure(JobContext(), workspace, "python")
        rows = next(event.data["rows"] for event in steps if isinstance(event, Sample))
        close_all()
        workspace.close()
    return {f"{row['method']}_{key}": round(value, 4) for row in rows for key, value in row.items() if key != "method"}


def measure_search(arguments: argparse.Namespace) -> dict[str, Any]:
    """Build the collection, ask the questions, and compare with exact search and with `bm25s`."""
    for _ in fetch(JobContext(), ENCODER):
        pass
    encoder = open_encoder(ENCODER)
    texts = list(islice(real_texts(), arguments.chunks))
    questions = [document.title for document in python_reference()]
    questions += [first_words(text) for text in texts[:: max(1, len(texts) // 200)]]
    vectors = likely_vectors(encoder, texts, arguments.embedded)
    question_vectors = dict(zip(questions, encoder.encode(questions), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        store = CollectionStore(Path(folder), create=True)
        report: dict[str, Any] = {"chunks": len(texts), "embedded": arguments.embedded, "questions": len(questions)}
        report |= fill(store, texts, vectors)
        index = VectorIndex(Path(folder), encoder.dimension)
        report |= build(index, store)
        collection = OpenCollection("benchmark", store, Prepared(question_vectors), index, (0, 0))
        report |= ask(collection, questions)
        report |= recall(index, vectors, question_vectors)
        report |= reopened(Path(folder), encoder.dimension)
        report |= beside_bm25s(store, texts, questions)
        store.close()
    return report


class Prepared:
    """An encoder that knows the vectors of the questions already, so that embedding is not measured."""

    name, version = ENCODER, "prepared"

    def __init__(self, vectors: dict[str, np.ndarray]) -> None:
        self._vectors = vectors

    def encode(self, texts: list[str]) -> np.ndarray:
        """The vectors of known texts."""
        return np.stack([self._vectors[text] for text in texts])


def real_texts() -> Iterator[str]:
    """Pieces of the descriptions in all installed packages, in an order that is the same each time."""
    for file in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        try:
            source = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for found in _DESCRIPTION.finditer(source):
            text = re.sub(r"[ \t]+", " ", found.group(1)).strip()
            yield from (text[start : start + LENGTH] for start in range(0, max(1, len(text) - STEP), STEP))


def first_words(text: str) -> str:
    """What a person might ask to find this text."""
    return " ".join(re.findall(r"[A-Za-z]+", text)[:8]) or "nothing"


def likely_vectors(encoder: SentenceEncoder, texts: list[str], embedded: int) -> np.ndarray:
    """Vectors (texts, dimension): real for `embedded` texts spread over all, between real ones for the others."""
    chance = np.random.default_rng(0)
    chosen = np.unique(np.linspace(0, len(texts) - 1, min(embedded, len(texts))).astype(int))
    real = encoder.encode([texts[place] for place in chosen])
    first, second = chance.integers(0, len(real), (2, len(texts)))
    share = chance.uniform(0.5, 1.0, (len(texts), 1)).astype(np.float32)
    spread = np.linalg.cholesky(np.cov(real.T) + 1e-6 * np.eye(real.shape[1])).astype(np.float32)
    moved = 0.3 * chance.standard_normal((len(texts), real.shape[1]), np.float32) @ spread.T
    vectors = share * real[first] + (1 - share) * real[second] + moved
    vectors[chosen] = real
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)  # as they are kept


def fill(store: CollectionStore, texts: list[str], vectors: np.ndarray) -> dict[str, Any]:
    """Write documents of some chunks each, and their vectors."""
    began = time.perf_counter()
    for start in range(0, len(texts), _PER_DOCUMENT):
        part = texts[start : start + _PER_DOCUMENT]
        joined, chunks, place = "\n".join(part), [], 0
        for text in part:
            chunks.append((Span(place, place + len(text), len(text) // 5, ()), f"Document {start}"))
            place += len(text) + 1
        store.put_document(f"{start}.txt", Stamp(len(joined)), title=f"Document {start}", text=joined, chunks=chunks)
    written = time.perf_counter()
    for start in range(0, len(texts), _WRITTEN):
        part = vectors[start : start + _WRITTEN]
        store.add_vectors(range(start + 1, start + 1 + len(part)), part)
    return {"seconds_to_write_words": round(written - began, 1),
            "seconds_to_write_vectors": round(time.perf_counter() - written, 1)}  # fmt: skip


def build(index: VectorIndex, store: CollectionStore) -> dict[str, Any]:
    """Make the graph and its file."""
    began = time.perf_counter()
    for _ in index.follow(store):
        pass
    followed = time.perf_counter()
    for _ in index.fold():
        pass
    folded = time.perf_counter()
    index.save()
    return {"seconds_to_read_vectors": round(followed - began, 1), "seconds_to_build": round(folded - followed, 1),
            "seconds_to_save": round(time.perf_counter() - folded, 1)}  # fmt: skip


def ask(collection: OpenCollection, questions: list[str]) -> dict[str, Any]:
    """Milliseconds a question: everything but the embedding, texts of the passages included; and its two searches."""
    settings = RetrievalSettings()
    for question in questions[:20]:
        find(collection, question, settings)
    times: dict[str, list[float]] = {"query": [], "words": [], "vectors": []}
    for question in questions:
        began = time.perf_counter()
        found = find(collection, question, settings)
        spent = found["milliseconds"]
        times["query"].append(1000 * (time.perf_counter() - began) - spent["embed"])
        for name in ("words", "vectors"):
            times[name].append(spent[name])
    return {f"{name}_ms_{key}": value for name, each in times.items() for key, value in spread_of(each).items()}


def spread_of(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"median": round(statistics.median(times), 2), "p95": round(float(np.percentile(times, 95)), 2)}


def recall(index: VectorIndex, vectors: np.ndarray, questions: dict[str, np.ndarray]) -> dict[str, Any]:
    """The share of the ten truly nearest that the graph finds, for questions and for chunks of the collection."""
    found = {}
    asked = {"questions": list(questions.values()), "chunks": list(vectors[:: max(1, len(vectors) // 200)])}
    for name, each in asked.items():
        shares = []
        for vector in each:
            exact = set((np.argsort(-(vectors @ vector), kind="stable")[:10] + 1).tolist())
            shares.append(len(exact & {int(chunk) for chunk in index.search(vector, 10)[0]}) / 10)
        found[f"recall_at_10_{name}"] = round(float(np.mean(shares)), 4)
    return found


def reopened(folder: Path, dimension: int) -> dict[str, Any]:
    """How long opening the finished collection takes."""
    began = time.perf_counter()
    with CollectionStore(folder) as store:
        for _ in VectorIndex(folder, dimension).follow(store):
            pass
    return {"seconds_to_open": round(time.perf_counter() - began, 2)}


def beside_bm25s(store: CollectionStore, texts: list[str], questions: list[str]) -> dict[str, Any]:
    """The same questions by words to `bm25s`, which holds all in memory and is built as a whole."""
    import bm25s

    began = time.perf_counter()
    engine = bm25s.BM25()
    engine.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    built = time.perf_counter() - began
    theirs, ours = [], []
    for question in questions:
        began = time.perf_counter()
        engine.retrieve(bm25s.tokenize([question], stopwords="en", show_progress=False), k=100, show_progress=False)
        theirs.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        WordQuery(store, question).best(100)
        ours.append(1000 * (time.perf_counter() - began))
    found: dict[str, Any] = {"bm25s_seconds_to_index": round(built, 1)}
    found |= {f"bm25s_ms_{key}": value for key, value in spread_of(theirs).items()}
    return found | {f"fts5_ms_{key}": value for key, value in spread_of(ours).items()}


if __name__ == "__main__":
    sys.exit(main())
