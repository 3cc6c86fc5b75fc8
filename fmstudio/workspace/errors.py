"""What can go wrong with a folder or its index, in sentences."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.errors import StudioError


class WorkspaceError(StudioError):
    """A workspace that cannot be used as asked."""


class DamagedIndexError(WorkspaceError):
    """The index is not a readable database."""


_SENTENCES = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "your disk quota is used up; free some space and try again",
    errno.EROFS: "it is on a read-only disk; choose a folder that can be written",
    errno.EACCES: "it may not be written; choose a folder of your own or change its permissions",
    errno.EPERM: "it may not be written; choose a folder of your own or change its permissions",
    errno.ENOTDIR: "a part of its path is a file; choose another folder",
    errno.EEXIST: "a file of that name is in the way; choose another folder",
    errno.ENOENT: "a part of its path does not exist and cannot be made; choose another folder",
}


def describe_os_error(error: OSError) -> str:
    """What is wrong and what to do, without the name of the thing."""
    known = _SENTENCES.get(error.errno or 0)
    return known or f"{(error.strerror or str(error)).lower()}; check the disk and try again"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk or SQLite raises about `path` into a WorkspaceError of one sentence."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be used: {describe_os_error(error)}.") from error
    except sqlite3.DatabaseError as error:
        raise _from_sqlite(path, error) from error


def _from_sqlite(path: Path, error: sqlite3.DatabaseError) -> WorkspaceError:
    code = getattr(error, "sqlite_errorcode", None)
    match code & 0xFF if isinstance(code, int) else None:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return WorkspaceError(f"{path} is locked by another program; close that program and try again.")
        case sqlite3.SQLITE_FULL:
            return WorkspaceError(f"{path} cannot be written: the disk is full; free some space and try again.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return WorkspaceError(f"{path} cannot be written; choose a folder that can be, or change its permissions.")
        case sqlite3.SQLITE_IOERR:
            return WorkspaceError(f"{path} cannot be read or written ({error}); check the disk and try again.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DamagedIndexError(f"{path} is damaged ({error}).")
    return WorkspaceError(f"{path} cannot be used ({error}); the files beside it are untouched.")
