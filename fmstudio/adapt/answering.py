"""Answers a question from a collection: finds passages, puts them before a model, tells what the answer rests on."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from fmstudio.adapt.citations import cite
from fmstudio.adapt.generation import answer, load_model, remember
from fmstudio.adapt.grounding import NEXT_QUESTION, Passage, fit_passages, grounded_message, grounded_text
from fmstudio.adapt.opened_collections import opened
from fmstudio.adapt.prompting import put
from fmstudio.adapt.retrieval import RetrievalSettings, find
from fmstudio.jobs import Event, JobContext, Sample, TextDelta
from fmstudio.jobs.context import Job
from fmstudio.recipe import build, values_of
from fmstudio.runtimes.opened import Loaded
from fmstudio.runtimes.text import TextSampling
from fmstudio.workspace import Workspace

ANSWER, PLAIN = "answer", "plain"
_NO_PACE = {"tokens": 0, "tokens_per_second": 0.0, "seconds_to_first_token": 0.0}
_ANSWER_SHARE = 2  # an answer is promised at most half of the context; passages may take the rest


def ask(
    context: JobContext,
    workspace: Workspace,
    collection: str,
    question: str,
    model: str,
    settings: Mapping[str, Any] | None = None,
    sampling: Mapping[str, Any] | None = None,
    compare: bool = True,
    log: bool = False,
    backend: str = "auto",
) -> Job:
    """Answer from the collection's passages, and beside it, where `compare` is set, without any.

    settings: fields of RetrievalSettings. sampling: fields of TextSampling. Yields Sample "found" (its rows say which
    passages are used), the exact prompt as Sample "prompt", the answers as TextDelta "answer" and "plain", and Sample
    "citations". Where nothing relevant was found the answer says so, and the model is not asked to invent one.
    Returns both answers with their pace; that of the plain one is "without".
    """
    chosen: RetrievalSettings = build(RetrievalSettings, settings or {}, "settings.")
    wishes = {key: value for key, value in (sampling or {}).items() if key not in ("raw", "prompt")}
    build(TextSampling, wishes, "sampling.")
    source = yield from opened(context, workspace, collection)
    found = find(source, question, chosen)
    yield Sample("found", "found", found)
    result: dict[str, Any] = {
        "answer": "", "plain": "", "citations": [], "relevant": found["relevant"], "feedback": "",
        "without": {}, **_NO_PACE,
    }  # fmt: skip
    if found["relevant"]:
        entry = yield from load_model(context, workspace, model, backend)
        passages, told = _fitting(entry, found, chosen, wishes)
        if _mark_used(found, passages):
            yield Sample("found", "found", found)
        outcome = yield from answer(context, workspace, model, name=ANSWER, backend=backend, **told)
        citations = cite(outcome["text"], passages, source.encoder.encode, chosen.threshold)
        yield Sample("citations", "citations", citations)
        result |= {"answer": outcome["text"], "citations": citations, **_pace_of(outcome)}
        if log and outcome["tokens"]:
            outcome |= {"collection": collection, "question": question, "retrieval": values_of(chosen)}
            passages_kept = [_kept(passage) for passage in passages]
            result["feedback"] = yield from remember(workspace, outcome, passages_kept)
    else:
        result["answer"] = nothing_found(found)
        yield TextDelta(result["answer"], ANSWER)
    if compare and not context.stopping:
        plain = yield from _without_retrieval(context, workspace, model, question, wishes, backend)
        result |= {"plain": plain["text"], "without": _pace_of(plain)}
    return result


def _pace_of(outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {name: outcome[name] for name in _NO_PACE}


def nothing_found(found: Mapping[str, Any]) -> str:
    """The answer where no passage is relevant, with the figures."""
    if found["names"]:
        return f"Nothing relevant was found: no passage has {' or '.join(found['names'])}."
    if found["best"] is None:
        return "Nothing relevant was found: no passage of the collection has a word of the question."
    if found["best"] >= found["threshold"]:
        return (
            "Nothing relevant was found: no passage with words of the question reaches the threshold of "
            f"{found['threshold']:.2f}; search by meaning as well."
        )
    return (
        f"Nothing relevant was found: the best passage has a cosine of {found['best']:.2f} to the question, below the "
        f"threshold of {found['threshold']:.2f}."
    )


def _told(
    entry: Loaded, question: str, passages: Sequence[Passage], settings: RetrievalSettings, wishes: Mapping[str, Any]
) -> dict[str, Any]:
    """What the model is given, as `answer` takes it: a conversation, or a text to continue."""
    if entry.facts.chat:
        content = grounded_message(question, passages, settings.instruction)
        return {"messages": [{"role": "user", "content": content}], "settings": wishes}
    stop = wishes.get("stop") or NEXT_QUESTION
    return {"prompt": grounded_text(question, passages), "settings": {**wishes, "stop": stop}}


def _fitting(
    entry: Loaded, found: Mapping[str, Any], settings: RetrievalSettings, wishes: Mapping[str, Any]
) -> tuple[list[Passage], dict[str, Any]]:
    """The passages to use of those found, the best first, as many as leave room for the answer; and what is told."""
    context = entry.runtime.context
    controls: TextSampling = build(TextSampling, wishes)
    limit = context - min(controls.maximum_tokens, context // _ANSWER_SHARE)

    def tokens(passages: Sequence[Passage]) -> int:
        told = _told(entry, found["question"], passages, settings, wishes)
        text = told["prompt"] if "prompt" in told else put(entry.facts, controls, told["messages"]).text
        return entry.runtime.count(text)

    passages = fit_passages([row for row in found["rows"] if row["used"]], tokens, limit, entry.facts.path.stem)
    return passages, _told(entry, found["question"], passages, settings, wishes)


def _mark_used(found: dict[str, Any], passages: Sequence[Passage]) -> bool:
    """Mark in what was found which passages are used now; returns whether that changed anything."""
    used = {passage["id"] for passage in passages}
    changed = [row for row in found["rows"] if row["used"] != (row["id"] in used)]
    found["rows"] = [{**row, "used": row["id"] in used} for row in found["rows"]]
    return bool(changed)


def _without_retrieval(
    context: JobContext, workspace: Workspace, model: str, question: str, wishes: Mapping[str, Any], backend: str
) -> Generator[Event, None, dict[str, Any]]:
    """What the model says of its own; its prompt is shown under a name of its own."""
    steps = answer(context, workspace, model, prompt=question, settings=wishes, backend=backend, name=PLAIN)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            outcome: dict[str, Any] = end.value
            return outcome
        if isinstance(event, Sample):
            event = Sample("plain prompt", event.kind, event.data)
        yield event


def _kept(passage: Passage) -> dict[str, Any]:
    """What the feedback log keeps of a passage."""
    return {key: passage[key] for key in ("source", "title", "start", "end", "text", "vector_score", "words_score")}
