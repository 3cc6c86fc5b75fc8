"""Finds the files to import below what a person chose, in an order that is the same everywhere."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A file to import, or one left out with the reason. `name` is the path as seen from what the person chose."""

    path: Path
    name: str
    size: int = 0
    reason: str = ""


def find(sources: Iterable[str], is_known: Callable[[Path], bool]) -> Iterator[Found]:
    """Every file of the sources once: folders with all below them, sorted by name, without hidden files.

    is_known: whether a file in a folder is one to read; a file that the person named is read whatever it is.
    """
    seen: set[Path] = set()
    for source in sources:
        path = Path(source).expanduser()
        for found in _below(path, is_known) if path.is_dir() else [_examine(path, path.name)]:
            resolved = found.path.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield found


def _below(folder: Path, is_known: Callable[[Path], bool]) -> Iterator[Found]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            shown = path.relative_to(folder.parent).as_posix()
            if is_known(path):
                yield _examine(path, shown)
            else:
                yield Found(path, shown, reason=f"files ending in {path.suffix or 'nothing'} are not read in a folder")


def _examine(path: Path, name: str) -> Found:
    try:
        if not path.is_file():
            return Found(path, name, reason="it does not exist" if not path.exists() else "it is not a file")
        return Found(path, name, path.stat().st_size)
    except OSError as error:
        return Found(path, name, reason=f"it cannot be read ({error.strerror})")
