"""Compare: what the columns differ in, what they are asked, and which of them is better."""

import pytest
from PySide6.QtWidgets import QLabel

from fmstudio.gui.widgets.feedback.jobs import EDIT
from fmstudio.jobs import Finished
from tests.gui.playground.hands import GENERATE, Hands, result


@pytest.fixture
def hands(studio, engine, show):
    made = Hands(studio, engine, show)
    made.panel.look_at("compare")
    return made


@pytest.fixture
def view(hands):
    return hands.panel.view


def chips(column):
    return [each.text() for each in column.findChildren(QLabel) if each.property("role") == "chip"]


def ask(hands, view, text="Name a river."):
    view.composer.field.setPlainText(text)
    hands.panel.primary_action.trigger()
    return [job for job, request in hands.engine.requests.items() if request.target == GENERATE][-len(view.columns) :]


def test_only_what_differs_is_named(view, qtbot):
    assert [chips(column) for column in view.columns] == [[], []]
    own = view.columns[1].wishes
    view.columns[1].own.click()
    own.sampling.form.rows["temperature"].editor.set_value(0.2)
    own.sampling.form.changed.emit()
    own.system.setPlainText("")
    own.hide()
    qtbot.waitUntil(lambda: chips(view.columns[1]) == ["No system prompt", "Temperature 0.2"])
    assert chips(view.columns[0]) == ["Temperature 0.8"]


@pytest.mark.parametrize("width", [960, 1280])
def test_a_long_difference_keeps_to_one_whole_line(view, qtbot, width):
    view.window().resize(width, 800)
    own = view.columns[1].wishes
    view.columns[1].own.click()
    own.system.setPlainText("You answer in rhymes, and at length.")
    own.hide()
    qtbot.waitUntil(lambda: len(chips(view.columns[1])) == 1)
    (chip,) = [each for each in view.columns[1].findChildren(QLabel) if each.property("role") == "chip"]
    qtbot.waitUntil(lambda: chip.height() == chip.sizeHint().height())
    assert chip.height() < 2 * chip.fontMetrics().height()
    assert chip.text() in chip.toolTip()


def test_all_columns_are_asked_together_with_the_same_seed_and_their_own_wishes(hands, view):
    view.columns[1].variant.sampling = {"top_k": 5}
    view.columns[1].variant.prompt = "Name a lake."
    jobs = ask(hands, view)
    one, two = (hands.engine.requests[job].arguments for job in jobs)
    assert one["settings"]["seed"] == two["settings"]["seed"] == 0
    assert (one["settings"]["top_k"], two["settings"]["top_k"]) == (0, 5)
    assert one["messages"] == [{"role": "user", "content": "Name a river."}]
    assert two["messages"] == [{"role": "user", "content": "Name a lake."}]
    hands.answer("The Seine.", jobs[0])
    assert view.running
    hands.answer("Lake Geneva.", jobs[1])
    assert [column.text.toPlainText() for column in view.columns] == ["The Seine.", "Lake Geneva."]
    assert "33 of 8,192 tokens" in view.columns[0].figures.text()


def test_a_base_model_in_a_column_continues_the_text(hands, view):
    view.columns[1].picker.chosen.emit("plays")
    jobs = ask(hands, view)
    assert hands.engine.requests[jobs[1]].arguments["prompt"] == "Name a river."
    assert chips(view.columns[1]) == ["plays"]


def test_the_better_one_gets_a_thumb_up_and_the_other_a_thumb_down(hands, view):
    jobs = ask(hands, view)
    for number, job in enumerate(jobs):
        hands.answer(f"Answer {number}", job, feedback=f"f-{number}")
    view.columns[1].best.click()
    judged = {each["entry"]: each["changes"] for each in hands.asked(EDIT)}
    assert judged == {"f-0": {"thumbs": -1}, "f-1": {"thumbs": 1}}
    assert view.columns[1].best.text() == "✓ Better"
    assert view.columns[0].best.text() == "Better"


def test_an_answer_is_better_than_those_to_the_same_prompt_and_no_others(hands, view):
    view.add.click()
    view.columns[1].variant.prompt = "Name a lake."
    for number, job in enumerate(ask(hands, view)):
        hands.answer("x", job, feedback=f"f-{number}")
    assert [column.best.isEnabled() for column in view.columns] == [True, False, True]
    assert [column.why.isVisible() for column in view.columns] == [False, True, False]
    why = "No other column was asked this exact prompt, so it cannot be called better."
    assert view.columns[1].why.text() == why
    view.columns[2].best.click()
    judged = {each["entry"]: each["changes"] for each in hands.asked(EDIT)}
    assert judged == {"f-0": {"thumbs": -1}, "f-2": {"thumbs": 1}}
    assert [column.best.text() for column in view.columns] == ["Better", "Better", "✓ Better"]


def test_another_system_prompt_is_another_prompt(hands, view):
    systems = "Be brief.", "Rhyme."
    for system, job in zip(systems, ask(hands, view), strict=True):
        messages = [{"role": "system", "content": system}, {"role": "user", "content": "Name a river."}]
        hands.answer("x", job, feedback=system, messages=messages)
    assert not any(column.best.isEnabled() for column in view.columns)


def test_no_answer_is_better_where_nothing_is_kept(hands, view):
    one, two = ask(hands, view)
    hands.answer("x", one)
    assert not view.columns[0].why.isVisible()  # not before all have answered
    hands.answer("x", two)
    assert "switched off" in view.columns[0].why.text()


def test_the_next_message_takes_the_place_of_the_one_that_was_sent(hands, view, qtbot):
    for job in ask(hands, view):
        hands.answer("x", job)
    qtbot.keyClicks(view.composer.field, "Name a lake.")
    assert view.composer.text == "Name a lake."


def test_columns_come_and_go_between_two_and_four(hands, view):
    assert not view.columns[0].close_button.isVisible()
    view.add.click()
    view.add.click()
    assert len(view.columns) == 4
    assert not view.add.isEnabled()
    for _ in range(2):
        view.columns[-1].close_button.click()
    assert len(view.columns) == 2


def test_esc_stops_every_column(hands, view):
    jobs = ask(hands, view)
    for job in jobs:
        hands.begin_answer("so", job=job)
    hands.panel.stop()
    assert {("stop", job) for job in jobs} <= set(hands.engine.calls)
    for job in jobs:
        hands.tell(job, Finished("stopped", result("so", finish="stopped")))
    assert not view.running


def test_an_answer_is_replayed_with_its_own_settings(hands, view):
    for job in ask(hands, view):
        hands.answer("The Seine.", job)
    view.columns[0].replay.click()
    hands.answer("The Seine.")
    assert view.columns[0].note.text() == "Replayed: the same output, character for character."
