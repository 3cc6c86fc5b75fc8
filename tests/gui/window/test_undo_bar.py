"""What was deleted is said across the window, and undone from there."""

import pytest

from fmstudio.gui.window.undo_bar import UndoBar
from fmstudio.workspace import DatasetRecord
from fmstudio.workspace.deleting import delete
from tests.workspace.test_workspace import fill


@pytest.fixture
def bar(real_studio, workspace, show):
    fill(workspace)
    made = show(UndoBar(real_studio), 900, 60)
    made.hide()
    return made


def test_undo_brings_it_back_and_tells_the_panels(bar, real_studio, workspace, qtbot):
    entry = delete(workspace, "dataset", "clean")
    real_studio.deleted.emit(entry.id, "The dataset “clean” is in the bin.")
    assert bar.isVisible()
    assert bar.sentence.text() == "The dataset “clean” is in the bin."
    with qtbot.waitSignal(real_studio.workspace_changed) as told:
        bar.button.click()
    assert told.args == ["dataset", "clean"]
    assert not bar.isVisible()
    assert workspace.dataset("clean").items == 30


def test_why_it_cannot_be_brought_back_is_said(bar, real_studio, workspace, qtbot):
    entry = delete(workspace, "dataset", "clean")
    workspace.dataset_folder("clean").mkdir()
    workspace.put_dataset(DatasetRecord("clean", "text", 1, 1))
    real_studio.deleted.emit(entry.id, "The dataset “clean” is in the bin.")
    bar.button.click()
    qtbot.waitUntil(lambda: "again" in bar.sentence.text())
    assert not bar.button.isVisible()
    real_studio.deleted.emit(entry.id, "Another")
    assert bar.button.isVisible()
