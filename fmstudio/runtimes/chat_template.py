"""Turns a conversation into the exact text that a chat model was trained on, by the template that comes with it.

Templates are Jinja, written for Hugging Face's `apply_chat_template`. They come with files from anywhere, so they run
in Jinja's sandbox, without access to Python's internals, and with bounds on what they may compute and write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from fmstudio.data.control_tokens import NO_MARKS, MarkedText, Marks, rendered
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.template_sandbox import TemplateError, render

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A template with the special tokens that it may name."""

    source: str
    special: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    marks: Marks = NO_MARKS
    """The tokens that are letters where a message spells them."""

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> MarkedText:
        """The conversation as text, with the beginning of the answer; raises ModelError where the template fails."""

        def text(told: list[dict[str, str]]) -> str:
            return self._text(told, add_generation_prompt)

        return rendered(messages, self.marks, text, self.source)

    def _text(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        try:
            told = _in_parts(messages) if _reads_parts(self.source) else messages
            return render(self.source, {**_values(told, add_generation_prompt), **self.special})
        except TemplateError as error:
            raise ModelError(
                f"The chat template of {self.model or 'the model'} failed: {str(error).rstrip('.')}; change the "
                "messages, or use it as a model that completes."
            ) from error

    def takes_system(self) -> bool:
        """Whether a system message comes through: some templates refuse it, others leave it out without a word."""
        mark = "A certain system prompt."
        try:
            return mark in self.render([{"role": "system", "content": mark}, {"role": "user", "content": "Hello"}])
        except ModelError:
            return False


def _values(messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool) -> dict[str, Any]:
    return {
        "messages": messages,
        "add_generation_prompt": add_generation_prompt,
        "tools": None,
        "documents": None,
    }


def _in_parts(messages: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Messages as models for pictures take them: each a list of parts, of which some may be texts."""
    return [{**each, "content": [{"type": "text", "text": each["content"]}]} for each in messages]


@lru_cache(maxsize=64)
def _reads_parts(source: str) -> bool:
    """Whether a template loses a message that is a text, and writes one that is a list of parts."""
    mark = [{"role": "user", "content": "A certain message."}]
    return not _writes(source, mark) and _writes(source, _in_parts(mark))


def _writes(source: str, messages: Sequence[Mapping[str, Any]]) -> bool:
    try:
        return "A certain message." in render(source, _values(messages, True))
    except TemplateError:
        return False


def template_of(path: Path) -> ChatTemplate | None:
    """The chat template of a GGUF file or folder; None for a base model, which completes."""
    facts = facts_of(path)
    return ChatTemplate(facts.template, facts.special, facts.title or path.stem, facts.marks) if facts.chat else None
