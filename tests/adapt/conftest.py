"""What tests of collections stand on: an encoder that needs no model, and documents."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fmstudio.jobs import JobContext
from fmstudio.workspace import Workspace
from tests.adapt.words_encoder import REFERENCE, WordsEncoder
from tests.driving import run_job

HANDBOOK = """# Mixer handbook

## Deliveries
Orders are delivered from Monday to Friday. Large orders travel free of charge.

## Warranty
The warranty lasts for three years from the day of purchase.
It covers defects of material, but not wear of the blades.

## Cleaning
Wash the bowl by hand with warm water; the motor must never get wet.
"""


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[WordsEncoder]:
    """The encoder that every collection of the test is embedded by; no collection stays open after it."""
    from fmstudio.adapt import opened_collections, sentence_models

    encoder = WordsEncoder()
    monkeypatch.setattr(sentence_models, "open_encoder", lambda reference: encoder)
    yield encoder
    opened_collections.close_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "mixer.md").write_text(HANDBOOK, "utf-8")
    (folder / "moon.txt").write_text("The moon turns around the earth in twenty-seven days.\n\nIt has no air.", "utf-8")
    return folder


@pytest.fixture
def add(workspace: Workspace, encoder: WordsEncoder) -> Callable[..., dict[str, Any]]:
    """Index sources as the collection "shelf" and return the job's result."""
    from fmstudio.adapt import collections

    def add(*sources: Path | str, **options: Any) -> dict[str, Any]:
        chosen = {"size": 40, "overlap": 8, **options}
        job = collections.add(JobContext(), workspace, "shelf", [str(each) for each in sources], chosen, REFERENCE)
        return run_job(job)[1]

    return add
