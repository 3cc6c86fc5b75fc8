"""Adapters in the playground: how strong they are, beside their base and in the midst of a conversation."""

import pytest

from tests.gui.playground.compare.test_compare import ask, chips
from tests.gui.playground.hands import GENERATE, Hands, model, models


@pytest.fixture
def hands(studio, engine, show):
    taught = [model(name, chat=True, adapter_of="tiny") for name in ("taught", "brief")]
    return Hands(studio, engine, show, [*models(), model("tiny", chat=True), *taught])


def slider_of(form):
    return form.scale if form.scale.isVisible() else None


@pytest.fixture
def sampling(hands):
    form = hands.chat.side.sampling
    hands.chat.side.show()
    return form


def test_a_slider_is_there_while_an_adapter_is_chosen_and_acts_at_the_next_answer(hands, sampling):
    assert slider_of(sampling) is None
    hands.say("Hi")
    assert "adapter.scale" not in hands.asked()[-1]["settings"]
    hands.answer("Hello.")
    hands.panel.state.choose("taught")
    scale = slider_of(sampling)
    assert (scale.value_label.text(), "“tiny” alone" in scale.hint.text()) == ("1.00", True)
    scale.slider.setValue(scale.slider.maximum())
    assert scale.value_label.text() == "1.50"
    scale.slider.setValue(10)
    hands.say("And now?")
    assert hands.asked()[-1]["settings"]["adapter.scale"] == 0.5
    hands.answer("Well.")
    assert hands.chat.session.conversation.path()[-1].result["settings"]["adapter.scale"] == 0.5
    hands.panel.state.choose("tiny")
    assert slider_of(sampling) is None


def test_a_conversation_goes_on_with_another_adapter(hands):
    for name, text in (("tiny", "One."), ("taught", "Two."), ("brief", "Three.")):
        hands.panel.state.choose(name)
        hands.say("Say a number.")
        hands.answer(text)
    asked = hands.asked()
    assert [each["model"] for each in asked] == ["tiny", "taught", "brief"]
    said = [each["content"] for each in asked[-1]["messages"] if each["role"] == "assistant"]
    assert said == ["One.", "Two."]


def test_a_base_and_its_adapter_are_compared_each_with_what_means_something_to_it(hands):
    hands.panel.look_at("compare")
    view = hands.panel.view
    assert slider_of(view.sampling) is None
    for column, name in zip(view.columns, ("tiny", "taught"), strict=True):
        column.picker.chosen.emit(name)
    slider_of(view.sampling).slider.setValue(14)
    assert [chips(column) for column in view.columns] == [["tiny"], ["taught", "Adapter strength α 0.7"]]
    jobs = ask(hands, view)
    settings = [hands.engine.requests[job].arguments["settings"] for job in jobs]
    assert [each.get("adapter.scale") for each in settings] == [None, 0.7]


def test_an_adapter_is_compared_with_itself_at_another_strength(hands):
    hands.panel.look_at("compare")
    view = hands.panel.view
    for column in view.columns:
        column.picker.chosen.emit("taught")
    view.columns[1].own.click()
    own = view.columns[1].wishes
    own.sampling.scale.slider.setValue(6)
    own.hide()
    assert [chips(column) for column in view.columns] == [["Adapter strength α 1"], ["Adapter strength α 0.3"]]
    jobs = ask(hands, view)
    asked = [hands.engine.requests[job].arguments for job in jobs]
    assert [each["settings"]["adapter.scale"] for each in asked] == [1.0, 0.3]
    assert all(request.target == GENERATE for request in map(hands.engine.requests.get, jobs))
