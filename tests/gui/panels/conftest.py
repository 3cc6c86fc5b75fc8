"""What tests of panels share: workspaces with data and runs, and the panels on them."""

import pytest

from fmstudio.data.describe import describe
from fmstudio.gui.data.jobs import DESCRIBE
from fmstudio.gui.data.panel import DataPanel
from fmstudio.gui.panel import find_panels
from fmstudio.gui.panels.train import TrainPanel
from fmstudio.gui.pump import Pump
from fmstudio.gui.studio import Studio
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Artefact, Engine, Finished, JobContext, Mailbox, Note, Sample, Started
from fmstudio.workspace import DatasetRecord
from tests.driving import run_job
from tests.gui.data.hands import answer
from tests.gui.panels.train_runs import DESCRIPTION, ESTIMATE, keep_run


@pytest.fixture
def with_data(workspace):
    """A workspace with two datasets."""
    for name in ("plays", "manual"):
        workspace.dataset_folder(name).mkdir(parents=True)
        workspace.put_dataset(DatasetRecord(name, "text", 3, 60_000))
    return workspace


@pytest.fixture
def with_runs(with_data):
    """… and three runs."""
    keep_run(with_data, "first", final=3.4)
    keep_run(with_data, "second", final=2.8)
    keep_run(with_data, "broken", status="failed", upto=120, reason="loss/training became nan at step 121; lower it.")
    return with_data


@pytest.fixture
def real_studio(workspace, theme, preferences):
    """A studio on the test's workspace with an engine of its own."""
    mailbox = Mailbox()
    engine = Engine(mailbox)
    studio = Studio(workspace, engine, theme, preferences)
    pump = Pump(mailbox, studio.jobs)
    pump.start()
    yield studio
    engine.close()
    pump.stop()


class Driver:
    """The panel with the answers that its jobs would give."""

    def __init__(self, studio, engine, panel):
        self.studio, self.engine, self.panel = studio, engine, panel

    def tell(self, job, *events):
        self.studio.jobs.deliver([(job, event) for event in events])

    def answer(self, target, name, data):
        self.tell(self.engine.latest(target), Started(), Sample(name, name, data), Finished())

    def estimate(self, qtbot, **changes):
        qtbot.waitUntil(lambda: self.studio.jobs.get(self.estimating()) is not None)
        self.answer("fmstudio.training.estimate:estimate", "estimate", {**ESTIMATE, **changes})

    def estimating(self):
        return self.engine.latest("fmstudio.training.estimate:estimate")

    def start(self):
        self.panel.primary_action.trigger()
        return self.engine.latest("fmstudio.training.pretraining:pretrain")

    def begin(self, run="plays"):
        """A run that was started and has told its id."""
        job = self.start()
        self.tell(job, Started(), Artefact("run", run, "/runs"), Note("Training on CPU."))
        return job


@pytest.fixture
def open_panel(studio, show):
    """Shows the panel in its page and returns it."""

    pages = []  # a page that nobody holds is deleted with its panel

    def open_panel():
        info = next(info for info in find_panels() if info.name == "train")
        page = Page(info, studio.theme)
        page.fill(TrainPanel(studio))
        pages.append(page)
        return show(page).panel

    yield open_panel
    pages.clear()


@pytest.fixture
def train(studio, engine, with_data, open_panel, qtbot):
    """The panel, told what can be trained and what the preset's recipe costs."""
    panel = open_panel()
    driver = Driver(studio, engine, panel)
    driver.answer("fmstudio.training.describe:describe", "families", DESCRIPTION)
    qtbot.waitUntil(lambda: "fmstudio.training.estimate:estimate" in engine.targets())
    driver.estimate(qtbot)
    return driver


# Data.


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
