"""Limits for formats that can only be read as a whole, and the ZIP archives that some of them are."""

import zipfile

from fmstudio.data.errors import Refused
from fmstudio.data.readers.source import SourceFile

_LARGEST = 256 * 1024 * 1024
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # also the envelope of an office file under a password


def check(source: SourceFile) -> None:
    """Refuse an empty file and one that would take too much memory."""
    if source.size == 0:
        raise Refused("it is empty")
    if source.size > _LARGEST:
        raise Refused(f"it is larger than {_LARGEST >> 20} MB, the most that can be read of its format; split it")


def open_zip(source: SourceFile, what: str) -> zipfile.ZipFile:
    """The archive that an office file or e-book is; refuses what is none and what would unpack to far too much."""
    check(source)
    with source.path.open("rb") as file:
        if file.read(4) == _OLD_OFFICE:
            raise Refused(f"it is protected by a password or in an older format; save it as {what} without a password")
    try:
        archive = zipfile.ZipFile(source.path)
    except zipfile.BadZipFile:
        raise Refused(f"it is not {what}, or damaged") from None
    if sum(entry.file_size for entry in archive.infolist()) > 8 * _LARGEST:
        archive.close()
        raise Refused("it unpacks to more than 2 GB")
    return archive
