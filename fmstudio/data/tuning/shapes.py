"""Finds the example in a row of a table, in the shapes that people have.

Instructions: a list of messages (with role and content, or with from and value as ShareGPT writes them); instruction,
input and output as Alpaca has them; prompt and completion, each a text or messages. Preferences: prompt, chosen and
rejected, as texts or as messages, also where the prompt stands within both answers; prompt, completion and a label.
Columns of other names can be named.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fmstudio.data.errors import DataError, Refused
from fmstudio.data.kinds import INSTRUCTIONS, PREFERENCES
from fmstudio.data.tuning.examples import Example, Instruction, Judgement, Message, Messages, Preference, Role
from fmstudio.recipe import setting

Row = Mapping[str, Any]
ExampleOf = Callable[[Row, Mapping[str, str]], Example]
"""Makes an example of a row and the columns that were taken; raises Refused with what is wrong with the row."""

PARTS: Mapping[str, tuple[str, ...]] = {
    INSTRUCTIONS: ("messages", "prompt", "input", "completion", "system"),
    PREFERENCES: ("prompt", "input", "chosen", "rejected", "completion", "label", "system"),
}
"""The parts of an example that columns can hold, by the kind of dataset; they are fields of `Columns`."""
_ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user", "question": "user", "instruction": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "model": "assistant", "chatgpt": "assistant",
    "ai": "assistant", "answer": "assistant", "response": "assistant",
}  # fmt: skip
_USUAL = {
    "messages": ("messages", "conversations", "conversation", "dialog", "dialogue", "turns"),
    "prompt": ("prompt", "instruction", "question", "query", "user", "human", "ask", "request", "problem"),
    "input": ("input", "context"),
    "completion": (
        "completion", "output", "response", "answer", "assistant", "target", "reply", "solution", "correction",
    ),
    "system": ("system", "system_prompt"),
    "chosen": ("chosen", "preferred", "winner", "response_chosen", "good_answer"),
    "rejected": ("rejected", "dispreferred", "loser", "response_rejected", "bad_answer"),
    "label": ("label", "good", "thumbs", "thumb", "liked", "is_good", "desirable"),
}  # fmt: skip
_GOOD = {"true": True, "1": True, "good": True, "yes": True, "up": True, "desirable": True, "positive": True,
         "false": False, "0": False, "-1": False, "bad": False, "no": False, "down": False, "undesirable": False,
         "negative": False}  # fmt: skip
_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column of a table holds what; left empty, each is found by its name."""

    messages: str = setting("", "The column with whole conversations.", title="Messages", placeholder="Found by name")
    prompt: str = setting("", "The column with what is asked.", title="Prompt", placeholder="Found by name")
    input: str = setting(
        "", "The column with what the prompt is about, which follows it.", title="Input", placeholder="Found by name"
    )
    completion: str = setting("", "The column with the answer.", title="Answer", placeholder="Found by name")
    system: str = setting("", "The column with the system prompt.", title="System", placeholder="Found by name")
    chosen: str = setting("", "The column with the preferred answer.", title="Chosen", placeholder="Found by name")
    rejected: str = setting("", "The column with the other answer.", title="Rejected", placeholder="Found by name")
    label: str = setting(
        "", "The column that says whether an answer is good.", title="Judgement", placeholder="Found by name"
    )

    def taken(self, names: Iterable[str]) -> dict[str, str]:
        """The column of a table for each part that it has; raises Refused where one that was named is missing."""
        present = list(names)
        lower = {name.lower(): name for name in reversed(present)}
        found: dict[str, str] = {}
        for part, usual in _USUAL.items():
            wanted = getattr(self, part)
            if wanted and wanted not in present:
                raise Refused(f"it has no column {wanted!r}; its columns are: {', '.join(present) or 'none'}")
            column = wanted or next((lower[name] for name in usual if name in lower), "")
            if column and column not in found.values():
                found[part] = column
        return found


def example_of(kind: str) -> ExampleOf:
    """What makes an example of a row, in a dataset of a kind; raises DataError for a kind that is not known."""
    makers: Mapping[str, ExampleOf] = {INSTRUCTIONS: instruction_of, PREFERENCES: preference_of}
    if kind not in makers:
        raise DataError(f"{kind!r} is not a kind of training data; choose one of {', '.join(makers)}.")
    return makers[kind]


