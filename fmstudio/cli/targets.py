"""The file that a command writes: whether it can be written is asked before the work that fills it."""

import tempfile
from pathlib import Path

from fmstudio.workspace import WorkspaceError, explained, write_atomically


def check_target(path: Path) -> Path:
    """The file that a person named; raises WorkspaceError where it cannot be written. Makes nothing that stays."""
    target = path.expanduser()
    with explained(target):
        if target.is_dir():
            raise WorkspaceError(f"{target} is a folder; name a file in it.")
        if not _is_stream(target):
            folder = next(each for each in target.absolute().parents if each.exists())
            with tempfile.TemporaryFile(dir=folder):
                pass
    return target


def make_folder_of(target: Path) -> None:
    """Make the folders that a file is to be in."""
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all. What is not Unicode text becomes a question mark."""
    content = text.encode("utf-8", "replace")
    with explained(target):
        if _is_stream(target):
            target.write_bytes(content)
        else:
            write_atomically(target.resolve(), content)


def _is_stream(target: Path) -> bool:
    """Whether it is no file that another could take the place of, such as /dev/stdout, wherever that leads."""
    return target.absolute().is_relative_to("/dev") or (target.exists() and not target.is_file())
