"""What was deleted from a workspace: moved aside whole, so that it can be put back, until the bin is emptied.

bin/<id>/entry.toml says what it was: its kind, its name and size, when it was deleted and where it stood. Beside it,
in bin/<id>/content/, is the file or folder itself under its own name.
"""

import dataclasses
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fmstudio.recipe import write_toml
from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.files import folder_size, remove_folder, write_atomically
from fmstudio.workspace.records import now

FOLDER = "bin"
_ABOUT, _CONTENT = "entry.toml", "content"
_LISTED = 8  # entries named in a refusal, the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class BinEntry:
    """Something that was deleted. kind: "dataset", "run", "model", …; name: what it is known by; title: what it is
    called. place: where it stood in the workspace, "" for rows of the index, whose ids are in `rows`.
    """

    id: str
    kind: str
    name: str
    title: str
    place: str = ""
    bytes: int = 0
    deleted: str = dataclasses.field(default_factory=now)
    rows: tuple[str, ...] = ()


class Bin:
    """The folder "bin" of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self.folder = workspace / FOLDER

    # Looking.

    def entries(self) -> list[BinEntry]:
        """What is in it, the latest first. A folder that says nothing of itself is passed over; `empty` takes it."""
        found = (_read(path) for path in self.folder.glob(f"*/{_ABOUT}"))
        kept = [each for each in found if each and (each.rows or self.content(each).exists())]
        return sorted(kept, key=lambda each: each.id, reverse=True)

    def entry(self, reference: str) -> BinEntry:
        """One by its id, else the latest of that name; raises WorkspaceError that lists the latest there are."""
        entries = self.entries()
        for attribute in ("id", "name"):
            for each in entries:
                if getattr(each, attribute) == reference:
                    return each
        known = ", ".join(f"{each.name} ({each.kind})" for each in entries[:_LISTED])
        hint = f"it has {known}" if known else "it is empty"
        raise WorkspaceError(f"{reference!r} is not in the bin any more, so it cannot be put back; {hint}.")

    def latest(self, kind: str, name: str) -> BinEntry:
        """The one of a kind and a name that was deleted last; raises WorkspaceError where there is none."""
        found = next((each for each in self.entries() if (each.kind, each.name) == (kind, name)), None)
        if found is None:
            raise WorkspaceError(f"The {kind} {name!r} is not in the bin any more, so it cannot be put back.")
        return found

    def content(self, entry: BinEntry) -> Path:
        """Where its file or folder is now."""
        return self.folder / entry.id / _CONTENT / Path(entry.place).name

    @property
    def size(self) -> int:
        """Bytes of all that is in it: files, and texts of the index that are kept for it."""
        files = folder_size(self.folder) if self.folder.is_dir() else 0
        return files + sum(each.bytes for each in self.entries() if not each.place)

    # Throwing away and putting back.

    def throw(self, kind: str, name: str, path: Path, title: str = "") -> BinEntry:
        """Move a file or folder of the workspace into the bin; raises WorkspaceError where it cannot be moved."""
        place = path.relative_to(self._workspace).as_posix()
        with explained(path):
            size = folder_size(path) if path.is_dir() else path.stat().st_size
            entry = self._begin(BinEntry(id="", kind=kind, name=name, title=title or name, place=place, bytes=size))
            aside = self.content(entry)
            aside.parent.mkdir()
            try:
                path.rename(aside)
            except OSError:
                remove_folder(self.folder / entry.id)
                raise
        return entry

    def note(self, kind: str, rows: Iterable[str], title: str, size: int) -> BinEntry:
        """Keep in the bin what rows of the index were deleted; their texts, of `size` bytes, stay in the index."""
        ids = tuple(rows)
        name = ids[0] if len(ids) == 1 else ""
        with explained(self.folder):
            return self._begin(BinEntry(id="", kind=kind, name=name, title=title, bytes=size, rows=ids))

    def _begin(self, entry: BinEntry) -> BinEntry:
        """Make the entry's folder, under the first id from this moment on that is free."""
        while True:
            entry = dataclasses.replace(entry, id=f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
            try:
                (self.folder / entry.id).mkdir(parents=True)
            except FileExistsError:
                continue
            values = {field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)}
            write_atomically(self.folder / entry.id / _ABOUT, write_toml(values))
            return entry

    def take_out(self, entry: BinEntry, path: Path) -> None:
        """Move a file or folder back to `path`; raises WorkspaceError where something is there already."""
        if path.exists():
            raise WorkspaceError(f"There is a {path.name} again; put the deleted {entry.kind} back under another name.")
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.content(entry).rename(path)
        self.drop(entry)

    def drop(self, entry: BinEntry) -> None:
        """Delete an entry for good."""
        with explained(self.folder):
            remove_folder(self.folder / entry.id)

    def empty(self) -> None:
        """Delete for good what is in it."""
        with explained(self.folder):
            remove_folder(self.folder)


def _read(path: Path) -> BinEntry | None:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        known = {field.name for field in dataclasses.fields(BinEntry)}
        values = {key: value for key, value in values.items() if key in known}
        return BinEntry(**{**values, "id": path.parent.name, "rows": tuple(values.get("rows", ()))})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError):
        return None
