"""Writing so that a kill at any moment leaves either the old file or the new one, never half of one."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TEMPORARY = ".partial-"


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name, flush it to the disk and rename it into place."""
    content = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_file(path) as file:
        file.write(content)


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to piece by piece; it takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


@contextmanager
def atomic_place(path: Path) -> Iterator[Path]:
    """`atomic_file` for writers that open a file by its name: a temporary one beside `path`, of the same ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path` to fill; it takes the place of `path` when the block ends without an error.

    Whatever ends the block early (an error, a cancelled job) removes the temporary folder and leaves `path` as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{path.name}")
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _sync(file)
        _sync(temporary)
        _replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _sync(path.parent)


def _replace(temporary: Path, path: Path) -> None:
    """Rename a folder over another. A folder that is there steps aside first, as no system renames over a full one."""
    if not path.exists():
        temporary.rename(path)
        return
    old = path.with_name(f"{TEMPORARY}old-{uuid.uuid4().hex[:8]}-{path.name}")
    path.rename(old)
    temporary.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for a folder and orders renames itself.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(path: Path) -> None:
    """Remove a folder so that it is gone at once for whoever looks: renamed first, then deleted."""
    if not path.exists():
        return
    doomed = path.with_name(f"{TEMPORARY}gone-{uuid.uuid4().hex[:8]}-{path.name}")
    path.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Delete what a killed process left half-made in `folder`."""
    for leftover in folder.glob(TEMPORARY + "*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def folder_size(path: Path) -> int:
    """Bytes of all files in a folder and below it."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
