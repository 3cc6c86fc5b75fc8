"""The prompts of a workspace and those that come with the program, each with all its versions.

prompts/<name>/0001.toml is the first version; later ones are added beside it and none is ever changed. What is being
written and not saved yet is prompts/<name>/draft.toml. A prompt that comes with the program has its version 0 there;
saving it makes version 1 in the workspace, and deleting that brings version 0 back.
"""

from dataclasses import dataclass
from pathlib import Path

from fmstudio.resources import RESOURCES
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.deleting import delete, restore
from fmstudio.workspace.errors import explained
from fmstudio.workspace.files import write_atomically
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.names import check_name, free_name
from fmstudio.workspace.prompt_files import PromptVersion, read_prompt, write_prompt
from fmstudio.workspace.prompts import PromptError, PromptTemplate
from fmstudio.workspace.records import now

BUILT_IN = RESOURCES / "prompts"
KIND = "prompt"
_DRAFT = "draft.toml"


@dataclass(frozen=True, slots=True)
class PromptEntry:
    """A prompt in the list: how many versions it has, and whether there is something unsaved of it."""

    name: str
    versions: int
    built_in: bool
    own: bool
    draft: bool


class PromptLibrary:
    """The prompts that can be chosen. Names are plain folder names; a wrong one raises WorkspaceError."""

    def __init__(self, workspace: Workspace, built_in: Path = BUILT_IN) -> None:
        self._workspace = workspace
        self.folder = workspace.path / "prompts"
        self._built_in = {_name_of(file): file for file in sorted(built_in.glob("*.toml"))}
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    # Looking.

    def entries(self) -> list[PromptEntry]:
        """All prompts by name, a person's own first."""
        own = {path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")}
        entries = [self._entry(name) for name in own | set(self._built_in)]
        return sorted(entries, key=lambda entry: (not entry.own, entry.name.casefold()))

    def _entry(self, name: str) -> PromptEntry:
        numbers = self._numbers(name)
        draft = self._draft_path(name).is_file()
        return PromptEntry(name, len(numbers), name in self._built_in, any(numbers) or not numbers, draft)

    def versions(self, name: str) -> list[PromptVersion]:
        """All versions of a prompt that can be read, the oldest first."""
        found = []
        for number in self._numbers(name):
            try:
                found.append(self.version(name, number))
            except PromptError:
                continue  # a file that a person broke must not hide the others; asking for it by number tells
        return found

    def version(self, name: str, number: int | None = None) -> PromptVersion:
        """A version of a prompt, the latest unless one is named; raises PromptError where there is none."""
        numbers = self._numbers(name)
        if not numbers or (number is not None and number not in numbers):
            what = f"version {number} of the prompt" if numbers else "saved prompt"
            raise PromptError(f"There is no {what} {name!r}; choose one from the list.")
        number = numbers[-1] if number is None else number
        return read_prompt(self._path(name, number), number)

    def _numbers(self, name: str) -> list[int]:
        files = (self.folder / name).glob("[0-9][0-9][0-9][0-9]*.toml")
        numbers = [int(file.stem) for file in files if file.stem.isdigit()]
        return [*([0] if name in self._built_in else []), *sorted(number for number in numbers if number)]

    def _path(self, name: str, number: int) -> Path:
        return self.folder / name / f"{number:04}.toml" if number else self._built_in[name]

    # Writing.

    def save(self, name: str, template: PromptTemplate, message: str = "") -> PromptVersion:
        """Add a version after all others; what was a draft of it is saved with that."""
        number = max(self._numbers(check_name(name)), default=0) + 1
        version = PromptVersion(number, message.strip(), now(), template)
        with explained(self.folder):
            write_atomically(self._path(name, number), write_prompt(template, version.message, version.created))
        self.drop_draft(name)
        return version

    def free_name(self, wanted: str) -> str:
        """`wanted`, or it with the first number that no prompt has."""
        taken = {name.casefold() for name in (*self._built_in, *(path.name for path in self.folder.glob("*")))}
        return free_name(check_name(wanted), taken.__contains__)

    def duplicate(self, name: str) -> str:
        """A new prompt that begins with another's latest version; returns its name."""
        version = self.version(name)
        copy = self.free_name(f"{name} copy")
        self.save(copy, version.template, f"Copy of {name}, version {version.number}")
        return copy

    def rename(self, name: str, new: str) -> None:
        """Call a prompt otherwise, with all its versions; raises PromptError where the name is taken."""
        check_name(name)
        if new in self._built_in or (self.folder / check_name(new)).exists():
            raise PromptError(f"There is a prompt named {new!r} already; choose another name.")
        with explained(self.folder):
            if (self.folder / name).is_dir():
                (self.folder / name).rename(self.folder / new)
        if not self._numbers(new) and name in self._built_in and not self._draft_path(new).is_file():
            self.save(new, self.version(name, 0).template, f"Copy of {name}")

    # Deleting, which can be undone until the bin is emptied.

    def delete(self, name: str) -> None:
        """Move a prompt with all its versions to the bin, from where `restore` brings it back."""
        if not (self.folder / check_name(name)).is_dir():
            raise PromptError(f"{name!r} comes with the program and cannot be deleted; save one of your own instead.")
        delete(self._workspace, KIND, name)

    def restore(self, name: str) -> str:
        """Bring a deleted prompt back; returns its name, which is another where it has been taken since."""
        return restore(self._workspace, Bin(self._workspace.path).latest(KIND, name), another=True)

    # Drafts.

    def draft(self, name: str) -> PromptTemplate | None:
        """What was being written and is not saved, if there is something."""
        try:
            return read_prompt(self._draft_path(name)).template if self._draft_path(name).is_file() else None
        except PromptError:
            return None

    def keep_draft(self, name: str, template: PromptTemplate) -> None:
        """Keep what is being written, so that leaving loses nothing."""
        with explained(self.folder):
            write_atomically(self._draft_path(check_name(name)), write_prompt(template))

    def drop_draft(self, name: str) -> None:
        """Forget the draft."""
        path = self._draft_path(name)
        with explained(path):
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()

    def _draft_path(self, name: str) -> Path:
        return self.folder / name / _DRAFT

    # Passing on.

    def import_file(self, path: Path) -> str:
        """Take a prompt from a file and return its name here, which is that of the file where it is free."""
        version = read_prompt(path)
        name = self.free_name(check_name(path.stem))
        self.save(name, version.template, version.message or f"Imported from {path.name}")
        return name

    def export_file(self, name: str, number: int, path: Path) -> None:
        """Write one version of a prompt as a file elsewhere."""
        version = self.version(name, number)
        with explained(path):
            write_atomically(path, write_prompt(version.template, version.message, version.created))


def _name_of(file: Path) -> str:
    return file.stem.replace("_", " ").capitalize().replace("json", "JSON")
