"""The playground's frame: its views, the one model for all of them, and what comes to it from outside."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QLabel

from fmstudio.gui.models.model_jobs import FETCH, FORGET, LINK, LOAD, UNLOAD
from fmstudio.jobs import Failed, Finished, Progress, Started
from tests.gui.playground.hands import STARTER, Hands, model, models, starter


@pytest.fixture
def hands(studio, engine, show):
    return Hands(studio, engine, show)


@pytest.fixture
def listed(hands):
    """The list of models, open."""
    hands.panel.picker.open()
    hands.list_models()
    yield hands.panel.picker.list
    hands.panel.picker.list.hide()


def test_views_are_built_only_when_they_are_looked_at(hands):
    assert set(hands.panel.views) == {"chat"}
    hands.panel.view_choice.button("compare").click()
    assert set(hands.panel.views) == {"chat", "compare"}
    assert hands.page.primary.text() == "Compare"
    assert not hands.panel.picker.isVisible(), "each column has a model of its own"


def test_every_view_says_what_its_primary_action_does_or_why_it_cannot(hands):
    for name in hands.panel.view_choice.values:
        hands.panel.look_at(name)
        assert hands.panel.primary_action.text()
        assert hands.panel.primary_action.isEnabled() or hands.panel.primary_action.reason


def test_without_a_model_it_offers_to_fetch_the_first(studio, engine, show):
    hands = Hands(studio, engine, show, [starter(here=False)])
    first = hands.panel.first
    assert first.isVisible()
    assert first.fetch.text() == "Fetch the starter model (93.0 MB)"
    first.fetch.click()
    job = engine.latest(FETCH)
    assert engine.requests[job].arguments["item"] == STARTER
    hands.tell(job, Started(), Progress(40, 93, "bytes"))
    assert first.strip.isVisible()
    assert first.strip.fraction.text() == "43 %"
    hands.tell(job, Finished())
    hands.list_models([starter()])
    assert hands.chat.isVisible()
    assert hands.panel.state.model == STARTER


def test_without_a_model_every_view_that_needs_one_asks_for_it_first(studio, engine, show):
    hands = Hands(studio, engine, show, [])
    for name in ("chat", "prompt", "compare", "inside"):
        hands.panel.look_at(name)
        assert hands.panel.primary_action.reason == "Choose a model first."


def test_a_fetch_that_fails_says_why_in_place(studio, engine, show):
    hands = Hands(studio, engine, show, [starter(here=False)])
    hands.panel.first.fetch.click()
    hands.tell(engine.latest(FETCH), Started(), Failed("There is no network; connect and try again."))
    assert hands.panel.first.error.sentence.text() == "There is no network; connect and try again."
    assert hands.panel.first.fetch.isEnabled()


# The list of models.


def test_models_stand_in_groups_with_what_matters_of_them(listed):
    row = listed.rows[STARTER]
    assert row.facts.text() == "135 M parameters · 93.0 MB · reads 8,192 tokens · GGUF · licence: Apache-2.0"
    assert row.memory.text() == "Needs about 210 MB of memory; 6.40 GB are free."
    assert row.kind.text() == "chats"
    assert listed.rows["plays"].kind.text() == "completes"
    titles = [label.text() for label in listed.findChildren(QLabel) if label.text() in ("Starter", "Trained here")]
    assert titles == ["Starter", "Trained here"]


def test_one_that_does_not_fit_says_so_with_the_figures_and_stays_when_it_is_refused(hands, listed):
    row = listed.rows["/models/Qwen3-8B-Q8_0.gguf"]
    assert row.memory.text() == "Needs about 11.2 GB of memory, but only 6.40 GB are free."
    row.clicked.emit()
    hands.tell(hands.engine.latest(LOAD), Started(), Failed("Qwen3 8B needs 11.2 GB, but 6.4 GB are free."))
    assert row.error.sentence.text() == "Qwen3 8B needs 11.2 GB, but 6.4 GB are free."
    assert listed.isVisible()


def test_one_with_a_problem_shows_it_and_cannot_be_chosen(hands, listed):
    row = listed.rows["/models/broken.gguf"]
    assert "ends in the middle" in row.error.sentence.text()
    row.clicked.emit()
    assert hands.panel.state.model == STARTER


def test_choosing_one_loads_it_and_unloading_gives_its_memory_back(hands, listed):
    listed.rows["plays"].clicked.emit()
    assert hands.panel.state.model == "plays"
    job = hands.engine.latest(LOAD)
    assert hands.engine.requests[job].arguments["model"] == "plays"
    assert hands.panel.picker.text() == "Loading… plays"
    hands.tell(job, Started(), Finished())
    hands.list_models([*models()[:-1], model("plays", loaded=True)])
    row = listed.rows["plays"]
    assert row.loaded.text() == "● loaded"
    row.unload.click()
    assert hands.engine.requests[hands.engine.latest(UNLOAD)].arguments["model"] == "plays"


def test_the_chosen_gguf_file_can_be_run_by_either_back_end(hands, listed):
    row = listed.rows[STARTER]
    assert not row.backend.isHidden()
    row.backend.button("torch").click()
    hands.say("Hello")
    assert hands.asked()[-1]["backend"] == "torch"


def test_a_linked_one_can_be_forgotten(hands, listed):
    listed.rows["/models/broken.gguf"].forget.click()
    assert hands.engine.requests[hands.engine.latest(FORGET)].arguments["model"] == "/models/broken.gguf"


def test_a_model_whose_file_vanished_says_so_where_one_talks_to_it(hands):
    hands.panel.state.choose("plays")
    hands.panel.state.refresh()
    hands.list_models([starter(), model("plays", problem="plays cannot be read; choose a model that is there.")])
    assert hands.panel.error.sentence.text() == "plays cannot be read; choose a model that is there."
    assert hands.panel.primary_action.reason == "This model cannot be used."
    hands.panel.state.choose(STARTER)
    assert not hands.panel.error.showing


# From outside.


def test_a_dropped_gguf_file_is_linked_and_talked_to(hands, tmp_path):
    file = tmp_path / "mine.gguf"
    file.touch()
    assert hands.panel.accepts([file])
    hands.panel.dropped([file])
    job = hands.engine.latest(LINK)
    assert hands.engine.requests[job].arguments["path"] == str(file)
    hands.tell(job, Started(), Finished("completed", {"reference": "plays"}))
    assert hands.panel.state.model == "plays"


def test_a_dropped_file_that_is_no_model_says_so(hands, tmp_path):
    hands.panel.dropped([tmp_path / "broken.gguf"])
    hands.tell(hands.engine.latest(LINK), Started(), Failed("broken.gguf is cut short; fetch it again."))
    assert hands.panel.error.sentence.text() == "broken.gguf is cut short; fetch it again."
    assert not hands.panel.accepts([tmp_path / "notes.txt"])


@pytest.mark.parametrize("first", ["good.gguf", "broken.gguf"])
def test_of_two_dropped_files_the_good_one_is_talked_to_and_the_bad_one_told(hands, tmp_path, first):
    files = [tmp_path / "good.gguf", tmp_path / "broken.gguf"]
    hands.panel.dropped(files)
    asked = {job: each for job, each in hands.engine.requests.items() if each.target == LINK}
    jobs = {Path(each.arguments["path"]).name: job for job, each in asked.items()}
    ends = {
        "good.gguf": Finished("completed", {"reference": "plays"}),
        "broken.gguf": Failed("broken.gguf is cut short; fetch it again."),
    }
    for name in sorted(ends, key=lambda name: name != first):
        hands.tell(jobs[name], Started(), ends[name])
    hands.list_models()
    assert hands.panel.state.model == "plays"
    assert hands.panel.error.isVisible()
    assert hands.panel.error.sentence.text() == "broken.gguf is cut short; fetch it again."
    hands.panel.picker.chosen.emit(STARTER)
    assert not hands.panel.error.isVisible()


def test_another_panel_can_send_a_prompt_and_a_model(hands):
    hands.panel.shown(model="plays")
    assert hands.chat.completes
    hands.panel.shown(model=STARTER, prompt="Why is the sky blue?")
    assert hands.chat.composer.text == "Why is the sky blue?"


def test_the_model_and_the_settings_are_remembered(hands, studio, engine, show):
    hands.panel.state.choose("plays")
    hands.panel.state.set_sampling({"temperature": 0.3})
    again = Hands(studio, engine, show)
    assert again.panel.state.model == "plays"
    assert again.panel.state.sampling()["temperature"] == 0.3


def test_an_endless_paste_is_refused_and_can_become_a_document(hands, workspace):
    paste = QMimeData()
    paste.setText("ten megabytes " * 750_000)
    field = hands.chat.composer.field
    field.insertFromMimeData(paste)
    assert field.toPlainText() == ""
    assert "10,500,000 characters" in hands.chat.composer.error.sentence.text()
    wanted = []
    hands.chat.index_wanted.disconnect()
    hands.chat.index_wanted.connect(wanted.append)
    hands.chat.composer.index.click()
    assert wanted == [paste.text()]


def test_escape_stops_what_the_view_is_doing(hands, qtbot):
    hands.say("Hello")
    job = hands.begin_answer("Hel")
    hands.panel.stop()
    assert ("stop", job) in hands.engine.calls


def test_ctrl_enter_in_the_field_sends_once(hands, qtbot):
    hands.chat.composer.field.setPlainText("Hello")
    qtbot.keyClick(hands.chat.composer.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(hands.asked()) == 1


def test_enter_sends_or_begins_a_line_as_a_person_prefers(hands, qtbot, studio):
    field = hands.chat.composer.field
    hands.chat.composer.keys.click()
    assert hands.chat.composer.keys.text() == "Ctrl+Enter sends"
    qtbot.keyClicks(field, "One")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert hands.chat.composer.text == "One\n"
    hands.chat.composer.keys.click()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert hands.asked()[-1]["messages"] == [{"role": "user", "content": "One\n"}]
