"""The bin is looked through on the real engine: what is brought back, deleted for good and emptied."""

import pytest
from PySide6.QtWidgets import QAbstractButton, QMessageBox

from fmstudio.gui.settings.bin_view import BinView
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.deleting import delete
from tests.workspace.test_workspace import fill


@pytest.fixture
def view(real_studio, workspace, show, qtbot):
    fill(workspace)
    delete(workspace, "dataset", "clean")
    delete(workspace, "model", "bard")
    made = show(BinView(real_studio), 1000, 700)
    made.look()
    qtbot.waitUntil(lambda: len(made.list.entries) == 2)
    return made


def answer(view, name):
    box = view.findChild(QMessageBox, name)
    box.findChild(QAbstractButton, f"{name}-yes").click()


def test_it_tells_what_was_deleted_when_and_how_much_room_it_takes(view, workspace):
    model, dataset = view.list.entries
    assert [model.lines[0].text, dataset.lines[0].text] == ["bard", "clean"]
    assert model.lines[1].text.startswith("Model · deleted ")
    assert view.use.text().startswith("2 things, ")
    assert view.back.isEnabled()


def test_what_is_brought_back_is_in_the_workspace_again(view, workspace, qtbot):
    view.list.mark(view.list.keys[1])
    view.back.click()
    qtbot.waitUntil(lambda: len(view.list.entries) == 1)
    assert workspace.dataset("clean").items == 30


def test_a_name_that_is_taken_again_can_be_another(view, workspace, qtbot):
    workspace.dataset_folder("clean").mkdir()
    view.restore(view.list.keys[1])
    qtbot.waitUntil(lambda: view.error.showing)
    assert "named 'clean' again" in view.error.sentence.text()
    view.error.findChild(QAbstractButton, "bin-another-name").click()
    qtbot.waitUntil(lambda: len(view.list.entries) == 1)
    assert workspace.dataset("clean-2").items == 30


def test_one_is_deleted_for_good_once_it_is_confirmed(view, workspace, qtbot):
    dict(view._offered(view.list.keys[0])[2:])["Delete for good…"]()
    assert len(view.list.entries) == 2
    answer(view, "bin-delete-question")
    qtbot.waitUntil(lambda: len(view.list.entries) == 1)
    assert [each.name for each in Bin(workspace.path).entries()] == ["clean"]


def test_an_emptied_bin_says_what_it_is_for(view, workspace, qtbot):
    view.all.click()
    box = view.findChild(QMessageBox, "bin-empty-question")
    assert "cannot be undone" in box.informativeText()
    answer(view, "bin-empty-question")
    qtbot.waitUntil(lambda: view._nothing.isVisible())
    assert not (workspace.path / "bin").exists()
