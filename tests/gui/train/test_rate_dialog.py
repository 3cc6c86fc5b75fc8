"""Finding a learning rate from Train: the trials as curves, and the best of them in the form."""

import pytest

from fmstudio.gui.runs.jobs import DESCRIBE, FIND_RATE
from fmstudio.gui.train.rate_dialog import RateDialog
from fmstudio.jobs import Failed, Finished, Sample, Started
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.train.runs import SETTINGS, description, few_settings

RATES = ("training.learning_rate", "training.adam_learning_rate")


@pytest.fixture
def with_rates(studio, engine, with_data, open_panel):
    """The panel with the two rates in its form, and the dialog that it opens."""
    told = recorded.answer(DESCRIBE)
    language = next(each for each in told["families"] if each["name"] == "language")
    panel = open_panel()
    described = changed(description(), families=[few_settings(language, (*SETTINGS, *RATES))])
    job = engine.latest(DESCRIBE)
    studio.jobs.deliver([(job, event) for event in [Started(), Sample("families", "families", described), Finished()]])
    panel.cost.rate_button.click()
    return panel, panel.findChild(RateDialog)


def tell(studio, engine, events):
    job = engine.latest(FIND_RATE)
    studio.jobs.deliver([(job, event) for event in events])


def test_the_trials_are_drawn_and_the_best_is_taken_over_with_the_rate_of_the_rest(with_rates, studio, engine):
    panel, dialog = with_rates
    assert engine.requests[engine.latest(FIND_RATE)].arguments["recipe"] == panel.setup.recipe()
    assert not dialog.take.isEnabled()
    tell(studio, engine, recorded.recorded(FIND_RATE))
    result = recorded.result(FIND_RATE)
    curves = {float(rate): series.values.tolist() for rate, series in dialog.loss.curves.items()}
    assert curves == {row["learning_rate"]: row["losses"] for row in result["tried"]}
    best, before = result["learning_rate"], [panel.setup.form.value(path) for path in RATES]
    assert dialog.take.text() == f"Use {best:g}"
    dialog.take.click()
    after = [panel.setup.form.value(path) for path in RATES]
    assert after == pytest.approx([best, before[1] * best / before[0]])


def test_what_cannot_be_tried_is_said(with_rates, studio, engine):
    _, dialog = with_rates
    tell(studio, engine, [Started(), Failed("The dataset is too short.", "trace")])
    assert "The dataset is too short." in dialog.error.sentence.text()
    assert not dialog.take.isEnabled()


def test_a_stop_before_anything_was_measured_proposes_nothing(with_rates, studio, engine):
    _, dialog = with_rates
    dialog.stop.click()
    assert ("stop", engine.latest(FIND_RATE)) in engine.calls
    nothing = changed(recorded.result(FIND_RATE), learning_rate=None, tried=[])
    tell(studio, engine, [Started(), Finished("stopped", nothing)])
    assert dialog.state.text() == "No rate can be proposed."


def test_who_closes_it_gives_the_trials_up(with_rates, engine):
    _, dialog = with_rates
    dialog.close_button.click()
    assert ("cancel", engine.latest(FIND_RATE)) in engine.calls
