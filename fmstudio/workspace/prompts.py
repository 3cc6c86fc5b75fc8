"""Prompt templates: texts with {variables}, rendered to exactly what a model is given.

A template is plain data and rendering it is a pure function. In the system and the user prompt `{name}` stands for a
value, `{{` and `}}` for braces that are meant as text; examples are shown to the model as they are.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fmstudio.errors import StudioError

Message = dict[str, str]

MARKS = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
NAME = re.compile(r"\w[\w .-]*")


class PromptError(StudioError):
    """A prompt that cannot be used as asked; the message names the part, the place and what to write instead."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the answer to it that the model is shown before the real question."""

    input: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """What a model is asked, with holes: {name} in `system` and `user` is filled in when it is asked."""

    system: str = ""
    user: str = ""
    examples: tuple[Example, ...] = ()
    notes: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables in the order of their first use; raises PromptError for a stray brace."""
        pieces = (*_pieces(self.system, "system prompt"), *_pieces(self.user, "user prompt"))
        return tuple(dict.fromkeys(text for is_variable, text in pieces if is_variable))


def render(template: PromptTemplate, values: Mapping[str, str], chat: bool) -> list[Message] | str:
    """What the model is given: messages for one that chats, one text for one that completes.

    Raises PromptError for a stray brace, a variable without a value, a value without a variable, an example that
    lacks a half, and for a prompt that asks nothing.
    """
    _check(template, values)
    system = _filled(template.system, "system prompt", values).strip()
    user = _filled(template.user, "user prompt", values)
    if not user.strip():
        raise PromptError(_nothing_asked(template))
    examples = _whole_examples(template)
    return _messages(system, user, examples) if chat else _text(system, user, examples)


def _messages(system: str, user: str, examples: list[Example]) -> list[Message]:
    """Examples become turns of the conversation that have been."""
    messages = [{"role": "system", "content": system}] if system else []
    for example in examples:
        messages.append({"role": "user", "content": example.input})
        messages.append({"role": "assistant", "content": example.output})
    return [*messages, {"role": "user", "content": user}]


def _text(system: str, user: str, examples: list[Example]) -> str:
    """A base model goes on with what it sees, so examples are blocks of one form, of which it completes the last."""
    if not examples:
        return f"{system}\n\n{user}" if system else user
    blocks = [f"Input: {example.input}\nOutput: {example.output}" for example in examples]
    return "\n\n".join([*([system] if system else []), *blocks, f"Input: {user}\nOutput:"])


def _check(template: PromptTemplate, values: Mapping[str, str]) -> None:
    names = template.variables
    known = ", ".join(names) or "none"
    if missing := [name for name in names if name not in values]:
        raise PromptError(f"The variable {_listed(missing)} has no value; give it one, or take it out of the prompt.")
    if unknown := [name for name in values if name not in names]:
        raise PromptError(f"The prompt has no variable {_listed(unknown)}; its variables are: {known}.")


def _nothing_asked(template: PromptTemplate) -> str:
    """What to do about a user prompt that comes to nothing: it has no text, or its variables have none."""
    for is_variable, text in _pieces(template.user, "user prompt"):
        if is_variable:
            return f"Give {{{text}}} a value first."
    return "The user prompt is empty; write what the model is asked."


def _listed(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def _whole_examples(template: PromptTemplate) -> list[Example]:
    """The examples that are filled in; a line that is still empty counts for nothing."""
    whole = []
    for number, example in enumerate(template.examples, 1):
        if not example.input.strip() and not example.output.strip():
            continue
        lacking = "input" if not example.input.strip() else "output" if not example.output.strip() else ""
        if lacking:
            raise PromptError(f"Example {number} has no {lacking}; fill it in or remove the example.")
        whole.append(example)
    return whole


def _filled(text: str, part: str, values: Mapping[str, str]) -> str:
    return "".join(values[piece] if is_variable else piece for is_variable, piece in _pieces(text, part))


def _pieces(text: str, part: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces of (whether it is a variable, its name or the plain text)."""
    end = 0
    for mark in MARKS.finditer(text):
        if mark.start() > end:
            yield False, text[end : mark.start()]
        end = mark.end()
        if mark[0] in ("{{", "}}"):
            yield False, mark[0][0]
        elif mark[1] is not None and NAME.fullmatch(mark[1].strip()):
            yield True, mark[1].strip()
        else:
            raise PromptError(_stray(text, part, mark))
    if end < len(text):
        yield False, text[end:]


def _stray(text: str, part: str, mark: re.Match[str]) -> str:
    line = text.count("\n", 0, mark.start()) + 1
    column = mark.start() - (text.rfind("\n", 0, mark.start()) + 1) + 1
    place = f"The {part} has, at line {line:,}, column {column:,},"
    if mark[1] is not None:
        inside = mark[1] if len(mark[1]) <= 40 else mark[1][:39] + "…"
        wrong = f"braces around {inside!r}, which cannot be a variable's name" if inside.strip() else "empty braces"
        return f"{place} {wrong}; write {{{{ and }}}} for braces that are meant as text."
    wrong = "a { that is not closed" if mark[0] == "{" else "a } that nothing opens"
    return f"{place} {wrong}; close the variable as in {{name}}, or write {mark[0] * 2} for a brace meant as text."
