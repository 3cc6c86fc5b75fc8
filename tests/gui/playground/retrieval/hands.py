"""The answers that collections would give to the Retrieval view, and the view with them at hand."""

from fmstudio.gui.playground.retrieval import jobs as jobs
from fmstudio.jobs import Finished, Progress, Sample, Started, TextDelta
from tests.gui import recorded
from tests.gui.playground.hands import Hands
from tests.gui.recorded import changed
from tests.gui.small_jobs import ALONE

TEXT = "Speed one is for dough 🍞 and speed two for cream. The warranty lasts for three years. Wash it by hand."


def collection(name, **changes):
    """A collection as the listing tells it."""
    usual = {"name": name, "documents": 2, "chunks": 40, "bytes": 12_000, "created": "2026-01-01T10:00:00+00:00",
             "done": 40, "total": 40, "skipped": 0, "sources": ["/docs"], "embedding": "all-minilm-l6-v2"}  # fmt: skip
    return changed(recorded.answer(jobs.DESCRIBE)["collections"][0], **usual | changes)


def told(*collections, here=True):
    """What `describe` tells."""
    usual = recorded.answer(jobs.DESCRIBE)
    return changed(
        usual, collections=list(collections), embeddings=[changed(each, here=here) for each in usual["embeddings"]]
    )


def row(rank, text, cosine, used):
    """A passage that was found."""
    start = TEXT.find(text)
    return changed(
        recorded.answer(jobs.SEARCH)["rows"][0], rank=rank, id=10 * rank, source="/docs/mixer.md", title="Mixer",
        headings=["Mixer", "Warranty"], text=text, start=start, end=start + len(text), tokens=8, words_score=3.2,
        words_rank=rank, vector_score=cosine, vector_rank=rank, fused=1 / 61, used=used,
    )  # fmt: skip


def found(*rows, **changes):
    """What a search tells."""
    usual = {
        "question": "How long is the warranty?", "rows": list(rows), "threshold": 0.3,
        "best": max((each["vector_score"] for each in rows), default=None),
        "relevant": any(each["used"] for each in rows),
        "milliseconds": {"embed": 21.0, "words": 0.8, "vectors": 0.5, "all": 22.3}, "state": {"done": 40, "total": 40},
    }  # fmt: skip
    return changed(recorded.answer(jobs.SEARCH), **usual | changes)


def warranty():
    """The passage that answers."""
    return row(1, "The warranty lasts for three years.", 0.71, True)


def wash():
    """One that is given to the model too."""
    return row(2, "Wash it by hand.", 0.44, True)


def dough():
    """One that is about something else."""
    return row(3, "Speed one is for dough 🍞", 0.12, False)


def document():
    """The document in which they are, with its chunks."""
    told = recorded.answer(jobs.DOCUMENT)
    chunks = [
        changed(
            told["chunks"][0], number=number, tokens=8, **{key: each[key] for key in ("id", "start", "end", "headings")}
        )
        for number, each in enumerate((dough(), warranty(), wash()))
    ]  # fmt: skip
    return changed(told, source="/docs/mixer.md", title="Mixer", text=TEXT, chunks=chunks)


def document_list(**changes):
    """The list of two documents, of which one was skipped."""
    told = recorded.answer(jobs.DOCUMENTS)
    rows = [
        changed(told["rows"][0], source="/docs/mixer.md", title="Mixer", bytes=900),
        changed(told["rows"][0], source="/docs/secret.pdf", title="secret.pdf", chunks=0, bytes=9_000, state="skipped",
                reason="it is encrypted"),
    ]  # fmt: skip
    return changed(told, **{"total": 2, "rows": rows} | changes)


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

    def reply(self, target, data):
        """The latest question of a kind is answered."""
        self.tell(self.engine.latest(target), *recorded.told(target, data))

    def latest(self, target):
        """What was asked for last of a kind."""
        return dict(self.engine.requests[self.engine.latest(target)].arguments)

    def type(self, question):
        """Type a question and let its passages come."""
        self.ask.controls.field.setText(question)
        self.ask.search()

    def answered(self, text, plain="", citations=(), relevant=True, rows=None):
        """The question is answered, piece by piece."""
        job = self.engine.latest(jobs.ASK)
        prompt = changed(recorded.answer(jobs.ASK, "prompt"), text="[1] The warranty lasts…", tokens=310, context=8192)
        passages = found(*(rows or (warranty(), wash(), dough())))
        self.tell(job, Started(), Sample("found", "found", passages), Sample("prompt", "prompt", prompt))
        for piece in text.split(" "):
            self.tell(job, TextDelta(f"{piece} ", "answer"), Progress(1, 200, "tokens", "", 92.4, "tokens/s"))
        self.tell(job, Sample("citations", "citations", list(citations)))
        if plain:
            self.tell(job, TextDelta(plain, "plain"))
        without = {"tokens": 5, "tokens_per_second": 90.0, "seconds_to_first_token": 0.1}
        result = changed(
            recorded.result(jobs.ASK if plain else ALONE), answer=text, plain=plain, relevant=relevant,
            tokens=9 if relevant else 0, citations=list(citations), tokens_per_second=92.4, seconds_to_first_token=0.4,
            feedback="entry-1" if relevant else "", without=without if plain else {},
        )  # fmt: skip
        self.tell(job, Finished("completed", result))
        return job
