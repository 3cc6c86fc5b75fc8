"""What tests of Train share: the panel, told what its jobs would answer."""

import pytest

from fmstudio.gui.panel import find_panels
from fmstudio.gui.runs.jobs import ESTIMATE
from fmstudio.gui.train.panel import TrainPanel
from fmstudio.gui.window.page import Page
from fmstudio.jobs import Artefact, Finished, Note, Sample, Started
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.train.runs import description


class Driver:
    """The panel with the answers that its jobs would give."""

    def __init__(self, studio, engine, panel):
        self.studio, self.engine, self.panel = studio, engine, panel

    def tell(self, job, *events):
        self.studio.jobs.deliver([(job, event) for event in events])

    def answer(self, target, name, data):
        self.tell(self.engine.latest(target), Started(), Sample(name, name, data), Finished())

    def estimate(self, qtbot, target=ESTIMATE, **changes):
        """Answer what the recipe costs; target: OF_BAD to say what is wrong with it."""
        qtbot.waitUntil(lambda: self.studio.jobs.get(self.estimating()) is not None)
        self.answer(ESTIMATE, "estimate", changed(recorded.answer(target), **changes))

    def estimating(self):
        return self.engine.latest(ESTIMATE)

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
    driver.answer("fmstudio.training.describe:describe", "families", description())
    qtbot.waitUntil(lambda: ESTIMATE in engine.targets())
    driver.estimate(qtbot, parameters=850_000, memory_bytes=48e6, checkpoint_bytes=7.6e6)
    return driver
