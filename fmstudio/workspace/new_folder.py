"""The making of a folder that must not be there yet, by one at a time; what killed processes left is swept away."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.workspace.errors import WorkspaceError
from fmstudio.workspace.files import TEMPORARY, atomic_folder
from fmstudio.workspace.lock import ProcessLock, is_held

_LOCK = ".making"
_OLD = f"{TEMPORARY}old-"
_STEP = 60.0  # seconds in which a folder that steps aside is surely followed by the new one
_STALE = 3_600.0  # seconds after which what holds no lock is nobody's any more


@contextmanager
def new_folder(path: Path, taken: str) -> Iterator[Path]:
    """As `atomic_folder`, but raises WorkspaceError with the sentence `taken` where `path` is there or being made.

    It is asked again at the end, so that nothing that another made meanwhile is replaced.
    """
    sweep_left_behind(path.parent)
    if path.exists() or _is_being_made(path):
        raise WorkspaceError(taken)
    with atomic_folder(path) as temporary:
        with ProcessLock(temporary / _LOCK, taken):
            yield temporary
        (temporary / _LOCK).unlink()
        if path.exists():
            raise WorkspaceError(taken)


def sweep_left_behind(folder: Path) -> None:
    """Delete the temporary folders and files in `folder` whose makers are dead.

    A folder that had stepped aside for a new one which never came is put back.
    """
    for leftover in folder.glob(f"{TEMPORARY}*"):
        target = folder / leftover.name[len(_OLD) + 9 :] if leftover.name.startswith(_OLD) else None
        if target and not target.exists():
            if time.time() - leftover.stat().st_ctime > _STEP:
                leftover.rename(target)
        elif _is_dead(leftover):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


def _is_dead(leftover: Path) -> bool:
    if (leftover / _LOCK).exists():
        return not is_held(leftover / _LOCK)
    try:
        latest = max(path.stat().st_mtime for path in (leftover, *leftover.rglob("*")))
    except OSError:  # somebody is at work on it
        return False
    return time.time() - latest > _STALE


def _is_being_made(path: Path) -> bool:
    """Whether a living process, this one or another, fills a temporary folder that is to become `path`."""
    wanted = path.name.casefold()
    return any(
        each.name[len(TEMPORARY) + 9 :].casefold() == wanted and is_held(each / _LOCK)
        for each in path.parent.glob(f"{TEMPORARY}*")
    )
