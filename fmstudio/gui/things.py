"""The things that a workspace has, by kind and newest first: what Ctrl+K finds, what Home counts, what panels open."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmstudio.gui import formatting
from fmstudio.workspace import Workspace
from fmstudio.workspace.conversations import ConversationStore

if TYPE_CHECKING:
    from fmstudio.workspace.prompt_library import PromptEntry, PromptLibrary

_MOST_FEEDBACK = 500  # the newest; the Feedback panel searches all
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of the workspace. key: what a panel opens it by. family: of models and runs. hint: a fact of it."""

    kind: str
    key: str
    title: str
    created: str
    hint: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one thing and many are called, their icon, and how they are listed and counted."""

    noun: str
    nouns: str
    icon: str
    listed: Callable[["Things"], list[Thing]]
    counted: Callable[["Things"], int] | None = None


class Things:
    """All that one workspace has. What was read of a file is kept until the file changes."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.conversations = ConversationStore(workspace)
        self.batches: dict[Path, Thing] = {}

    @cached_property
    def prompts(self) -> "PromptLibrary":
        """A person's own prompts and those that come with the program."""
        from fmstudio.workspace.prompt_library import PromptLibrary  # here: the window opens sooner without it

        return PromptLibrary(self.workspace)

    def of(self, kind: str, family: str = "") -> list[Thing]:
        """Those of a kind, the newest first; with a family, those of that family only."""
        found = sorted(KINDS[kind].listed(self), key=lambda thing: thing.created)[::-1]
        return [thing for thing in found if not family or thing.family == family]

    def count(self, kind: str, family: str = "") -> int:
        """How many of a kind there are."""
        counted = KINDS[kind].counted
        return counted(self) if counted and not family else len(self.of(kind, family))

    def newest(self, kind: str, family: str = "") -> Thing | None:
        """The one of a kind that was made last."""
        return next(iter(self.of(kind, family)), None)


def _datasets(things: Things) -> list[Thing]:
    return [
        Thing("dataset", record.name, record.name, record.created, formatting.size(record.bytes), record.kind)
        for record in things.workspace.datasets()
    ]


def _tokenizers(things: Things) -> list[Thing]:
    files = (things.workspace.path / "tokenizers").glob("*/tokenizer.json")
    return [Thing("tokenizer", file.parent.name, file.parent.name, _changed(file)) for file in files]


def _runs(things: Things) -> list[Thing]:
    return [
        Thing("run", record.id, record.name, record.created, formatting.when(record.created), record.family)
        for record in things.workspace.runs()
    ]


def _models(things: Things) -> list[Thing]:
    return [
        Thing("model", record.name, record.name, record.created, formatting.millions(record.parameters), record.family)
        for record in things.workspace.models()
    ]


def _linked_models(things: Things) -> list[Thing]:
    return [
        Thing("linked model", record.name, record.name, record.created, Path(record.path).name)
        for record in things.workspace.linked_models()
    ]


def _collections(things: Things) -> list[Thing]:
    return [
        Thing("collection", record.name, record.name, record.created, formatting.plural(record.documents, "document"))
        for record in things.workspace.collections()
    ]


def _conversations(things: Things) -> list[Thing]:
    return [
        Thing("conversation", heading.id, heading.title, heading.updated, _when(heading.updated))
        for heading in things.conversations.headings()
        if not heading.problem
    ]


def _prompts(things: Things) -> list[Thing]:
    return [
        Thing("prompt", entry.name, entry.name, _changed(things.prompts.folder / entry.name), _facts(entry))
        for entry in things.prompts.entries()
    ]


def _facts(entry: "PromptEntry") -> str:
    if not entry.own:
        return "built in"
    return formatting.plural(entry.versions, "version") if entry.versions else "not saved yet"


def _own_prompts(things: Things) -> int:
    return sum(1 for folder in (things.workspace.path / "prompts").glob("[!.]*") if folder.is_dir())


def _batches(things: Things) -> list[Thing]:
    files = set((things.workspace.path / "batches").glob("[!.]*/batch.json"))
    for file in files - things.batches.keys():
        things.batches[file] = _batch(file)
    return [things.batches[file] for file in files]


def _batch(file: Path) -> Thing:
    """A batch by what was asked of it, which never changes; a file that cannot be read is known by its folder."""
    try:
        asked: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
        title = f"{asked['prompt']} over {Path(asked['source']).name}"
        return Thing("batch", file.parent.name, title, str(asked.get("created", "")), str(asked.get("model", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return Thing("batch", file.parent.name, file.parent.name, "")


def _feedback(things: Things) -> list[Thing]:
    return [
        Thing("feedback", row.id, _line(row.prompt or row.output), row.created, row.model)
        for row in things.workspace.feedback.search(count=_MOST_FEEDBACK)
    ]


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _when(moment: str) -> str:
    return formatting.when(moment) if moment else ""


def _changed(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except OSError:  # a prompt that came with the program and has only been drafted
        return ""


KINDS: Mapping[str, Kind] = {
    "dataset": Kind("dataset", "datasets", "mdi6.database-outline", _datasets),
    "tokenizer": Kind("tokenizer", "tokenizers", "mdi6.format-letter-matches", _tokenizers),
    "run": Kind("run", "runs", "mdi6.chart-line", _runs),
    "model": Kind("model", "models", "mdi6.cube-outline", _models),
    "linked model": Kind("linked model", "linked models", "mdi6.link-variant", _linked_models),
    "conversation": Kind("conversation", "conversations", "mdi6.message-outline", _conversations),
    "collection": Kind("collection", "collections", "mdi6.file-search-outline", _collections),
    "prompt": Kind("prompt", "prompts", "mdi6.text-box-outline", _prompts, _own_prompts),
    "batch": Kind("batch", "batches", "mdi6.table-arrow-right", _batches),
    "feedback": Kind(
        "kept output", "kept outputs", "mdi6.thumbs-up-down-outline", _feedback,
        lambda things: things.workspace.feedback.count(),
    ),
}  # fmt: skip
