"""Keys in the whole window: what a part of the Data panel means by them goes before the window's own shortcuts."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fmstudio.data.describe import describe
from fmstudio.gui.data.jobs import DESCRIBE, IMPORT, REVIEW
from fmstudio.gui.panel import find_panels
from fmstudio.gui.window.main_window import MainWindow
from fmstudio.jobs import JobContext, JobRequest, Priority
from tests.driving import run_job
from tests.gui.data.hands import answer


@pytest.fixture
def window(studio, engine, show, put, workspace, monkeypatch):
    # A window with work to do asks before it closes; here nobody would answer.
    monkeypatch.setattr("fmstudio.gui.window.main_window.ask_to_stop", lambda *_: True)
    put("plays", 3480, 5_060_000)
    made = show(MainWindow(studio, tuple(info for info in find_panels() if info.name == "data")))
    made.show_panel("data")
    answer(studio, engine, DESCRIBE, run_job(describe(JobContext(), workspace))[0][0].data)
    made.activateWindow()
    return made


def test_ctrl_enter_in_the_rules_reviews_and_adds_nothing(window, engine):
    panel = window.panel("data")
    panel.dataset.look_at("clean")
    field = panel.dataset.cleaning.rules.rows["minimum_characters"].editor
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert engine.targets()[-1] == REVIEW
    assert panel.findChild(object, "data-menu") is None


def test_ctrl_enter_on_the_sheet_imports(window, engine, folder):
    panel = window.panel("data")
    panel.dropped([folder])
    QTest.keyClick(panel.sheet.name, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert engine.targets()[-1] == IMPORT


@pytest.mark.parametrize("aside", ["sheet", "catalogue", "mixture"])
def test_esc_leaves_what_is_beside_and_stops_no_job(window, studio, engine, folder, aside):
    panel = window.panel("data")
    studio.submit(JobRequest("Write", "a:b", priority=Priority.INTERACTIVE))
    {"sheet": lambda: panel.dropped([folder]), "catalogue": panel.open_catalogue, "mixture": panel.open_mixture}[
        aside
    ]()
    assert getattr(panel, aside).isVisible()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert panel.dataset.isVisible()
    assert not [call for call in engine.calls if call[0] == "stop"]
