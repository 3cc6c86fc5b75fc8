"""What is known of one output that a person could judge, and which of them a question is about."""

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fmstudio.workspace.errors import WorkspaceError
from fmstudio.workspace.records import now

KINDS = ("text", "image")


def new_id() -> str:
    """An identity that no other entry has, in this workspace or another."""
    return f"f-{uuid.uuid4().hex[:16]}"


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """An output and what a person thinks of it, with everything that makes it again.

    thumbs: -1 down, 0 none, 1 up. score: 1 to 5, 0 where none was given. correction: what the output should have been.
    details: messages, settings, seed, backend, chunks, … as plain data; of a picture "picture" is its file's name and
    "replay" the job that drew it.
    """

    kind: str
    model: str
    prompt: str
    output: str
    model_version: str = ""
    correction: str = ""
    thumbs: int = 0
    score: int = 0
    tags: tuple[str, ...] = ()
    comment: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_id)
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """An entry as a list shows it: of its texts only the beginning, so that long ones cost nothing."""

    id: str
    created: str
    kind: str
    model: str
    prompt: str
    output: str
    thumbs: int
    score: int
    tags: tuple[str, ...]
    corrected: bool


def checked(record: FeedbackRecord) -> FeedbackRecord:
    """The record as the log keeps it; raises WorkspaceError that names the field, its value and what is allowed."""
    if record.kind not in KINDS:
        raise WorkspaceError(f"The kind of a feedback entry is {record.kind!r}, but it must be text or image.")
    if record.thumbs not in (-1, 0, 1):
        raise WorkspaceError(f"The thumbs of a feedback entry are {record.thumbs!r}, but they must be -1, 0 or 1.")
    if record.score not in range(6):
        raise WorkspaceError(f"The score of a feedback entry is {record.score!r}, but it must be 0 (none) or 1 to 5.")
    return dataclasses.replace(record, tags=clean_tags(record.tags))


def clean_tags(tags: "tuple[str, ...] | list[str]") -> tuple[str, ...]:
    """Tags as they are kept: trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag for tag in (" ".join(each.split()) for each in tags) if tag))
