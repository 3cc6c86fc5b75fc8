"""A batch on the disk: batches/<id>/batch.json says what was asked, results.jsonl has one line a row, in order.

A line is written whole and handed to the system before the next row begins, so a killed batch loses the row that it
was at and goes on behind the last whole line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from fmstudio.adapt.batch_rows import BatchError
from fmstudio.workspace import Workspace, explained, now, write_atomically
from fmstudio.workspace.lock import ProcessLock, is_held
from fmstudio.workspace.names import free_name

Status = Literal["done", "failed", "bad"]
"""What became of a row: it has an output, asking failed, or the row itself could not be read."""

FOLDER = "batches"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """All that decides what a batch's results are. `mapping` gives each variable of the prompt its column."""

    id: str
    source: str
    prompt: str
    version: int
    template: Mapping[str, Any]
    model: str
    settings: Mapping[str, Any]
    backend: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    expected: str = ""
    columns: Sequence[str] = ()
    created: str = field(default_factory=now)
    total: int = 0
    source_bytes: int = 0
    source_modified: int = 0

    @property
    def other_columns(self) -> list[str]:
        """The table's columns that are neither a variable nor what is expected."""
        return [name for name in self.columns if name not in self.mapping.values() and name != self.expected]


@dataclass(slots=True)
class Counts:
    """How many rows have come to what."""

    done: int = 0
    failed: int = 0
    bad: int = 0
    exact: int = 0
    contains: int = 0

    @property
    def rows(self) -> int:
        """All rows that have a line."""
        return self.done + self.failed + self.bad

    def take(self, result: Mapping[str, Any]) -> None:
        """Count one more row."""
        status: Status = result["status"]
        setattr(self, status, getattr(self, status) + 1)
        self.exact += bool(result.get("exact"))
        self.contains += bool(result.get("contains"))


class BatchStore:
    """One batch's folder."""

    def __init__(self, workspace: Workspace, id: str) -> None:
        """Raises BatchError where there is no such batch."""
        self.folder = workspace.path / FOLDER / id
        try:
            values = json.loads((self.folder / "batch.json").read_text("utf-8"))
            self.request = BatchRequest(**values)
        except FileNotFoundError:
            raise BatchError(f"There is no batch {id!r} in this workspace; choose one from the list.") from None
        except (OSError, ValueError, TypeError) as error:
            raise BatchError(f"The batch {id!r} cannot be read ({error}); delete it and run it again.") from None

    @classmethod
    def begin(cls, workspace: Workspace, request: BatchRequest) -> "BatchStore":
        """Make the folder of a new batch."""
        folder = workspace.path / FOLDER / request.id
        with explained(folder):
            folder.mkdir(parents=True)
            write_atomically(folder / "batch.json", json.dumps(asdict(request), ensure_ascii=False, indent=1))
        return cls(workspace, request.id)

    @property
    def results_path(self) -> Path:
        """One JSON object a line, in the order of the rows."""
        return self.folder / "results.jsonl"

    @property
    def running(self) -> bool:
        """Whether a living process works on it."""
        return is_held(self.folder / "batch.lock")

    def claim(self) -> ProcessLock:
        """Make this job the batch's only one until released."""
        taken = f"The batch {self.request.id!r} is running already{{holder}}; wait for it or stop it there."
        return ProcessLock(self.folder / "batch.lock", taken)

    def mend(self) -> None:
        """Cut off a line that a kill left half-written."""
        if not self.results_path.exists():
            return
        with explained(self.results_path), self.results_path.open("r+b") as file:
            file.truncate(_end_of_whole_lines(file))

    def results(self) -> Iterator[dict[str, Any]]:
        """The lines there are, in order; raises BatchError at one that is damaged."""
        if not self.results_path.exists():
            return
        with explained(self.results_path), self.results_path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n"):
                    yield parsed(line, number, self.request.id)

    def counts(self) -> Counts:
        """What its rows have come to so far."""
        counts = Counts()
        for result in self.results():
            counts.take(result)
        return counts

    def append_to(self) -> "ResultWriter":
        """Open the results to add to them."""
        return ResultWriter(self.results_path)


class ResultWriter:
    """Adds lines, each handed to the system at once; raises WorkspaceError where the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with explained(path):
            self._file = path.open("ab", buffering=0)

    def add(self, result: Mapping[str, Any]) -> None:
        """Write one row's line."""
        with explained(self._path):
            line = memoryview((json.dumps(result, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
            while line:
                line = line[self._file.write(line) or 0 :]

    def __enter__(self) -> "ResultWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def parsed(line: bytes, number: int, id: str) -> dict[str, Any]:
    """One line of the results."""
    try:
        value: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise BatchError(
            f"Line {number:,} of the results of batch {id!r} is damaged ({error}); delete the batch and run it again."
        ) from None
    return value


def _end_of_whole_lines(file: IO[bytes]) -> int:
    """Where the last line feed ends, looking backwards from the end."""
    end = file.seek(0, 2)
    while end > 0:
        begin = max(0, end - 65536)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def new_id(workspace: Workspace, wanted: str) -> str:
    """A name for a batch that sorts by time and says what it is of."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in wanted).strip("-").lower()[:40] or "batch"
    return free_name(f"{datetime.now():%Y%m%d-%H%M%S}-{kept}", lambda name: (workspace.path / FOLDER / name).exists())


def batch_ids(workspace: Workspace) -> list[str]:
    """All batches of a workspace, the newest first."""
    folder = workspace.path / FOLDER
    found = [path.parent.name for path in folder.glob("*/batch.json") if not path.parent.name.startswith(".")]
    return sorted(found, reverse=True)
