"""In a small window and with large text every panel can be read, with real things in it."""

import shutil

import pytest
from PySide6.QtWidgets import QApplication, QTabWidget

from fmstudio.adapt import sentence_models
from fmstudio.gui.pump import Pump
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import TYPING
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.jobs import Engine, Mailbox
from fmstudio.workspace import Workspace
from tests.adapt.words_encoder import WordsEncoder
from tests.gui.recorded import made
from tests.gui.small_workspace import (
    answered,
    articles,
    codes,
    collection,
    diffusion,
    gan,
    remembered,
    shapes,
    talks,
    trained,
    vae,
)
from tests.gui.window.cut_texts import cut_texts

SMALL = (1024, 700)
TEXTS = (13, 18)
OF_THEIR_END = "lesson-"  # the end of what was given is what the answer follows; its beginning may go
# Of any length:
PATHS = (
    "settings-workspace-help", "settings-log-folder-help", "settings-these-settings-help", "import-source-1-place",
)  # fmt: skip


def _tab(view, name, place):
    def show(panel):
        panel.look_at(view)
        panel.findChild(QTabWidget, name).setCurrentIndex(place)

    return show


def _add_talks(panel):
    panel.dropped([panel.studio.workspace.path / "files" / "talks.jsonl"])


INSIDE = [_tab("inside", "inside-tabs", place) for place in range(5)]
PATIENT = [*INSIDE, _add_talks]
VIEWS = {
    "home": [lambda panel: None],
    "data": [
        lambda panel: panel.shown(dataset="articles"),
        lambda panel: panel.dataset.look_at("statistics"),
        lambda panel: panel.dataset.look_at("clean"),
        lambda panel: panel.dataset.look_at("tokens"),
        lambda panel: panel.shown(dataset="shapes"),
        lambda panel: panel.dataset.look_at("statistics"),
        lambda panel: panel.shown(dataset="talks", view="read"),
        lambda panel: panel.dataset.look_at("survey"),
        _add_talks,
        lambda panel: panel.open_catalogue(),
        lambda panel: panel.open_drawing(),
        lambda panel: panel.open_mixture(),
    ],
    "train": [
        lambda panel: (panel.show_side("new"), panel.look_at("objective")),
        lambda panel: panel.shown(run="small"),
        lambda panel: panel.show_side("runs"),
        lambda panel: panel.shown(model="small"),
    ],
    "models": [lambda panel: panel.open("small"), lambda panel: panel.open("gaussian")],
    "playground": [
        lambda panel: panel.shown(model="tiny"),
        lambda panel: panel.look_at("prompt"),
        lambda panel: panel.look_at("compare"),
        lambda panel: panel.look_at("batch"),
        lambda panel: panel.look_at("retrieval"),
        *INSIDE,
    ],
    "feedback": [lambda panel: None, lambda panel: panel.look_at("statistics")],
    "diffusion": [lambda panel, view=view: panel.look_at(view) for view in ("forward", "reverse", "edit", "between")],
    "gan-vae": [
        lambda panel: panel.look_at("gan", "learning"),
        lambda panel: panel.look_at("gan", "generate"),
        *(lambda panel, view=view: panel.look_at("vae", view) for view in ("space", "pairs", "prior", "inside")),
    ],
    "settings": [lambda panel: None],
}


@pytest.fixture(scope="module")
def furnished(records, tmp_path_factory):
    """A workspace with little of everything, for this module's own use."""
    parts = (articles, shapes, talks, trained, diffusion, gan, vae, codes, collection, answered, remembered)
    return shutil.copytree(made(*parts), tmp_path_factory.mktemp("furnished") / "workspace")


@pytest.fixture
def window(furnished, theme, preferences, show, monkeypatch):
    """The window with its engine."""
    monkeypatch.setattr(sentence_models, "open_encoder", lambda reference: WordsEncoder())
    workspace, mailbox = Workspace(furnished), Mailbox()
    engine = Engine(mailbox, workspace)
    studio = Studio(workspace, engine, theme, preferences)
    pump = Pump(mailbox, studio.jobs)
    pump.start()
    made = MainWindow(studio)
    made.unattended = True
    yield show(made, *SMALL)
    engine.close()
    pump.stop()
    workspace.close()


def _settle():
    """Let every layout take effect, and those that follow from it."""
    for _ in range(12):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


# Building the panels, and what they ask of the engine, takes most of the time: so all is built once, in two windows.
@pytest.mark.parametrize("panels", [("home", "data", "train", "models"), tuple(VIEWS)[4:]], ids=" ".join)
def test_nothing_is_cut_in_a_small_window(window, qtbot, panels):
    jobs, found = window.studio.jobs, []
    for size in TEXTS:
        window.studio.theme.choose("light", size)
        for name in panels:
            window.show_panel(name)
            for number, look_at in enumerate(VIEWS[name]):
                look_at(window.panel(name))
                qtbot.wait(TYPING + 50 if look_at in PATIENT else 5)
                qtbot.waitUntil(lambda: not any(job.active for job in jobs.all(visible=False)), timeout=20_000)
                _settle()
                cuts = [
                    cut for cut in cut_texts(window) if f" {OF_THEIR_END}" not in cut and cut.split()[1] not in PATHS
                ]
                found += [f"{name} {number}, text of {size}: {cut}" for cut in cuts]
                assert (window.width(), window.height()) == SMALL
    assert not found, "\n".join(found)
