"""The job that lets a language model write: an answer in a conversation, or the continuation of a text.

What it returns holds everything that makes the same text again: the exact prompt, all settings, the model's version.
"""

import dataclasses
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmstudio.adapt.prompting import put
from fmstudio.jobs import Artefact, Event, JobContext, Progress, Sample, TextDelta
from fmstudio.jobs.context import Job
from fmstudio.recipe import build, values_of
from fmstudio.runtimes import opened
from fmstudio.runtimes.opened import Loaded
from fmstudio.runtimes.runtime import TextStream
from fmstudio.runtimes.text import TextSampling, no_adapter
from fmstudio.runtimes.version import version_of
from fmstudio.training.snapshot import LANGUAGE, model_folder
from fmstudio.workspace import FeedbackRecord, Workspace, WorkspaceError

Message = Mapping[str, str]
_EVERY = 0.08
"""Seconds between two reports of progress."""

_FEWEST = 3
"""Tokens after the first from which on their pace is told."""


def generate(
    context: JobContext,
    workspace: Workspace,
    model: str,
    prompt: str = "",
    messages: Sequence[Message] | None = None,
    settings: Mapping[str, Any] | None = None,
    backend: str = "auto",
    name: str = "output",
    log: bool = False,
    chunks: Sequence[Any] | None = None,
    alike: str | None = None,
) -> Job:
    """Let a model write; see `answer`, which this is with an entry in the feedback log where `log` is set.

    chunks: the passages that an answer rests on, kept in the entry. alike: the id of an entry that this is another
    answer to.
    """
    result = yield from answer(context, workspace, model, prompt, messages, settings, backend, name)
    if log and result["tokens"]:
        result["feedback"] = yield from remember(workspace, result, chunks, alike)
    return result


def answer(
    context: JobContext,
    workspace: Workspace,
    model: str,
    prompt: str = "",
    messages: Sequence[Message] | None = None,
    settings: Mapping[str, Any] | None = None,
    backend: str = "auto",
    name: str = "output",
) -> Generator[Event, None, dict[str, Any]]:
    """A conversation's next message, or what follows a prompt, for jobs to `yield from`.

    A chat model is asked `prompt` as one message of a user; a base model, or any with settings {"raw": True},
    continues it as it stands. Yields the exact prompt as Sample("prompt"), the text as it comes, and the pace.
    Raises StudioError where the model cannot be had, or the prompt does not fit it.
    """
    values = dict(settings or {})
    raw = bool(values.pop("raw", False))
    given = {} if not prompt else {"prompt": prompt}
    sampling: TextSampling = build(TextSampling, {**values, **given})
    entry = yield from load_model(context, workspace, model, backend)
    version = version_of(entry.path)  # while the files are those that were loaded
    if entry.facts.base is None and sampling.adapter_scale != 1.0:
        yield no_adapter(model, sampling)
        sampling = dataclasses.replace(sampling, adapter_scale=1.0)  # what is kept is what was computed with
    question = put(entry.facts, sampling, messages, raw)
    exact = str(question.text)
    stream = entry.runtime.generate(question.text, dataclasses.replace(sampling, prompt=exact))
    about = {"text": exact, "tokens": stream.prompt_tokens, "context": entry.runtime.context}
    yield Sample("prompt", "prompt", {**about, "kind": question.kind})
    writing = _Writing(stream, sampling.maximum_tokens, name)
    yield from writing.run(context)
    return {
        **writing.outcome(),
        "prompt_tokens": stream.prompt_tokens,
        "context": entry.runtime.context,
        "model": model,
        "model_version": version,
        "backend": entry.backend,
        "note": entry.runtime.note,
        "prompt": exact,
        "messages": question.messages,
        "settings": {**values_of(sampling), "prompt": prompt, "raw": question.kind == "completion" and raw},
        "feedback": "",
    }


def load_model(context: JobContext, workspace: Workspace, model: str, backend: str) -> Generator[Event, None, Loaded]:
    """The model in memory, fetched and loaded where it is not; raises StudioError where it cannot be."""
    path, family = yield from model_folder(context, workspace, model)
    if family != LANGUAGE:
        raise WorkspaceError(
            f"Model {model!r} is of the family {family}, which writes no text; choose a language model."
        )
    return (yield from opened.loading(path, backend))


@dataclass(slots=True)
class _Writing:
    """One text while it comes: what there is of it, and how fast."""

    stream: TextStream
    maximum: int
    name: str
    text: str = ""
    began: float = 0.0
    first: float = 0.0
    last: float = 0.0

    def run(self, context: JobContext) -> Generator[Event, None, None]:
        """Yields the text as it comes and, some times a second, how far it is; stops where the person wishes."""
        self.began = shown = time.perf_counter()
        try:
            for piece in self.stream:
                now = time.perf_counter()
                if self.stream.waiting:
                    self.began = now  # what another text takes is not this one's pace
                if self.stream.tokens and not self.first:
                    self.first = now
                self.last = now
                if piece:
                    self.text += piece
                    yield TextDelta(piece, self.name)
                if now - shown >= _EVERY or not piece:  # one who waits lets others go on meanwhile
                    shown = now
                    yield self._progress()
                if context.stopping:
                    break
        finally:
            self.stream.close()
        yield self._progress()

    def _progress(self) -> Progress:
        if not self.stream.tokens:
            doing = "Waiting for another answer" if self.stream.waiting else "Reading the prompt"
            return Progress(0, self.maximum, "tokens", doing)
        rate = self._rate() if self.stream.tokens > _FEWEST else None
        return Progress(self.stream.tokens, self.maximum, "tokens", "", rate, "tokens/s")

    def _rate(self) -> float:
        """Tokens a second from the first token on, so that a long prompt does not make the model look slow."""
        seconds = self.last - self.first
        return (self.stream.tokens - 1) / seconds if seconds > 0 else 0.0

    def outcome(self) -> dict[str, Any]:
        """What was written, and how."""
        return {
            "text": self.text,
            "tokens": self.stream.tokens,
            "seconds_to_first_token": self.first - self.began if self.first else 0.0,
            "tokens_per_second": self._rate(),
            "finish": self.stream.finish,
        }


def remember(
    workspace: Workspace, result: Mapping[str, Any], chunks: Sequence[Any] | None = None, alike: str | None = None
) -> Generator[Event, None, str]:
    """Put what a model wrote into the feedback log, with all that makes it again, and tell; returns the entry's id."""
    details = {
        key: value for key, value in result.items() if key not in ("text", "prompt", "feedback", "model_version")
    }
    if chunks:
        details["chunks"] = list(chunks)
    if alike:
        details["alike"] = alike
    record = FeedbackRecord(
        kind="text", model=result["model"], model_version=result["model_version"], prompt=result["prompt"],
        output=result["text"], details=details,
    )  # fmt: skip
    kept = workspace.feedback.add(record)
    yield Artefact("feedback", kept, str(workspace.index_path))
    return kept
