"""Prompts put to a model: what it would be given exactly, its answer, and the same answer again from what was kept."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from fmstudio.adapt.generation import answer
from fmstudio.adapt.prompting import put
from fmstudio.data.control_tokens import MarkReader
from fmstudio.jobs import Event, JobContext, Progress, Sample, TextDelta, Waiting
from fmstudio.jobs.context import Job
from fmstudio.recipe import build
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.memory import context_to_use
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.opened import choose_backend
from fmstudio.runtimes.text import TextSampling
from fmstudio.runtimes.tokens import tokenizer_of
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import Workspace
from fmstudio.workspace.prompts import Example, PromptTemplate, render

Result = dict[str, Any]
_MOST_LETTERS = 400_000
_MOST_TOKENS = 4000


def as_data(template: PromptTemplate) -> dict[str, Any]:
    """A template as plain data, which `as_template` turns back."""
    examples = [{"input": example.input, "output": example.output} for example in template.examples]
    return {"system": template.system, "user": template.user, "examples": examples, "notes": template.notes}


def as_template(data: Mapping[str, Any]) -> PromptTemplate:
    """The template that was made plain data."""
    examples = tuple(Example(each["input"], each["output"]) for each in data.get("examples", ()))
    return PromptTemplate(
        system=data.get("system", ""), user=data.get("user", ""), examples=examples, notes=data.get("notes", "")
    )  # fmt: skip


def asked(template: PromptTemplate, values: Mapping[str, str], chat: bool) -> dict[str, Any]:
    """The arguments of `generation.answer` that put a prompt to a model."""
    rendered = render(template, values, chat)
    return {"prompt": rendered} if isinstance(rendered, str) else {"messages": rendered}


def preview(
    context: JobContext,
    workspace: Workspace,
    model: str,
    prompt: str = "",
    messages: Sequence[Mapping[str, str]] | None = None,
    settings: Mapping[str, Any] | None = None,
    backend: str = "auto",
) -> Job:
    """Tell exactly what a model would be given, token by token, without loading it or asking it anything."""
    path, _ = yield from model_folder(context, workspace, model)
    yield Progress(0, 1, "prompts")
    facts = facts_of(path)
    sampling = build(TextSampling, {**(settings or {}), **({"prompt": prompt} if prompt else {})})
    text = put(facts, sampling, messages, raw=False).text
    reads = context_to_use(facts, choose_backend(facts, backend))
    yield Sample("prompt", "prompt", {"text": str(text), "context": reads, **_tokens(facts, text)})
    return None


def _tokens(facts: ModelFacts, text: str) -> dict[str, Any]:
    """The tokens of a text as far as a person looks at them, how many there are, and what is to be said of them."""
    tokenizer = tokenizer_of(facts)
    if tokenizer is None:
        return {"tokens": [], "count": None, "note": "The tokens of this model are known only to llama.cpp."}
    if len(text) > _MOST_LETTERS:
        note = f"The prompt has {len(text):,} characters, which are too many to be shown as tokens."
        return {"tokens": [], "count": None, "note": note}
    encoding = MarkReader(tokenizer, facts.marks).encode(text)
    shown = [
        {"id": number, "text": text[begin:end] or tokenizer.id_to_token(number)}
        for number, (begin, end) in zip(encoding.ids[:_MOST_TOKENS], encoding.offsets[:_MOST_TOKENS], strict=True)
    ]
    beyond = len(encoding.ids) - len(shown)
    note = f"The last {beyond:,} tokens are not shown here." if beyond > 0 else ""
    return {"tokens": shown, "count": len(encoding.ids), "note": note}


def replay(context: JobContext, workspace: Workspace, result: Mapping[str, Any]) -> Job:
    """Ask again exactly what a kept result says was asked; returns {"same", "difference", "text"}.

    result: as `generate` returned it. `difference` is a sentence on where the new answer departs from the kept one.
    """
    asking = answer(context, workspace, str(result["model"]), **_kept_question(result))
    again = yield from quietly(asking, Progress(0, None, "tokens", "Asking again"))
    difference = _difference(result, again)
    yield Sample("replay", "replay", {"same": not difference, "difference": difference, "text": again["text"]})
    return {"same": not difference, "difference": difference, "text": again["text"]}


def _kept_question(result: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, from what was kept of it. A completion's exact prompt is the prompt itself."""
    question = {"messages": result["messages"]} if result.get("messages") else {"prompt": result["prompt"]}
    return {**question, "settings": result["settings"], "backend": result.get("backend", "auto")}


def _difference(kept: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    if kept["text"] == again["text"]:
        return ""
    if kept.get("model_version") and kept["model_version"] != again.get("model_version"):
        return "The answer is another because the model's files have changed since."
    if kept.get("prompt") and kept["prompt"] != again.get("prompt"):
        return "The answer is another because the model was given another text: its chat template has changed since."
    pairs = zip(kept["text"], again["text"], strict=False)
    place = next((at for at, (old, new) in enumerate(pairs) if old != new), min(len(kept["text"]), len(again["text"])))
    return (
        f"The answer differs from character {place + 1:,} on: it was “{_around(kept['text'], place)}” and is now "
        f"“{_around(again['text'], place)}”."
    )


def _around(text: str, place: int) -> str:
    begin = max(0, place - 10)
    return ("…" if begin else "") + text[begin : place + 20] + ("…" if place + 20 < len(text) else "")


def quietly(job: Job, meanwhile: Progress) -> Generator[Event, None, Result]:
    """A job's text alone, and what it returns: for a job that is part of a greater one with a progress of its own.

    meanwhile: that progress, said in place of the job's own, so that others have their turn as often.
    """
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            return dict(end.value or {})
        yield event if isinstance(event, (TextDelta, Waiting)) else meanwhile
