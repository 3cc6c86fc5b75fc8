"""What one example is: a conversation, two answers of which one was preferred, or one answer that was judged.

All three begin with messages as chats have them. They are kept as one JSON object each, in the forms that most tools
read: {"messages"}, {"prompt", "chosen", "rejected"}, and {"prompt", "completion", "label"}.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from fmstudio.data.errors import Refused

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said."""

    role: Role
    content: str


Messages = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Instruction:
    """A conversation whose answers show what is wanted; the last message is an answer."""

    messages: Messages

    def check(self) -> None:
        """Raises Refused with what is wrong with it."""
        _check_turns(self.messages)
        if self.messages[-1].role != "assistant":
            raise Refused("it ends without an answer")

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"messages": _plain(self.messages)}

    @property
    def prompt(self) -> Messages:
        """What was said before the last answer."""
        return self.messages[:-1]

    @property
    def answers(self) -> tuple[str, ...]:
        """The last answer."""
        return (self.messages[-1].content,)


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to the same messages, the first of which was preferred."""

    prompt: Messages
    chosen: str
    rejected: str

    def check(self) -> None:
        """Raises Refused with what is wrong with it."""
        _check_prompt(self.prompt)
        if not self.chosen.strip() or not self.rejected.strip():
            raise Refused("an answer is empty")
        if self.chosen.strip() == self.rejected.strip():
            raise Refused("both answers are the same")

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"prompt": _plain(self.prompt), "chosen": self.chosen, "rejected": self.rejected}

    @property
    def answers(self) -> tuple[str, ...]:
        """The preferred answer, and the other."""
        return self.chosen, self.rejected


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer that was found good, or bad."""

    prompt: Messages
    completion: str
    good: bool

    def check(self) -> None:
        """Raises Refused with what is wrong with it."""
        _check_prompt(self.prompt)
        if not self.completion.strip():
            raise Refused("an answer is empty")

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"prompt": _plain(self.prompt), "completion": self.completion, "label": self.good}

    @property
    def answers(self) -> tuple[str, ...]:
        """The one answer."""
        return (self.completion,)


Example = Instruction | Preference | Judgement


def written(example: Example) -> str:
    """The example as one line of JSON."""
    return json.dumps(example.as_json(), ensure_ascii=False)


def read(line: str) -> Example:
    """The example that `written` wrote."""
    found: Mapping[str, Any] = json.loads(line)
    if "messages" in found:
        return Instruction(_messages(found["messages"]))
    prompt = _messages(found["prompt"])
    if "chosen" in found:
        return Preference(prompt, found["chosen"], found["rejected"])
    return Judgement(prompt, found["completion"], bool(found["label"]))


def texts_of(example: Example) -> list[tuple[str, Messages]]:
    """The conversations that a model reads of an example, each with its title: of a pair two, else one."""
    match example:
        case Instruction():
            return [("Conversation", example.messages)]
        case Preference():
            titles: tuple[str, ...] = ("Chosen", "Rejected")
        case Judgement():
            titles = ("Judged good" if example.good else "Judged bad",)
    answers = [(*example.prompt, Message("assistant", answer)) for answer in example.answers]
    return list(zip(titles, answers, strict=True))


def readable(example: Example) -> str:
    """The example turn by turn, with who speaks above what is said."""
    told = [(each.role.capitalize(), each.content) for each in example.prompt]
    match example:
        case Preference():
            told += [("Chosen", example.chosen), ("Rejected", example.rejected)]
        case Judgement():
            told += [("Good" if example.good else "Bad", example.completion)]
        case Instruction():
            told += [("Assistant", example.answers[0])]
    return "\n\n".join(f"{who}\n{said}" for who, said in told)


def title_of(example: Example) -> str:
    """What was asked, as far as a line shows it."""
    asked = next((each.content for each in reversed(example.prompt) if each.role == "user"), "")
    words = " ".join(asked.split())
    return words if len(words) <= 100 else f"{words[:99]}…"


def _messages(found: Sequence[Mapping[str, Any]]) -> Messages:
    return tuple(Message(each["role"], each["content"]) for each in found)


def _plain(messages: Messages) -> list[dict[str, str]]:
    return [{"role": each.role, "content": each.content} for each in messages]


def _check_turns(messages: Messages) -> None:
    """One system message at most, at the beginning; then user and assistant by turns, none of whose texts is empty."""
    turns = messages[1:] if messages and messages[0].role == "system" else messages
    if not turns:
        raise Refused("it has no turns, only a system message" if messages else "it has no messages")
    if turns[0].role == "assistant":
        raise Refused("it begins with an answer")
    for before, after in pairwise(turns):
        if after.role == "system":
            raise Refused("it has a system message after the first turn")
        if before.role == after.role:
            whose = "user" if after.role == "user" else "assistant"
            raise Refused(f"it has two turns of the {whose} in a row")
    for turn in turns:
        if not turn.content.strip():
            raise Refused("an answer is empty" if turn.role == "assistant" else "a question is empty")


def _check_prompt(messages: Messages) -> None:
    _check_turns(messages)
    if messages[-1].role != "user":
        raise Refused("its prompt ends with an answer, where it must end with a question")
