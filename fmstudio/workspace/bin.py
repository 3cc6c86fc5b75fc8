"""What was deleted from a workspace: moved aside whole, so that it can be put back, until the bin is emptied."""

from pathlib import Path

from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.files import folder_size, remove_folder

FOLDER = "bin"


class Bin:
    """The folder "bin" of a workspace. A file keeps its place: conversations/a.json is in bin/conversations/."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self.folder = workspace / FOLDER

    def throw(self, path: Path) -> None:
        """Move a file of the workspace into the bin; one that is not there needs no throwing."""
        if not path.exists():
            return
        aside = self._aside(path)
        with explained(path):
            aside.parent.mkdir(parents=True, exist_ok=True)
            path.replace(aside)

    def put_back(self, path: Path) -> None:
        """Move a file back to where it was; raises WorkspaceError where it cannot be."""
        aside = self._aside(path)
        if not aside.exists():
            raise WorkspaceError(f"{path.name} is not in the bin any more, so it cannot be put back.")
        if path.exists():
            raise WorkspaceError(f"There is a {path.name} again; rename or move it, then put the deleted one back.")
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(path)

    @property
    def size(self) -> int:
        """Bytes of all that is in it."""
        return folder_size(self.folder) if self.folder.is_dir() else 0

    def empty(self) -> None:
        """Delete for good what is in it."""
        with explained(self.folder):
            remove_folder(self.folder)

    def _aside(self, path: Path) -> Path:
        return self.folder / path.relative_to(self._workspace)
