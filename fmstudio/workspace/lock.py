"""Locks that the system frees when a process ends, however it ends: one window a workspace, one process a run."""

import os
from pathlib import Path
from typing import IO

from fmstudio.workspace.errors import WorkspaceError, explained


class ProcessLock:
    """Holds `path` locked until released. Raises WorkspaceError where another process, or this one, holds it already.

    taken: the sentence to say then; "{holder}" in it stands for " (process 1234)" where that is known.
    """

    def __init__(self, path: Path, taken: str) -> None:
        with explained(path):
            self._file = path.open("a+", encoding="utf-8")
        if not _try_lock(self._file):
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise WorkspaceError(taken.format(holder=f" (process {holder})" if holder else ""))
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another have it."""
        self._file.close()

    def __enter__(self) -> "ProcessLock":
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at `path`."""
    if not path.exists():
        return False
    try:
        ProcessLock(path, "held").release()
    except WorkspaceError:
        return True
    return False


def _try_lock(file: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            # A byte far behind the process number, which others must be able to read.
            file.seek(4096)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
