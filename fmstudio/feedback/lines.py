"""One JSON line as an entry of the feedback log, or one sentence on why it cannot be."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.workspace import FeedbackRecord, WorkspaceError
from fmstudio.workspace.feedback_records import checked

IMPORTED = "imported"
"""The model of an entry whose line names none."""

_ID = re.compile(r"[\w-]{1,64}")
_ROLES = ("system", "user", "assistant", "tool")
_PROMPTS = ("prompt", "question", "instruction", "query")
_TURN = re.compile(r"(?:^|\n)(?:Assistant|ASSISTANT|assistant|AI|Bot):")
"""Where an answer begins in a dialogue that is told as one text."""
_TIMES = ("created", "updated")

_DEEPEST = 100
"""Objects and lists within each other that an entry may have: all who read it later have to go that deep."""


class LineError(StudioError):
    """A line that is no entry; the message says why."""


def read_line(line: bytes) -> tuple[FeedbackRecord, str]:
    """The entry of a line, and the digest that the same line has again; raises LineError."""
    values = _object(line)
    try:
        if {"chosen", "rejected"} <= values.keys():
            record = _preference(values)
        elif {"prompt", "completion"} <= values.keys():
            record = _instruction(values)
        else:
            record = _logged(values)
        record = checked(record)
        _encodable(record)
    except WorkspaceError as error:
        raise LineError(str(error)) from None
    return record, digest_of(values)


def digest_of(line: Mapping[str, Any]) -> str:
    """The same for lines that say the same."""
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()


def _object(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise LineError("It is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise LineError(f"It is not JSON ({error.msg} at column {error.colno}).") from None
    except RecursionError:
        raise LineError("It is nested too deeply to be an entry.") from None
    except ValueError:
        raise LineError("It has a number with too many digits.") from None
    if not isinstance(values, dict):
        raise LineError('It is not an object such as {"prompt": …, "completion": …}.')
    if _is_deep(values):
        raise LineError(f"It is nested too deeply to be an entry: {_DEEPEST} levels are allowed.")
    return values


def _is_deep(value: Any) -> bool:
    """Level by level: to call itself for each would find its own end first."""
    level = [value]
    for _ in range(_DEEPEST):
        items = (item for each in level for item in (each.values() if isinstance(each, dict) else each))
        level = [item for item in items if isinstance(item, (dict, list))]
    return bool(level)


def _preference(values: Mapping[str, Any]) -> FeedbackRecord:
    """The rejected answer is what a model wrote, the chosen one its correction.

    The prompt may be named, or stand before both answers alike, as in conversations that are given whole.
    """
    chosen, rejected = values["chosen"], values["rejected"]
    asked = _asked(values)
    if isinstance(chosen, list) and isinstance(rejected, list):
        before, chosen, rejected = _apart(_messages(chosen, "chosen"), _messages(rejected, "rejected"))
        asked = _joined(asked, before)
    elif asked is None:
        asked, chosen, rejected = _dialogue(chosen, rejected)
    if asked is None:
        raise LineError("It has no prompt: neither a 'prompt', nor a beginning that both answers have.")
    prompt, messages = _prompt(asked)
    chosen, rejected = _answer(chosen, "chosen"), _answer(rejected, "rejected", may_be_empty=True)
    return _from_training(values, prompt, messages, output=rejected, correction=chosen)


def _asked(values: Mapping[str, Any]) -> Any:
    """The prompt by whichever name it has, with a system prompt of its own before it; None where there is none."""
    name = next((name for name in _PROMPTS if values.get(name) is not None), None)
    if name is None:
        return None
    asked, system = values[name], values.get("system")
    if isinstance(asked, str) and name == "instruction" and isinstance(values.get("input"), str):
        asked = "\n\n".join(part for part in (asked, values["input"]) if part.strip())
    if not isinstance(system, str) or not system.strip():
        return asked
    turns = _messages(asked, name) if isinstance(asked, list) else [{"role": "user", "content": asked}]
    return turns if turns[0]["role"] == "system" else [{"role": "system", "content": system}, *turns]


Turns = list[dict[str, str]]


def _apart(chosen: Turns, rejected: Turns) -> tuple[Turns, Turns, Turns]:
    """What two conversations begin with alike, and where each goes on; both must go on with an answer alone."""
    size = 0
    while size < min(len(chosen), len(rejected)) and chosen[size] == rejected[size]:
        size += 1
    if size and size in (len(chosen), len(rejected)):  # one answer is the beginning of the other, or both are one
        size -= 1
    for rest in (chosen[size:], rejected[size:]):
        if any(turn["role"] in ("system", "user") for turn in rest):
            raise LineError("'chosen' and 'rejected' do not answer the same prompt: their turns differ before the end.")
    return chosen[:size], chosen[size:], rejected[size:]


def _joined(asked: Any, before: Turns) -> Any:
    """The prompt, which may be said again before the answers."""
    if not before:
        return asked
    if asked is None:
        return before
    turns = _messages(asked, "prompt") if isinstance(asked, list) else [{"role": "user", "content": asked}]
    if _spoken(before) == _spoken(turns):
        return before if before[0]["role"] == "system" else turns
    if before[-1:] == turns:
        return before
    raise LineError("The prompt is not what both answers begin with.")


def _spoken(turns: Turns) -> Turns:
    return [turn for turn in turns if turn["role"] != "system"]


def _dialogue(chosen: Any, rejected: Any) -> tuple[str | None, Any, Any]:
    """Two texts that tell a dialogue up to the same last turn of the assistant, taken apart there."""
    if not isinstance(chosen, str) or not isinstance(rejected, str):
        return None, chosen, rejected
    end = max((found.end() for found in _TURN.finditer(chosen)), default=0)
    if not end or chosen[:end] != rejected[:end]:
        return None, chosen, rejected
    return chosen[:end], chosen[end:].strip(), rejected[end:].strip()


def _instruction(values: Mapping[str, Any]) -> FeedbackRecord:
    """A completion to learn from is an output that somebody liked, unless the line says that it is not wanted."""
    prompt, messages = _prompt(values["prompt"])
    wanted = values.get("label", True)
    if not isinstance(wanted, bool) and wanted not in (0, 1):
        raise LineError(f"'label' is {json.dumps(wanted)[:60]}, but it must be true or false.")
    said = _answer(values["completion"], "completion", may_be_empty=not wanted)
    return _from_training(values, prompt, messages, output=said, thumbs=1 if wanted else -1)


def _from_training(values: Mapping[str, Any], prompt: str, messages: list[Any], **judged: Any) -> FeedbackRecord:
    details = {"messages": messages} if messages else {}
    # The same line has the same id again, so that importing it twice is noticed even after it was rated otherwise.
    same = f"f-{digest_of(values)[:16]}"
    return FeedbackRecord(kind="text", model=IMPORTED, prompt=prompt, details=details, id=same, **judged)


def _prompt(value: Any) -> tuple[str, list[dict[str, str]]]:
    """A prompt as text, and as messages where it is a conversation."""
    if isinstance(value, str):
        return value, []
    messages = _messages(value, "prompt")
    return "\n\n".join(message["content"] for message in messages), messages


def _answer(value: Any, name: str, may_be_empty: bool = False) -> str:
    """may_be_empty: a model may have written nothing, which is nothing to learn but something to put right."""
    text = value if isinstance(value, str) else "\n\n".join(each["content"] for each in _messages(value, name))
    if not text.strip() and not may_be_empty:
        raise LineError(f"{name!r} is empty.")
    return text


def _messages(value: Any, name: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        raise LineError(f"{name!r} is neither a text nor a list of messages.")
    for each in value:
        if not isinstance(each, dict) or each.get("role") not in _ROLES or not isinstance(each.get("content"), str):
            raise LineError(f"A message of {name!r} has no role (one of {', '.join(_ROLES)}) or no text as content.")
    return [{"role": each["role"], "content": each["content"]} for each in value]


def _logged(values: Mapping[str, Any]) -> FeedbackRecord:
    """A line of a written log: every field that an entry has, of its type."""
    names = {each.name for each in dataclasses.fields(FeedbackRecord)}
    if missing := sorted({"kind", "model", "prompt", "output"} - values.keys()):
        raise LineError(f"It is neither an entry of a log (it has no {missing[0]!r}) nor a prompt with its answers.")
    if unknown := sorted(values.keys() - names):
        raise LineError(f"{unknown[0]!r} is nothing that an entry has.")
    for name, value in values.items():
        _check_type(name, value)
    if messages := values.get("details", {}).get("messages"):
        _messages(messages, "messages")
    tags = tuple(values.get("tags", ()))
    times = {name: _in_utc(values[name]) for name in _TIMES if name in values}
    return FeedbackRecord(**{**values, **times, "tags": tags})


def _check_type(name: str, value: Any) -> None:
    if name in ("thumbs", "score"):
        right = isinstance(value, int) and not isinstance(value, bool)
    elif name == "tags":
        right = isinstance(value, list) and all(isinstance(tag, str) for tag in value)
    elif name == "details":
        right = isinstance(value, dict)
    else:
        right = isinstance(value, str)
    if right and name == "id":
        right = bool(_ID.fullmatch(value))
    if right and name in _TIMES:
        right = bool(_in_utc(value))
    if not right:
        raise LineError(f"{name!r} is {json.dumps(value, ensure_ascii=False)[:60]}, which it cannot be.")


def _in_utc(value: str) -> str:
    """A time as `workspace.now` writes it, so that entries sort, filter and count alike; empty where it is none."""
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC).isoformat(timespec="seconds") if time.tzinfo else ""
    except (ValueError, OverflowError):  # in UTC it may lie before the first year or after the last
        return ""


def _encodable(record: FeedbackRecord) -> None:
    """JSON can hold halves of a character pair, which no text file and no database can."""
    try:
        json.dumps(dataclasses.asdict(record), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise LineError("It has half of a surrogate pair, which is no character.") from None
