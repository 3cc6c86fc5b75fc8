"""A conversation as a tree: an edited question or another answer is a branch beside the first, and nothing is lost.

One path through the tree is shown. Each message knows its parent; `shown` tells for each message which of its answers
is on the path.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from fmstudio.workspace import WorkspaceError, now
from fmstudio.workspace.names import with_model

ROOT = ""
_TITLE = 60
Removed = list["Message"]


@dataclass(slots=True)
class Message:
    """What was said. `result` is what the job returned that wrote it: prompt, settings, seed, model, figures."""

    id: str
    parent: str
    role: str
    text: str
    created: str = ""
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Conversation:
    """kind: "chat", or "completion" where a text goes on and `pieces` tells whose words are whose."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    kind: str = "chat"
    title: str = ""
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    model: str = ""
    system: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    pieces: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)

    # Reading.

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that is worth keeping."""
        return not self.messages and not self.pieces

    @property
    def name(self) -> str:
        """The title that was given to it, or how it begins."""
        if self.title:
            return self.title
        first = next((message.text for message in self.messages.values() if message.role == "user"), "")
        first = first or next((str(piece["text"]) for piece in self.pieces), "")
        line = " ".join(first[: 4 * _TITLE].split())
        return (line if len(line) <= _TITLE else f"{line[: _TITLE - 1]}…") or "New conversation"

    def path(self) -> list[Message]:
        """The messages that are shown, from the first to the last."""
        found, at = [], ROOT
        while (following := self.shown.get(at)) in self.messages:
            at = str(following)
            found.append(self.messages[at])
        return found

    def siblings(self, id: str) -> list[Message]:
        """A message and the branches beside it, in the order in which they were made."""
        parent = self.messages[id].parent
        return [each for each in self.messages.values() if each.parent == parent]

    def history(self, upto: str) -> list[dict[str, str]]:
        """What a model is given: the messages from the first to this one."""
        told: list[dict[str, str]] = []
        while upto in self.messages:
            message = self.messages[upto]
            told.insert(0, {"role": message.role, "content": message.text})
            upto = message.parent
        return told

    # Changing.

    def add(self, parent: str, role: str, text: str) -> Message:
        """A new message after `parent`; it is on the shown path from now on."""
        message = Message(uuid.uuid4().hex[:12], parent, role, text, now())
        self.messages[message.id] = message
        self.shown[parent] = message.id
        return message

    def rename_model(self, name: str, new: str) -> None:
        """The model that it was held with is called otherwise, as its file says already."""
        self.model = new if self.model == name else self.model
        self.result = with_model(self.result, name, new)
        for message in self.messages.values():
            message.result = with_model(message.result, name, new)

    def choose(self, id: str) -> None:
        """Show this branch instead of the one beside it."""
        self.shown[self.messages[id].parent] = id

    def remove(self, id: str) -> Removed:
        """Take a message and all that follows from it away; returns what `restore` puts back."""
        parent = self.messages[id].parent
        beside = [each.id for each in self.siblings(id)]
        gone = self._below(id)
        for each in gone:
            del self.messages[each.id]
        if self.shown.get(parent) == id:
            place = beside.index(id)
            del self.shown[parent]
            if left := beside[:place][-1:] or beside[place + 1 :][:1]:
                self.shown[parent] = left[0]
        return gone

    def restore(self, gone: Removed) -> None:
        """Put back what was removed, and show it."""
        self.messages |= {message.id: message for message in gone}
        if gone:
            self.choose(gone[0].id)

    def _below(self, id: str) -> Removed:
        found = [self.messages[id]]
        for message in found:
            found += [each for each in self.messages.values() if each.parent == message.id]
        return found


def to_json(conversation: Conversation) -> str:
    """The conversation as the text of its file."""
    tables = asdict(conversation)
    tables["messages"] = list(tables["messages"].values())
    return json.dumps({"version": 1, **tables}, ensure_ascii=False, indent=1)


def from_json(text: str, where: str) -> Conversation:
    """The conversation of a file; raises WorkspaceError where the text is none."""
    try:
        tables = json.loads(text)
        fields = {key: value for key, value in tables.items() if key in Conversation.__dataclass_fields__}
        fields["messages"] = {each["id"]: _message(each) for each in tables["messages"]}
        return Conversation(**fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WorkspaceError(f"{where} is not a conversation ({error}); mend it or delete it.") from None


def _message(table: Mapping[str, Any]) -> Message:
    return Message(**{key: table[key] for key in Message.__dataclass_fields__ if key in table})
