"""Panels are found from their files, without running them."""

import sys
import tomllib
from operator import attrgetter
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl

import fmstudio.gui
from fmstudio.gui.panel import CHAPTERS, Panel, PanelInfo, PrimaryAction, Step, dropped_paths, find_panels, opening
from fmstudio.gui.things import KINDS

PANEL = '''
raise RuntimeError("finding a panel must not run it")
class {name}Panel(Panel):
    """A panel."""
    name = "{name}"
    title = "{name} it"
    chapter = "{chapter}"
    order = {order}
    opens = {{"run": {{"run": "*", "view": "curves"}}}}
    commands = (("Do it", "mdi6.play", "act", "now"),)
    begin = Step("Begin", "Why", "Go", "mdi6.play", {{"dataset": "*dataset"}}, until=("model",))
'''


def test_panels_are_found_in_the_order_of_the_life_cycle_without_being_imported(tmp_path, monkeypatch):
    for folder, text in {
        "one": PANEL.format(name="late", chapter="laboratory", order=10),
        "two": PANEL.format(name="second", chapter="evaluation", order=20),
        "three": PANEL.format(name="first", chapter="evaluation", order=10),
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "panel.py").write_text(text)
    (tmp_path / "help.py").write_text(PANEL.format(name="lost", chapter="home", order=20))
    monkeypatch.setattr(fmstudio.gui, "__path__", [str(tmp_path)])
    found = find_panels()
    assert [(info.name, info.title, info.module) for info in found] == [
        ("first", "first it", "fmstudio.gui.three.panel"),
        ("second", "second it", "fmstudio.gui.two.panel"),
        ("late", "late it", "fmstudio.gui.one.panel"),
    ]
    assert found[0].icon == Panel.icon
    assert found[0].commands == (("Do it", "mdi6.play", "act", "now"),)
    assert found[0].begin == Step("Begin", "Why", "Go", "mdi6.play", {"dataset": "*dataset"}, ("model",))
    assert opening(found, "run", "r-1") == (found[0], {"run": "r-1", "view": "curves"})
    assert opening(found, "model", "m") is None


def test_a_chapter_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="its chapter is 'cooking'"):
        PanelInfo("fmstudio.gui.kitchen.panel", "KitchenPanel", "kitchen", "Kitchen", "", chapter="cooking")


def test_a_panel_for_a_family_goes_before_one_for_all():
    infos = [
        PanelInfo("m", "All", "all", "All", "", opens={"model": {"model": "*"}}),
        PanelInfo("m", "One", "one", "One", "", opens={"model:gan": {"model": "*", "side": "gan"}}),
    ]
    assert opening(infos, "model", "x", "gan") == (infos[1], {"model": "x", "side": "gan"})
    assert opening(infos, "model", "x", "language") == (infos[0], {"model": "x"})


def test_what_is_found_is_what_the_classes_say(qapp):
    infos = find_panels()
    assert infos[0].name == "home"
    assert infos[-1].name == "settings"
    for info in infos:
        made = info.load()
        assert issubclass(made, Panel)
        for key in ("name", "title", "summary", "icon", "chapter", "order", "opens", "commands", "takes", "begin"):
            assert getattr(made, key) == getattr(info, key)
        assert info.module in sys.modules
        assert info.chapter in CHAPTERS
        assert {kind.partition(":")[0] for kind in info.opens} <= KINDS.keys()


def test_every_kind_of_thing_has_a_panel_that_opens_it():
    infos = find_panels()
    assert not [kind for kind in KINDS if opening(infos, kind, "key") is None]


def test_every_command_is_something_that_its_panel_can_do(studio):
    for info in find_panels():
        panel = info.load()(studio)
        for title, _, method, *_given in info.commands:
            assert callable(attrgetter(method)(panel)), title
        for control in panel.header_controls:
            control.setParent(panel)
        panel.deleteLater()


def test_a_primary_action_says_why_it_cannot(studio):
    panel = Panel(studio)
    action = PrimaryAction("Start", "mdi6.play", panel)
    reasons = []
    action.reason_changed.connect(reasons.append)
    action.refuse("Choose a dataset first.")
    assert not action.isEnabled()
    action.allow()
    assert action.isEnabled()
    assert reasons == ["Choose a dataset first.", ""]
    panel.deleteLater()


def test_only_local_files_count_as_dropped(tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.txt")])
    assert dropped_paths(data) == [tmp_path]


def test_every_panels_folder_is_kept_apart_by_the_import_rules():
    rules = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    apart = next(set(rule["modules"]) for rule in rules if rule["name"] == "A panel never imports another panel")
    assert apart == {info.module.removesuffix(".panel") for info in find_panels()}
