"""The Tasks panel on the real engine: from nothing to a table, and the answers behind its cells."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fmstudio.gui.tasks.matrix import gain_of, token_of
from fmstudio.gui.tasks.panel import TasksPanel

CHOSEN = {
    "base": "tiny", "tasks": ["sentiment-words", "brief-answers"], "rows": 3,
    "changes": ["training.steps=2", "training.batch_size=2", "training.evaluate_every=2", "training.checkpoint_every=2",
                'training.device="cpu"', "adapter.rank=2"],
}  # fmt: skip


@pytest.fixture
def panel(real_studio, talking, show, qtbot):
    made = show(TasksPanel(real_studio), 1048, 700)
    made.shown(**CHOSEN)
    qtbot.waitUntil(lambda: bool(made.found))
    return made


def texts(panel, part):
    return panel.findChild(object, part).text()


def test_before_anything_is_done_the_tasks_say_what_they_are(panel):
    assert texts(panel, "task-sentiment-words-about").startswith("Says in one word")
    assert "→ positive" in texts(panel, "task-sentiment-words-example")
    assert panel.cards.card("brief-answers").state.text() == "It has no adapter yet."
    assert panel.start.isEnabled()
    assert panel.matrix.describe(0) == "tiny, Sentiment in a word: not asked yet"
    panel.matrix.press(0)
    assert not panel.answers.isVisible()


def test_one_button_fills_the_table_and_a_cell_leads_to_its_answers(panel, qtbot, real_studio):
    counts = []
    panel.work.sampled.connect(lambda sample: counts.append(len(panel.found["cells"])))
    panel.start.trigger()
    qtbot.waitUntil(lambda: panel.start.text() == "Stop here")
    qtbot.waitUntil(lambda: not panel.work.busy, timeout=60_000)
    assert not panel.error.isVisible()
    assert set(counts) >= set(range(1, 7))
    assert not panel.start.isEnabled()
    assert "Everything is trained" in panel.start.reason
    assert "its adapter is" in panel.told.text()
    assert "trained in" in panel.cards.card("sentiment-words").state.text()
    went = []
    real_studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    panel.cards.card("sentiment-words").see.click()
    assert went == [("train", {"run": "sentiment-words"})]

    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=panel.matrix.place(2).center().toPoint())
    qtbot.waitUntil(panel.answers.isVisible)
    assert panel.matrix.marked == ("sentiment-words", "sentiment-words")
    assert [column.title for column in panel.answers.model.columns] == ["Asked", "tiny", "sentiment-words"]
    assert panel.answers.model.total == 3
    assert texts(panel, "task-answers-expected").startswith("Right would be: ")
    panel.answers.only.button("lost").click()
    assert panel.answers.model.total == sum(pair.kind == "lost" for pair in panel.answers.pairs)

    panel.matrix.setFocus()
    panel.matrix.point_at(2)
    QTest.keyClick(panel.matrix, Qt.Key.Key_Up)
    QTest.keyClick(panel.matrix, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.matrix.marked == ("base", "sentiment-words"))
    qtbot.waitUntil(lambda: len(panel.answers.model.columns) == 2)


def test_what_was_done_is_there_when_one_comes_back(panel, qtbot, real_studio, show):
    panel.start.trigger()
    qtbot.waitUntil(lambda: len(panel.found["cells"]) >= 1)
    panel.start.trigger()
    qtbot.waitUntil(lambda: not panel.work.busy, timeout=60_000)
    again = show(TasksPanel(real_studio), 800, 600)
    again.shown(**CHOSEN)
    qtbot.waitUntil(lambda: bool(again.found))
    assert again.found["cells"] == panel.found["cells"]
    assert again.start.isEnabled()


def test_a_gain_is_told_with_how_sure_one_is():
    cell = {"difference": 0.4, "difference_low": 0.2, "difference_high": 0.55}
    assert (gain_of(cell), token_of(cell)) == ("+40 points (+20 to +55)", "success")
    cell = {"difference": 0.0, "difference_low": -0.06, "difference_high": 0.06}
    assert (gain_of(cell), token_of(cell)) == ("0 points (−6 to +6)", "secondary")
    assert token_of({"difference": -0.4, "difference_low": -0.5, "difference_high": -0.1}) == "error"
    assert gain_of({"difference": None}) == ""
