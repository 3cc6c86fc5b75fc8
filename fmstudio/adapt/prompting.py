"""From what a person asks to the exact text that a model reads: a conversation in its template, or a text as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fmstudio.errors import StudioError
from fmstudio.runtimes.chat_template import ChatTemplate
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.runtime import fitting
from fmstudio.runtimes.text import TextSampling

ROLES = ("system", "user", "assistant")
_LONGEST_TOKEN = 64
"""Letters of the longest token that is taken for granted where no tokenizer is asked yet."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The exact text, and the messages that it was made from."""

    text: str
    kind: Literal["chat", "completion"]
    messages: list[dict[str, str]]


def put(
    facts: ModelFacts, sampling: TextSampling, messages: Sequence[Mapping[str, str]] | None, raw: bool = False
) -> RenderedPrompt:
    """What a model is to read; raises StudioError for messages that make no conversation.

    A base model, which has no template, is given a conversation as plain text, message after message.
    """
    if messages is None:
        if raw or not facts.chat:
            return RenderedPrompt(sampling.prompt, "completion", [])
        messages = [{"role": "user", "content": sampling.prompt}]
    told = [_checked(message) for message in messages]
    if not told:
        raise StudioError("There is no message to answer; write one first.")
    if not facts.chat:
        return RenderedPrompt("\n\n".join(message["content"] for message in told), "completion", told)
    letters = sum(len(message["content"]) for message in told)
    fitting(facts.path.stem, letters // max(_LONGEST_TOKEN, 1), facts.context, at_least=True)
    told = _with_system(told, sampling.system)
    template = ChatTemplate(facts.template, facts.special, facts.path.stem, facts.marks)
    shown = told if told[0]["role"] != "system" or template.takes_system() else _without_system(told)
    return RenderedPrompt(template.render(shown), "chat", told)


def _checked(message: Mapping[str, Any]) -> dict[str, str]:
    role, content = message.get("role"), message.get("content")
    if role not in ROLES or not isinstance(content, str):
        raise StudioError(
            f"A message has the role {role!r}, but messages are texts of {', '.join(ROLES[:-1])} or {ROLES[-1]}; "
            "correct it."
        )
    return {"role": role, "content": content}


def _with_system(messages: list[dict[str, str]], system: str) -> list[dict[str, str]]:
    if not system or any(message["role"] == "system" for message in messages):
        return messages
    return [{"role": "system", "content": system}, *messages]


def _without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """For templates that know no system message: what it says stands before the first question instead."""
    told, rest = messages[0]["content"], messages[1:]
    if not rest:
        return [{"role": "user", "content": told}]
    return [{**rest[0], "content": f"{told}\n\n{rest[0]['content']}"}, *rest[1:]]
