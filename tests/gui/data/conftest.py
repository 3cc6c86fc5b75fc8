"""What tests of Data share: the panel on datasets, and a folder to bring in."""

import pytest

from fmstudio.data.describe import describe
from fmstudio.gui.data.jobs import DESCRIBE
from fmstudio.gui.data.panel import DataPanel
from fmstudio.jobs import JobContext
from fmstudio.workspace import DatasetRecord
from tests.driving import run_job
from tests.gui.data.hands import answer


@pytest.fixture
def put(workspace):
    """Puts a dataset's row and an empty folder into the workspace."""

    def put(name, items, size, created="2026-03-01T10:00:00+00:00", **details):
        workspace.dataset_folder(name).mkdir(parents=True, exist_ok=True)
        workspace.put_dataset(DatasetRecord(name, "text", items, size, created, details))

    return put


@pytest.fixture
def open_data(studio, engine, show, workspace):
    """Opens the Data panel on what the workspace has, with the settings that the real data stage tells."""

    def open_data() -> DataPanel:
        panel = show(DataPanel(studio))
        panel.shown()
        answer(studio, engine, DESCRIBE, run_job(describe(JobContext(), workspace))[0][0].data)
        return panel

    return open_data


@pytest.fixture
def panel(put, open_data):
    """The Data panel with two datasets, the newer of which is shown."""
    put("notes", 20, 44_100, "2026-01-01T10:00:00+00:00", sources=["/home/me/notes"])
    origin = {"sources": ["catalogue:shakespeare"], "licence": "public domain"}
    put("plays", 3480, 5_060_000, "2026-01-02T10:00:00+00:00", **origin)
    return open_data()


@pytest.fixture
def folder(tmp_path):
    """A folder to import."""
    made = tmp_path / "My Notes!"
    made.mkdir()
    return made
