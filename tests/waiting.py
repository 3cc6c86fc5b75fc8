"""How processes of the tests wait for each other where they share a folder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.lock import ProcessLock


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Waits until no other process of the tests is in a block of the same lock file."""
    while True:
        try:
            lock = ProcessLock(path, "taken")
            break
        except WorkspaceError:
            time.sleep(0.1)
    with lock:
        yield
