"""A workspace and a way to run a job to its end, for the tests of data."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fmstudio.data import importing
from fmstudio.jobs import Event, JobContext, Note
from fmstudio.workspace import Workspace


class Ran(NamedTuple):
    """What a job said and what it returned."""

    events: list[Event]
    result: Any

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def notes(self) -> str:
        return "\n".join(note.text for note in self.of(Note))


def run_to_end(job: Generator[Event, None, Any]) -> Ran:
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return Ran(events, end.value)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def add(workspace: Workspace):
    """Import files as the dataset "data" with some options."""

    def add(*sources: Path, name: str = "data", **options: Any) -> Ran:
        return run_to_end(
            importing.add(JobContext(), workspace, [str(source) for source in sources], name, options=options)
        )

    return add


@pytest.fixture
def run():
    """Runs a job to its end."""
    return run_to_end


@pytest.fixture
def prose():
    """Makes paragraphs of word-like text of about so many characters."""
    return make_prose


def make_prose(characters: int, seed: int = 0) -> str:
    words = "the sea was calm and no ship came near while they waited for wind".split()  # noqa: SIM905
    random = np.random.default_rng(seed)
    lines, length, number = [], 0, 0
    while length < characters:
        number += 1
        line = f"{number}. " + " ".join(random.choice(words, 40)) + ".\n\n"
        lines.append(line)
        length += len(line)
    return "".join(lines)
