"""Where conversations are kept: one JSON file each in the workspace, to come back to, to copy and to throw away."""

from dataclasses import dataclass
from pathlib import Path

from fmstudio.workspace import Workspace, WorkspaceError, explained, now, write_atomically
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.conversation import Conversation, from_json, to_json
from fmstudio.workspace.deleting import FOLDERS, delete, restore

KIND = "conversation"


@dataclass(frozen=True, slots=True)
class ConversationHeading:
    """A line of the list of conversations. `problem` says why a file cannot be opened."""

    id: str
    title: str
    kind: str
    model: str
    updated: str
    problem: str = ""


class ConversationStore:
    """The conversations of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.path / FOLDERS[KIND]
        self._workspace = workspace
        self._known: dict[Path, tuple[tuple[int, int], ConversationHeading]] = {}

    def headings(self) -> list[ConversationHeading]:
        """What there is, the latest first. Files that have not changed are not read again."""
        files = sorted(self.folder.glob("[!.]*.json")) if self.folder.is_dir() else []
        self._known = {file: self._heading(file) for file in files if file.is_file()}
        return sorted((heading for _, heading in self._known.values()), key=lambda each: each.updated, reverse=True)

    def _heading(self, file: Path) -> tuple[tuple[int, int], ConversationHeading]:
        about = file.stat()
        stamp = about.st_mtime_ns, about.st_size
        known = self._known.get(file)
        return known if known and known[0] == stamp else (stamp, self._read_heading(file))

    def _read_heading(self, file: Path) -> ConversationHeading:
        try:
            found = self.load(file.stem)
        except WorkspaceError as error:
            return ConversationHeading(file.stem, file.name, "", "", "", str(error))
        return ConversationHeading(found.id, found.name, found.kind, found.model, found.updated)

    def load(self, id: str) -> Conversation:
        """A conversation by its id; raises WorkspaceError where its file is missing or damaged."""
        file = self._file(id)
        with explained(file):
            try:
                text = file.read_text("utf-8")
            except UnicodeDecodeError:
                raise WorkspaceError(f"{file.name} is not a conversation; mend it or delete it.") from None
        found = from_json(text, file.name)
        found.id = id  # a copied file is a conversation of its own
        return found

    def save(self, conversation: Conversation) -> None:
        """Keep a conversation as it is now; one with nothing in it leaves no file."""
        if conversation.empty:
            self.remove(conversation.id)
            return
        conversation.updated = now()
        file = self._file(conversation.id)
        with explained(file):
            write_atomically(file, to_json(conversation))

    def rename(self, id: str, title: str) -> None:
        """Give a conversation a title; an empty one brings back how it begins."""
        found = self.load(id)
        found.title = title.strip()
        self.save(found)

    def remove(self, id: str) -> None:
        """Delete a conversation: its file goes to the bin, from where `restore` brings it back."""
        if self._file(id).exists():
            delete(self._workspace, KIND, id, self._read_heading(self._file(id)).title)

    def restore(self, id: str) -> None:
        """Bring a deleted conversation back as it was; raises WorkspaceError where the bin no longer has it."""
        restore(self._workspace, Bin(self._workspace.path).latest(KIND, id))

    def _file(self, id: str) -> Path:
        return self.folder / f"{id}.json"
