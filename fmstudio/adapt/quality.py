"""How well a collection's passages are found: questions whose source is known, by words, by meaning and by both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fmstudio.adapt.opened_collections import OpenCollection, opened
from fmstudio.adapt.questions import QuestionSet, questions_from_table, title_questions
from fmstudio.adapt.retrieval import RetrievalSettings, rank
from fmstudio.jobs import JobContext, Note, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.workspace import Workspace

METHODS = ("words", "vectors", "both")
DEPTHS = (1, 5, 10)
_MISSES = 50  # that are listed
_FOUND = 3  # documents that are told of for each


@dataclass(slots=True)
class Score:
    """The ranks at which the right document came, 0 where it was not found at all."""

    ranks: list[int]

    def recall(self, depth: int) -> float:
        """The share of questions whose document is among the first `depth`."""
        return sum(0 < rank <= depth for rank in self.ranks) / len(self.ranks)

    @property
    def mean_reciprocal_rank(self) -> float:
        """The mean of 1 / rank, where what is not found counts 0."""
        return sum(1 / rank for rank in self.ranks if rank) / len(self.ranks)


def measure(
    context: JobContext,
    workspace: Workspace,
    collection: str,
    questions: str = "titles",
    settings: Mapping[str, Any] | None = None,
) -> Job:
    """Ask every question in three ways and look where its document comes: Sample "quality".

    questions: "titles", for the title of each document as a question after it, or the path of a table with the columns
    question and source. A document's rank is that of its best chunk; several documents of one title are all right.
    Raises StudioError where no question is left to ask. Returns the figures by method.
    """
    chosen: RetrievalSettings = build(RetrievalSettings, settings or {}, "settings.")
    found = yield from opened(context, workspace, collection)
    documents = [document for document in found.store.documents().values() if not document.reason]
    if questions == "titles":
        asked = title_questions(documents, collection)
    else:
        asked = questions_from_table(questions, documents, collection)
    for note in asked.notes:
        yield Note(note, "warning")
    scores: dict[str, Score] = {method: Score([]) for method in METHODS}
    misses: list[dict[str, Any]] = []
    for number, (question, sources) in enumerate(asked.rows):
        yield Progress(number, len(asked.rows), "questions", "Asking")
        if context.stopping:
            break
        misses += _ask(found, question, sources, chosen, scores)
    if not scores["both"].ranks:
        return {}
    quality = _quality(asked, scores, misses)
    yield Sample("quality", "quality", quality)
    return {row["method"]: {key: row[key] for key in row if key != "method"} for row in quality["rows"]}


def _ask(
    collection: OpenCollection, question: str, sources: Sequence[str], settings: RetrievalSettings,
    scores: Mapping[str, Score],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Note the rank by each method; yields the question if both together have not found its document at once."""
    for method in METHODS:
        ranking = rank(collection, question, replace(settings, method=method))
        order = document_order(collection, ranking.order)
        place = next((number for number, source in enumerate(order, 1) if source in sources), 0)
        scores[method].ranks.append(place)
        if method == "both" and place != 1:
            yield {"question": question, "expected": list(sources), "found": order[:_FOUND], "rank": place}


def document_order(collection: OpenCollection, chunks: Sequence[int]) -> list[str]:
    """The documents of ranked chunks, each where its best chunk is."""
    sources = collection.store.sources_of(chunks)
    return list(dict.fromkeys(sources[chunk] for chunk in chunks if chunk in sources))


def _quality(asked: QuestionSet, scores: Mapping[str, Score], misses: list[dict[str, Any]]) -> dict[str, Any]:
    misses.sort(key=lambda miss: -(miss["rank"] or 1_000_000))
    return {
        "questions": len(scores["both"].ranks),
        "source": asked.origin,
        "notes": asked.notes,
        "rows": [
            {
                "method": method,
                **{f"recall_at_{depth}": score.recall(depth) for depth in DEPTHS},
                "mrr": score.mean_reciprocal_rank,
            }
            for method, score in scores.items()
        ],
        "misses": misses[:_MISSES],
    }
