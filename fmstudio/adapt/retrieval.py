"""Finds the passages of a collection that answer a question: by words, by meaning, and by both ranks together."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmstudio.adapt.collection_tables import StoredChunk
from fmstudio.adapt.fusion import maximal_marginal_relevance, reciprocal_rank_fusion
from fmstudio.adapt.grounding import INSTRUCTION
from fmstudio.adapt.opened_collections import OpenCollection, opened
from fmstudio.adapt.word_search import WordQuery
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import build, setting
from fmstudio.workspace import Workspace

THRESHOLD = 0.3
"""On Python's reference the best passage has a cosine of 0.38 and more for each of 79 titles, of 0.34 and more for each
of 30 questions in other words, and of 0.23 and less for 19 of 20 questions about something else (0.33 for the last,
which was letters without sense)."""
SHOWN = 20
"""Passages that are told of, used or not."""
LONGEST_QUESTION = 20_000
"""Characters; a pasted book is no question, and the models read a few hundred words of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How passages are found and which are used."""

    method: str = setting(
        "both",
        "Find passages by the words of the question (BM25), by its meaning (cosine of embeddings), or by both ranks.",
        choices={"words": "Words", "vectors": "Meaning", "both": "Both"},
        title="Find by",
        simple=True,
    )
    passages: int = setting(
        3, "The most passages that are put before the model.", minimum=1, maximum=SHOWN, simple=True
    )
    threshold: float = setting(
        THRESHOLD,
        "The cosine to the question that a passage must reach to be used, unless it has what the question says in its "
        "very words; where none does, the answer is that nothing relevant was found.",
        minimum=-1.0,
        maximum=1.0,
        simple=True,
    )
    candidates: int = setting(100, "How far down each ranking counts when the two are joined.", minimum=1, maximum=500)
    constant: float = setting(
        60.0,
        "The constant of reciprocal rank fusion: the larger, the less the first ranks stand out.",
        minimum=1.0,
        maximum=1000.0,
    )
    instruction: str = setting(
        INSTRUCTION, "What a chat model is told between the passages and the question.", title="Instruction"
    )
    diversity: float = setting(
        1.0,
        "Maximal marginal relevance: 1 takes the best passages, lower values avoid those that repeat each other.",
        minimum=0.0,
        maximum=1.0,
    )


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was found for a question. Numbers are those of chunks; each ranking is best first.

    best: the highest cosine of any chunk, or None where no chunk has a vector yet. vector, asked: the question
    as the two searches take it. naming: how many of the things that the question names each chunk has.
    reads: whether the embedding model knows what the question is made of.
    """

    words: Mapping[int, float]
    vectors: Mapping[int, float]
    fused: Mapping[int, float]
    best: float | None
    vector: np.ndarray
    asked: WordQuery
    naming: Mapping[int, int]
    reads: bool
    milliseconds: Mapping[str, float]

    @property
    def order(self) -> list[int]:
        """All that was found, best first."""
        return self.named_first(self.fused)

    def named_first(self, chunks: Iterable[int]) -> list[int]:
        """What has a code, an option or a number of the question before the rest, else in their order."""
        return sorted(chunks, key=lambda chunk: -self.naming.get(chunk, 0))


def search(
    context: JobContext,
    workspace: Workspace,
    collection: str,
    question: str,
    settings: Mapping[str, Any] | None = None,
) -> Job:
    """The passages for a question with both scores and ranks: Sample "found"."""
    chosen: RetrievalSettings = build(RetrievalSettings, settings or {}, "settings.")
    found = yield from opened(context, workspace, collection)
    result = find(found, question, chosen)
    yield Sample("found", "found", result)
    return {"relevant": result["relevant"], "best": result["best"]}


def find(collection: OpenCollection, question: str, settings: RetrievalSettings) -> dict[str, Any]:
    """The passages for a question as plain data, the best first; those that are to be used are marked."""
    ranking = rank(collection, question, settings)
    order = _diverse(collection, ranking, settings)
    chunks = collection.store.chunks(order)
    rows = _rows(collection, ranking, [chunks[chunk] for chunk in order if chunk in chunks], settings)
    _, total, done = collection.store.counts()
    return {
        "question": question,
        "collection": collection.name,
        "rows": rows,
        "threshold": settings.threshold,
        "best": ranking.best,
        "names": _names(ranking, question) if _is_exact(ranking, settings) else [],
        "relevant": any(row["used"] for row in rows),
        "milliseconds": dict(ranking.milliseconds),
        "state": {"done": done, "total": total},
    }


