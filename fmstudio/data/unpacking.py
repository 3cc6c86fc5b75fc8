"""Takes named files out of an archive, and nothing else; no path of an archive decides where anything is written."""

import fnmatch
import tarfile
import zipfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from fmstudio.data.errors import DataError
from fmstudio.data.pacing import Pace
from fmstudio.jobs import Event, Progress

_CHUNK = 1 << 20
Member = tuple[str, int, IO[bytes]]


def unpack(archive: Path, files: Mapping[str, str], folder: Path, title: str) -> Generator[Event, None, None]:
    """Write the named files of an archive into a folder.

    files: what to write by the name or pattern of the member it is made from; a name that ends in "/" is a folder for
    all that its pattern matches. Raises DataError where the archive lacks one or a name would leave the folder.
    """
    found: set[str] = set()
    pace = Pace()
    for number, (name, size, content) in enumerate(_members(archive, list(files.values())), 1):
        for wanted, pattern in files.items():
            if fnmatch.fnmatchcase(name, pattern):
                found.add(wanted)
                yield from _write(content, _inside(folder, wanted, name), title, size)
        if pace.due():
            yield Progress(number, None, "files", f"Unpacking {title}")
    missing = sorted(set(files) - found)
    if missing:
        raise DataError(f"The archive of {title} does not hold {files[missing[0]]}; it cannot be used.")


def _inside(folder: Path, wanted: str, member: str) -> Path:
    path = folder / (wanted + PurePosixPath(member).name if wanted.endswith("/") else wanted)
    if not path.resolve().is_relative_to(folder.resolve()) or path.resolve() == folder.resolve():
        raise DataError(f"The name {wanted!r} leads out of the folder of the catalogue; it is not unpacked.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write(content: IO[bytes], path: Path, title: str, size: int) -> Iterator[Event]:
    done, pace = 0, Pace()
    with path.open("wb") as file:
        while chunk := content.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            if pace.due():
                yield Progress(done, size, "bytes", f"Unpacking {title}")


def _members(archive: Path, patterns: list[str]) -> Iterator[Member]:
    """The plain files of an archive that match a pattern; links and devices are passed over."""

    def wanted(name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for entry in file.infolist():
                is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
                if wanted(entry.filename) and not entry.is_dir() and not is_link:
                    with file.open(entry) as content:
                        yield entry.filename, entry.file_size, content
    else:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isreg() and wanted(member.name) and (extracted := tar.extractfile(member)):
                    yield member.name, member.size, extracted