def instruction_of(row: Row, taken: Mapping[str, str]) -> Instruction:
    """The conversation in a row, with the columns that `Columns.taken` found; raises Refused with what is wrong."""
    messages = messages_of(_cell(row, taken, "messages"))
    if not messages:
        prompt, answer = _prompt(row, taken), _cell(row, taken, "completion")
        if not prompt:
            raise Refused("it has no prompt")
        answered = messages_of(answer) or (Message("assistant", text_in(answer)),)
        messages = prompt + answered
    example = Instruction(_with_system(messages, row, taken))
    example.check()
    return example


def preference_of(row: Row, taken: Mapping[str, str]) -> Example:
    """The pair or the judgement in a row; raises Refused with what is wrong."""
    if "chosen" in taken and "rejected" in taken:
        example: Example = _pair(row, taken)
    elif "label" in taken and "completion" in taken:
        answer = messages_of(_cell(row, taken, "completion"))
        said = answer[-1].content if answer else text_in(_cell(row, taken, "completion"))
        example = Judgement(_with_system(_prompt(row, taken), row, taken), said, _good(_cell(row, taken, "label")))
    else:
        raise Refused("it has neither a chosen and a rejected answer nor an answer with a label")
    example.check()
    return example


def messages_of(value: Any) -> Messages:
    """The messages that a cell holds, also as JSON; none where it holds something else. Raises Refused for roles that
    are not known, and for messages that hold more than text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return ()
    if not isinstance(value, list) or not value or not all(isinstance(each, Mapping) for each in value):
        return ()
    return tuple(_message(each) for each in value)


def _message(found: Mapping[str, Any]) -> Message:
    role = next((found[key] for key in ("role", "from", "speaker") if found.get(key)), None)
    if role is None:
        raise Refused("a message has no role")
    known = _ROLES.get(str(role).lower())
    if known is None:
        raise Refused(f"a message is of the role {role!r}, which is not known")
    content = next((found[key] for key in ("content", "value", "text") if key in found), None)
    return Message(known, text_in(content))


def text_in(value: Any) -> str:
    """The text of a cell; raises Refused where there is something else in it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in value]
        if all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
    raise Refused("it holds more than text")


def _cell(row: Row, taken: Mapping[str, str], part: str) -> Any:
    return row.get(taken[part]) if part in taken else None


def _prompt(row: Row, taken: Mapping[str, str]) -> Messages:
    """What is asked: messages, or a text with the input below it."""
    asked = _cell(row, taken, "prompt")
    if messages := messages_of(asked):
        return messages
    parts = [text_in(asked), text_in(_cell(row, taken, "input"))]
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    return (Message("user", text),) if text else ()


def _with_system(messages: Messages, row: Row, taken: Mapping[str, str]) -> Messages:
    system = text_in(_cell(row, taken, "system")).strip()
    if not system or (messages and messages[0].role == "system"):
        return messages
    return (Message("system", system), *messages)


def _pair(row: Row, taken: Mapping[str, str]) -> Preference:
    """The two answers, whose prompt may stand in a column of its own or at the beginning of both."""
    sides = [_cell(row, taken, part) for part in ("chosen", "rejected")]
    chosen, rejected = (messages_of(side) or _spoken(side) for side in sides)
    prompt = _prompt(row, taken)
    if not chosen and not rejected:
        return Preference(_with_system(prompt, row, taken), text_in(sides[0]), text_in(sides[1]))
    if not chosen or not rejected:
        raise Refused("one of its answers is a text and the other a list of messages")
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    if len(chosen) != shared + 1 or len(rejected) != shared + 1:
        raise Refused("its answers differ in more than their last message")
    if chosen[-1].role != "assistant" or rejected[-1].role != "assistant":
        raise Refused("it ends without an answer")
    begins = chosen[:shared]
    if begins and prompt and begins[-len(prompt) :] != prompt[-len(begins) :]:
        raise Refused("its prompt is another than that of its answers")
    longer = begins if len(begins) >= len(prompt) else prompt
    return Preference(_with_system(longer, row, taken), chosen[-1].content, rejected[-1].content)


def _spoken(value: Any) -> Messages:
    """The turns of a text that names its speakers, as in HH-RLHF (Bai et al. 2022)."""
    if not isinstance(value, str) or not value.lstrip().startswith("Human:"):
        return ()
    parts = _SPEAKER.split("\n\n" + value.strip())[1:]
    return tuple(
        Message("user" if name == "Human" else "assistant", text.strip())
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    )


def _good(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    good = _GOOD.get(str(value).strip().lower().removesuffix(".0"))
    if good is None:
        raise Refused(f"its label is {value!r}, which says neither good nor bad")
    return good
