"""The playground on the real engine, with a tiny model trained in the test."""

import pytest

from fmstudio.jobs import JobContext
from fmstudio.training.pretraining import pretrain
from tests.driving import run_job
from tests.gui.playground.hands import page_with_panel

PATIENCE = 60_000  # milliseconds; a wait ends as soon as what it waits for is there


@pytest.fixture
def panel(stocked, tables, real_studio, show):
    run_job(pretrain(JobContext(), stocked, tables))
    page = show(page_with_panel(real_studio))
    page.panel.shown(model="small")
    yield page.panel  # noqa: PT022 - a page that nobody holds is deleted with its panel


def test_a_trained_model_goes_on_with_a_text_and_is_replayed_and_compared(panel, qtbot):
    def wait(condition):
        qtbot.waitUntil(condition, timeout=PATIENCE)

    wait(lambda: bool(panel.state.settings and panel.state.record("small")))
    record = panel.state.record("small")
    assert (record["chat"], record["problem"], record["context"]) == (False, "", 32)
    panel.state.set_sampling({"maximum_tokens": 8, "temperature": 1.0})
    editor = panel.views["chat"].completion
    editor.text.setPlainText("The ")
    panel.primary_action.trigger()
    assert editor.busy
    wait(lambda: not editor.busy)
    assert not editor.error.showing, editor.error.sentence.text()
    written = editor.conversation.result
    assert editor.text.toPlainText() == "The " + written["text"]
    assert written["tokens"] == 8
    assert panel.views["chat"].tabs.prompt.text.toPlainText() == "The "
    assert panel.studio.workspace.feedback.get(written["feedback"]).output == written["text"]

    editor.replay.click()
    wait(lambda: not editor.busy)
    assert editor.note.text() == "Replayed: the same output, character for character."

    editor.text.setPlainText("much too long " * 20)
    panel.primary_action.trigger()
    wait(lambda: not editor.busy)
    assert "32" in editor.error.sentence.text()

    panel.look_at("compare")
    view = panel.view
    view.columns[1].variant.sampling = {"temperature": 0.0}
    view.composer.field.setPlainText("The ")
    panel.primary_action.trigger()
    wait(lambda: not view.running)
    one, two = view.columns
    assert one.result["text"] == written["text"], "the same settings and seed gave another text"
    assert two.result["settings"]["temperature"] == 0.0
    one.best.click()
    wait(lambda: panel.studio.workspace.feedback.get(two.entry).thumbs == -1)
    assert panel.studio.workspace.feedback.get(one.entry).thumbs == 1
