"""Panels are found from their files, without running them."""

import sys
import tomllib
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from fmstudio.gui.panel import Panel, PrimaryAction, dropped_paths, find_panels

PANEL = '''
raise RuntimeError("finding a panel must not run it")
class {name}Panel(Panel):
    """A panel."""
    name = "{name}"
    title = "{name} it"
    order = {order}
'''


def test_panels_are_found_in_the_order_of_the_life_cycle_without_being_imported(tmp_path):
    for folder, text in {
        "one": PANEL.format(name="late", order=30),
        "two": PANEL.format(name="early", order=10),
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "panel.py").write_text(text)
    (tmp_path / "help.py").write_text(PANEL.format(name="lost", order=20))
    found = find_panels(tmp_path, "nowhere")
    assert [(info.name, info.title, info.module) for info in found] == [
        ("early", "early it", "nowhere.two.panel"),
        ("late", "late it", "nowhere.one.panel"),
    ]
    assert found[0].icon == Panel.icon


def test_what_is_found_is_what_the_classes_say(qapp):
    infos = find_panels()
    assert infos[0].name == "home"
    assert infos[-1].name == "settings"
    for info in infos:
        made = info.load()
        assert issubclass(made, Panel)
        for key in ("name", "title", "summary", "icon", "order"):
            assert getattr(made, key) == getattr(info, key)
        assert info.module in sys.modules


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
