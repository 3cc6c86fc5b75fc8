"""The sentence under the curves: what they mean, and what to do."""

import pytest

from fmstudio.gui.runs.curves import RunCurves
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.verdict import verdict_of
from fmstudio.jobs import Metrics

RECIPE = {"family": "language", "training": {"learning_rate": 0.02, "keep": "best"}}
FALLING = [3.0, 2.4, 2.1, 1.6, 0.9, 0.6, 0.38]


def run_with(validation, training=FALLING, live=True, recipe=RECIPE, **others):
    """A run with a validation every fifty steps, and what it measured of other data."""
    run = RunState("small", recipe)
    run.status = "running" if live else "completed"
    for place, value in enumerate(validation):
        for step in range(50 * place - 49, 50 * place + 1):
            if step > 0:
                run.take(Metrics(step, {"loss/training": training[min(place, len(training) - 1)]}, step / 10))
        measured = {f"loss/{name}": values[place] for name, values in others.items()}
        run.take(Metrics(50 * place, {"loss/validation": value, **measured}, 5.0 * place))
    return run


def test_memorising_is_said_with_the_step_to_keep():
    verdict = verdict_of(run_with([5.5, 2.6, 2.25, 2.31, 2.4, 2.55, 2.65]))
    assert verdict.kind == "overfits"
    assert verdict.sentence == (
        "Validation has risen since step 100, from 2.25 to 2.65: it is memorising. Stop it: the best, of step 100, is "
        "kept."
    )
    ended = verdict_of(run_with([5.5, 2.6, 2.25, 2.31, 2.4, 2.55, 2.65], live=False))
    assert "The model is the best, of step 100" in ended.sentence
    last = {**RECIPE, "training": {"keep": "last"}}
    assert "“Keep which model”" in verdict_of(run_with([5.5, 2.25, 2.4, 2.65], recipe=last)).sentence


def test_a_loss_that_rises_in_training_too_diverges():
    verdict = verdict_of(run_with([5.5, 3.0, 2.8, 3.4, 4.9], training=[5.0, 3.0, 2.8, 3.6, 5.1]))
    assert verdict.kind == "diverges"
    assert "Stop it and begin anew with a lower learning rate, now 0.02." in verdict.sentence


def test_a_run_that_no_longer_gets_better_stalls():
    verdict = verdict_of(run_with([5.5, 3.0, 2.501, 2.502, 2.5, 2.503, 2.499, 2.5], training=[2.5]))
    assert verdict.kind == "stalls"
    assert "hardly changed since step" in verdict.sentence
    assert "Stop it, and try a larger model" in verdict.sentence


def test_old_data_that_are_forgotten_are_named():
    recipe = {**RECIPE, "init": "plays"}
    verdict = verdict_of(run_with([3.0, 2.6, 2.3], recipe=recipe, articles=[1.2, 1.7, 2.3]))
    assert verdict.kind == "forgets"
    assert verdict.sentence.startswith("On “articles”, which it came from, the loss has risen, from 1.20 to 2.30")


@pytest.mark.parametrize("validation", [[5.5, 3.0, 2.5, 2.2, 2.0, 1.9], [3.0, 2.0, 2.01, 1.9], [3.0, 2.0, 2.5]])
def test_a_run_that_learns_and_a_single_bad_measurement_bring_no_warning(validation):
    assert not verdict_of(run_with(validation)).warns


def test_before_there_are_two_validations_nothing_is_claimed():
    assert verdict_of(run_with([5.5])).kind == ""


def test_the_sentence_stands_under_the_curves_and_follows_them(theme, show):
    run = run_with([5.5, 2.6, 2.25])
    curves = show(RunCurves(theme), 800, 500)
    curves.set_run(run)
    assert curves.verdict.text().startswith("Validation falls, from 5.50 to 2.25")
    for place, value in enumerate([2.4, 2.5, 2.65], 3):
        run.take(Metrics(50 * place, {"loss/validation": value}, 5.0 * place))
        run.flush()
    assert "it is memorising" in curves.verdict.text()
    assert curves.verdict.property("role") == "warning"
    adversarial = RunState("gan", {"family": "gan"})
    adversarial.take(Metrics(1, {"loss/generator": 0.7}, 0.1))
    curves.set_run(adversarial)
    assert not curves.verdict.isVisible()
