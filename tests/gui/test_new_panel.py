"""A panel is a folder: where one is added, everything that knows of panels knows of it, without any other edit."""

import sys

import pytest
from PySide6.QtWidgets import QLabel

import fmstudio.gui
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.workspace import DatasetRecord

PANEL = '''
from fmstudio.gui.panel import Panel, PrimaryAction, Step


class EvaluatePanel(Panel):
    """Measures."""

    name = "evaluate"
    title = "Evaluate"
    summary = "Measure what a model can do."
    icon = "mdi6.ruler"
    chapter = "evaluation"
    order = 40
    opens = {"model:yardstick": {"model": "*"}}
    commands = (("Measure all models", "mdi6.ruler", "measure", "all"),)
    begin = Step("Measure it", "On “{dataset}”.", "Measure", "mdi6.ruler", {"dataset": "*dataset"})

    def __init__(self, studio):
        super().__init__(studio)
        self.told = []
        self.primary_action = PrimaryAction("Measure", "mdi6.ruler", self, "measure")

    def shown(self, **what):
        self.told.append(what)

    def measure(self, which):
        self.told.append(which)
'''


@pytest.fixture
def window(studio, show, tmp_path, monkeypatch):
    folder = tmp_path / "more" / "evaluate"
    folder.mkdir(parents=True)
    (folder / "panel.py").write_text(PANEL)
    monkeypatch.setattr(fmstudio.gui, "__path__", [*fmstudio.gui.__path__, str(folder.parent)])
    studio.workspace.put_dataset(DatasetRecord("plays", "text", 3, 60_000))
    made = show(MainWindow(studio))
    made.show_panel("home")
    yield made
    for module in [name for name in sys.modules if name.startswith("fmstudio.gui.evaluate")]:
        del sys.modules[module]


def test_it_is_in_navigation_menu_palette_and_home(window):
    names = [info.name for info in window.infos]
    assert names.index("playground") < names.index("evaluate") < names.index("feedback") < names.index("diffusion")
    assert window.navigation.button("evaluate").text() == "Evaluate"
    assert any(action.objectName() == "view-evaluate" for action in window.findChildren(object) if _is_action(action))
    window.open_palette()
    titles = [finding.title for finding in window.palette_box._findings]
    assert {"Evaluate", "Measure all models"} <= set(titles)
    next(each for each in window.palette_box._findings if each.title == "Measure all models").run()
    assert window.current == "evaluate"
    assert window.panel("evaluate").told == [{}, "all"]
    window.palette_box.hide()


def test_home_has_it_in_the_loop_and_its_step_leads_there(window):
    window.show_panel("home")
    home = window.panel("home")
    assert home.findChild(QLabel, "stage-evaluate-title").text() == "4  Evaluation"
    home.map.card("evaluate").step.click()
    assert window.current == "evaluate"
    assert window.panel("evaluate").told == [{"dataset": "plays"}]


def _is_action(thing: object) -> bool:
    return type(thing).__name__ == "QAction"
