"""What tests of Train share: the panel, told what its jobs would answer."""

import pytest

from fmstudio.gui.panel import find_panels
from fmstudio.gui.train.panel import TrainPanel
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Artefact, Finished, Note, Sample, Started
from tests.gui.train.runs import DESCRIPTION, ESTIMATE


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
