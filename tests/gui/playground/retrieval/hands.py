"""The answers that collections would give to the Retrieval view, and the view with them at hand."""

from fmstudio.adapt.chunking import ChunkingOptions
from fmstudio.adapt.retrieval import RetrievalSettings
from fmstudio.gui.playground.retrieval import jobs as jobs
from fmstudio.jobs import Finished, Progress, Sample, Started, TextDelta
from fmstudio.recipe import settings
from tests.gui.playground.hands import Hands

MINILM = {"reference": "all-minilm-l6-v2", "title": "all-MiniLM-L6-v2", "here": True, "size": 84_000_000, "about": ""}
TEXT = "Speed one is for dough 🍞 and speed two for cream. The warranty lasts for three years. Wash it by hand."


def collection(name, **changes):
    """A collection as the listing tells it."""
    return {
        "name": name, "documents": 2, "chunks": 40, "bytes": 12_000, "created": "2026-01-01T10:00:00+00:00",
        "done": 40, "total": 40, "skipped": 0, "problem": "", "sources": ["/docs"], "options": {},
        "embedding": "all-minilm-l6-v2", "state": "ready",
    } | changes  # fmt: skip


def told(*collections, here=True):
    """What `describe` tells."""
    return {
        "collections": list(collections),
        "embeddings": [MINILM | {"here": here}],
        "options": settings(ChunkingOptions),
        "retrieval": settings(RetrievalSettings),
        "endings": [".md", ".pdf", ".txt"],
    }


def row(rank, text, cosine, used, **changes):
    """A passage that was found."""
    start = TEXT.find(text)
    return {
        "rank": rank, "id": 10 * rank, "source": "/docs/mixer.md", "title": "Mixer", "headings": ["Mixer", "Warranty"],
        "text": text, "start": start, "end": start + len(text), "tokens": 8, "words_score": 3.2, "words_rank": rank,
        "vector_score": cosine, "vector_rank": rank, "fused": 1 / 61, "used": used,
    } | changes  # fmt: skip


def found(*rows, question="How long is the warranty?", **changes):
    """What a search tells."""
    best = max((each["vector_score"] for each in rows), default=None)
    return {
        "question": question, "rows": list(rows), "threshold": 0.3, "best": best,
        "relevant": any(each["used"] for each in rows),
        "milliseconds": {"embed": 21.0, "words": 0.8, "vectors": 0.5, "all": 22.3}, "state": {"done": 40, "total": 40},
    } | changes  # fmt: skip


WARRANTY = row(1, "The warranty lasts for three years.", 0.71, True)
WASH = row(2, "Wash it by hand.", 0.44, True)
DOUGH = row(3, "Speed one is for dough 🍞", 0.12, False)
DOCUMENT = {
    "source": "/docs/mixer.md", "title": "Mixer", "text": TEXT,
    "chunks": [
        {"id": each["id"], "number": number, "start": each["start"], "end": each["end"], "tokens": 8,
         "headings": each["headings"]}
        for number, each in enumerate((DOUGH, WARRANTY, WASH))
    ],
}  # fmt: skip
DOCUMENTS = {
    "total": 2, "start": 0, "search": "",
    "rows": [
        {"source": "/docs/mixer.md", "title": "Mixer", "chunks": 3, "bytes": 900, "state": "ready", "reason": "",
         "notes": []},
        {"source": "/docs/secret.pdf", "title": "secret.pdf", "chunks": 0, "bytes": 9_000, "state": "skipped",
         "reason": "it is encrypted", "notes": []},
    ],
}  # fmt: skip


class RetrievalHands(Hands):
    """The Retrieval view of the playground, and the answers to what it asks."""

    def __init__(self, studio, engine, show, *collections, here=True):
        super().__init__(studio, engine, show)
        self.panel.look_at("retrieval")
        self.panel.state.choose("smollm2-135m-instruct")
        self.describe(*collections, here=here)

    @property
    def view(self):
        return self.panel.views["retrieval"]

    @property
    def ask(self):
        return self.view.collection.ask

    def describe(self, *collections, here=True):
        """The view looks again, and this is what there is now."""
        self.view.store.ask()
        self.reply(jobs.DESCRIBE, told(*collections, here=here))

    def reply(self, target, data, name="answer"):
        """The latest question of a kind is answered."""
        self.tell(self.engine.latest(target), Started(), Sample(name, name, data), Finished())

    def latest(self, target):
        """What was asked for last of a kind."""
        return dict(self.engine.requests[self.engine.latest(target)].arguments)

    def type(self, question):
        """Type a question and let its passages come."""
        self.ask.controls.field.setText(question)
        self.ask.search()

    def answered(self, text, plain="", citations=(), relevant=True, rows=(WARRANTY, WASH, DOUGH)):
        """The question is answered, piece by piece."""
        job = self.engine.latest(jobs.ASK)
        prompt = {"text": "[1] The warranty lasts…", "tokens": 310, "context": 8192, "kind": "chat"}
        self.tell(job, Started(), Sample("found", "found", found(*rows)), Sample("prompt", "prompt", prompt))
        for piece in text.split(" "):
            self.tell(job, TextDelta(f"{piece} ", "answer"), Progress(1, 200, "tokens", "", 92.4, "tokens/s"))
        self.tell(job, Sample("citations", "citations", list(citations)))
        if plain:
            self.tell(job, TextDelta(plain, "plain"))
        result = {
            "answer": text,
            "plain": plain,
            "relevant": relevant,
            "tokens": 9 if relevant else 0,
            "tokens_per_second": 92.4,
            "seconds_to_first_token": 0.4,
            "feedback": "entry-1" if relevant else "",
            "without": {"tokens": 5, "tokens_per_second": 90.0, "seconds_to_first_token": 0.1} if plain else {},
        }
        self.tell(job, Finished("completed", result))
        return job