def rank(collection: OpenCollection, question: str, settings: RetrievalSettings) -> Ranking:
    """All candidates for a question in order. Both rankings are made whatever the method, for both are shown."""
    if not question.strip():
        raise StudioError("The question is empty; write what you want to know.")
    if len(question) > LONGEST_QUESTION:
        raise StudioError(
            f"The question has {len(question):,} characters, but at most {LONGEST_QUESTION:,} are looked up; shorten "
            "it."
        )
    began = time.perf_counter()
    vector = collection.encoder.encode([question])[0]
    embedded = time.perf_counter()
    asked = WordQuery(collection.store, question)
    words = asked.best(settings.candidates)
    worded = time.perf_counter()
    ids, cosines = collection.index.search(vector, settings.candidates)
    vectors = {int(chunk): float(cosine) for chunk, cosine in zip(ids, cosines, strict=True)}
    ended = time.perf_counter()
    rankings = {"words": [words], "vectors": [vectors], "both": [words, vectors]}[settings.method]
    fused = reciprocal_rank_fusion([list(each) for each in rankings], settings.constant)
    naming = asked.naming(list(fused)) if settings.method != "vectors" else {}
    best = float(cosines[0]) if len(cosines) else None
    times = {"embed": embedded - began, "words": worded - embedded, "vectors": ended - worded, "all": ended - began}
    milliseconds = {name: round(1000 * each, 2) for name, each in times.items()}
    return Ranking(words, vectors, fused, best, vector, asked, naming, collection.encoder.reads(question), milliseconds)


def _diverse(collection: OpenCollection, ranking: Ranking, settings: RetrievalSettings) -> list[int]:
    if settings.diversity >= 1.0:
        return ranking.order[:SHOWN]
    vectors = _vectors(collection, ranking.order)
    return ranking.named_first(maximal_marginal_relevance(ranking.fused, vectors, settings.diversity, SHOWN))


def _vectors(collection: OpenCollection, ids: Sequence[int]) -> dict[int, np.ndarray]:
    found, matrix = collection.store.vectors(ids)
    return dict(zip((int(chunk) for chunk in found), matrix, strict=True))


def _rows(
    collection: OpenCollection,
    ranking: Ranking,
    chunks: Sequence[StoredChunk],
    settings: RetrievalSettings,
) -> list[dict[str, Any]]:
    """Each passage with both scores, computed where a ranking did not reach it; its rank there is None then."""
    ids = [chunk.id for chunk in chunks]
    words_scores = ranking.asked.scores([each for each in ids if each not in ranking.words])
    words_scores |= ranking.words
    cosines = _cosines(collection, ranking, [each for each in ids if each not in ranking.vectors])
    cosines |= ranking.vectors
    words_ranks = {chunk: number for number, chunk in enumerate(ranking.words, 1)}
    vector_ranks = {chunk: number for number, chunk in enumerate(ranking.vectors, 1)}
    used = set(_usable(ranking, ids, cosines, settings)[: settings.passages])
    return [
        {
            "rank": number,
            "id": chunk.id,
            "source": chunk.source,
            "title": chunk.title,
            "headings": list(chunk.headings),
            "text": chunk.text,
            "start": chunk.start,
            "end": chunk.end,
            "tokens": chunk.tokens,
            "words_score": words_scores.get(chunk.id),
            "words_rank": words_ranks.get(chunk.id),
            "vector_score": cosines.get(chunk.id),
            "vector_rank": vector_ranks.get(chunk.id),
            "fused": ranking.fused[chunk.id],
            "used": chunk.id in used,
        }
        for number, chunk in enumerate(chunks, 1)
    ]


def _usable(
    ranking: Ranking, ids: Sequence[int], cosines: Mapping[int, float], settings: RetrievalSettings
) -> list[int]:
    """Those that may be put before the model: near by meaning, or with the very words of the question in them.

    A question that only names things is answered by what has them; what merely looks alike would be another answer.
    """
    if _is_exact(ranking, settings):
        return [chunk for chunk in ids if chunk in ranking.naming]
    by_words = ranking.asked.answering(ids) if settings.method != "vectors" else set()
    near = {chunk for chunk in ids if cosines.get(chunk, settings.threshold) >= settings.threshold}
    if near and not ranking.reads:  # what the model cannot read is near to everything
        near &= ranking.asked.scores(ids).keys()
    return [chunk for chunk in ids if chunk in near or chunk in by_words]


def _names(ranking: Ranking, question: str) -> list[str]:
    """What a question names, as it is written there."""
    texts = [term.text for term in ranking.asked.terms]
    return [text for text in texts if text in question.lower()] or texts


def _is_exact(ranking: Ranking, settings: RetrievalSettings) -> bool:
    return settings.method != "vectors" and ranking.asked.is_exact


def _cosines(collection: OpenCollection, ranking: Ranking, ids: Sequence[int]) -> dict[int, float]:
    vectors = _vectors(collection, ids) if ids else {}
    return {chunk: float(vector @ ranking.vector) for chunk, vector in vectors.items()}
