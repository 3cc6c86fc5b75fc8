"""One window a workspace: a lock that the system frees by itself when the process ends, however it ends."""

import os
from pathlib import Path
from typing import IO

from fmstudio.workspace.errors import WorkspaceError, explained


class WindowLock:
    """Holds `path` locked until released. Raises WorkspaceError where another process holds it."""

    def __init__(self, path: Path) -> None:
        with explained(path):
            self._file = path.open("a+", encoding="utf-8")
        if not _try_lock(self._file):
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            process = f" (process {holder})" if holder else ""
            raise WorkspaceError(
                f"The workspace {path.parent} is already open in another window{process}; use that window, or choose "
                "another workspace with --workspace."
            )
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another window have the workspace."""
        self._file.close()


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
