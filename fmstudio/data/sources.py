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

    Links to files and folders are followed, each folder once. is_known: whether a file in a folder is one to read; a
    file that the person named is read whatever it is.
    """
    seen: set[str] = set()
    for source in sources:
        path = Path(source).expanduser()
        for found in _below(path, is_known) if path.is_dir() else [_examine(path, shown(path.name))]:
            place = os.path.realpath(found.path)
            if place not in seen:
                seen.add(place)
                yield found


def shown(name: str | Path) -> str:
    """A name as it can be shown and kept: bytes that are no UTF-8 become U+FFFD, the replacement character."""
    return os.fsencode(name).decode("utf-8", "replace")


def _below(folder: Path, is_known: Callable[[Path], bool]) -> Iterator[Found]:
    unreadable: list[OSError] = []
    root = Path(os.path.realpath(folder))
    walked = {str(root), *map(str, root.parents)}  # a link to a folder above would lead to everything beside this one
    for parent, folders, files in os.walk(folder, onerror=unreadable.append, followlinks=True):
        while unreadable:
            yield _refused(unreadable.pop(), folder)
        visible = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in visible if _is_new(Path(parent, name), walked)]
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            place = shown(path.relative_to(folder.parent).as_posix())
            if is_known(path):
                yield _examine(path, place)
            else:
                ending = shown(path.suffix) or "nothing"
                yield Found(path, place, reason=f"files ending in {ending} are not read in a folder")
    for error in unreadable:
        yield _refused(error, folder)


def _is_new(folder: Path, walked: set[str]) -> bool:
    """Whether a folder is met for the first time, as links may lead round in circles."""
    place = os.path.realpath(folder)
    is_new = place not in walked
    walked.add(place)
    return is_new


def _refused(error: OSError, folder: Path) -> Found:
    path = Path(error.filename)
    name = shown(path.relative_to(folder.parent).as_posix())
    return Found(path, name, reason=f"the folder cannot be read ({error.strerror})")


def _examine(path: Path, name: str) -> Found:
    try:
        if path.is_symlink() and not path.exists():
            return Found(path, name, reason="it is a link that leads nowhere")
        if not path.is_file():
            return Found(path, name, reason="it does not exist" if not path.exists() else "it is not a file")
        return Found(path, name, path.stat().st_size)
    except OSError as error:
        return Found(path, name, reason=f"it cannot be read ({error.strerror})")
