"""Train from setting up to samples: events in, what a person sees out."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from fmstudio.gui.train.recipe_dialog import RecipeDialog
from fmstudio.jobs import (
    Artefact,
    Failed,
    Finished,
    JobRequest,
    Metrics,
    Note,
    Paused,
    Priority,
    Progress,
    Resumed,
    Started,
    TextDelta,
)
from tests.gui import recorded
from tests.gui.recorded import changed
from tests.gui.small_jobs import OF_BAD
from tests.gui.train.runs import description, training_events

ESTIMATE = "fmstudio.training.estimate:estimate"
PRETRAIN = "fmstudio.training.pretraining:pretrain"


# Setting up.


def test_the_preset_fills_the_form_and_names_the_run(train):
    assert train.panel.preset.currentText() == "Plays on a CPU"
    recipe = train.panel.setup.recipe()
    assert recipe["name"] == "plays"
    assert recipe["training"] == {"steps": 200, "batch_size": 16}
    assert recipe["data"]["datasets"] == ["plays"]
    assert train.panel.setup.size_field.currentText() == "Small"


def test_the_cost_is_shown_as_people_write_it(train):
    cost = train.panel.cost
    assert (cost.text("parameters"), cost.text("memory"), cost.text("checkpoint")) == ("0.85 M", "48.0 MB", "7.60 MB")


def test_a_changed_setting_is_estimated_once_it_rests(train, engine, qtbot):
    asked = engine.targets().count(ESTIMATE)
    row = train.panel.setup.form.rows["training.steps"]
    for digits in ("3", "30", "300"):
        row.editor.set_value(digits)
        row.editor.edited.emit()
    qtbot.waitUntil(lambda: engine.targets().count(ESTIMATE) > asked)
    assert engine.targets().count(ESTIMATE) == asked + 1
    request = engine.requests[engine.latest(ESTIMATE)]
    assert request.arguments["recipe"]["training"]["steps"] == 300
    assert request.priority == Priority.INTERACTIVE
    assert not request.visible


def test_an_estimate_that_fails_marks_its_field_and_refuses_to_start(train, engine, qtbot):
    asked = engine.targets().count(ESTIMATE)
    train.panel.setup.form.changed.emit()
    qtbot.waitUntil(lambda: engine.targets().count(ESTIMATE) > asked)
    train.estimate(qtbot, OF_BAD, error="model.context is 9, which is odd.", field="model.context")
    assert train.panel.setup.form.rows["model.context"].error == "model.context is 9, which is odd."
    assert not train.panel.primary_action.isEnabled()
    assert train.panel.primary_action.reason == "See the marked setting."


def test_start_says_what_is_missing(train):
    panel = train.panel
    assert panel.primary_action.isEnabled()
    panel.setup.form.set_values({"data.datasets": []})
    panel.setup.form.changed.emit()
    assert panel.primary_action.reason == "Choose a dataset first."
    panel.shown(dataset="manual")
    assert panel.primary_action.isEnabled()
    panel.setup.name.set_value("")
    panel.setup.name.edited.emit()
    assert panel.primary_action.reason == "Name the run first."


def test_a_size_sets_what_it_stands_for(train):
    size = train.panel.setup.size_field
    size.setCurrentIndex(size.findText("Tiny"))
    size.edited.emit()
    assert train.panel.setup.recipe()["model"]["layers"] == 2
    train.panel.setup.form.set_values({"model.layers": 7})
    train.panel.setup.form.changed.emit()
    assert size.currentText() == "Custom"


def test_a_probe_tells_pace_and_time(train, engine):
    train.panel.cost.probe_button.click()
    assert not train.panel.cost.probe_button.isEnabled()
    told = recorded.answer("fmstudio.training.estimate:probe")
    probe = changed(told, tokens_per_second=1240.4, seconds_total=130.0, steps=200)
    train.answer("fmstudio.training.estimate:probe", "probe", probe)
    assert train.panel.cost.text("pace") == "1,240 tok/s · about 2 min 10 s in all"
    assert train.panel.cost.probe_button.isEnabled()
    train.panel.setup.form.changed.emit()
    assert "not tried" in train.panel.cost.text("pace")


def test_a_probe_that_fails_says_why(train, engine):
    train.panel.cost.probe_button.click()
    train.tell(
        engine.latest("fmstudio.training.estimate:probe"), Started(), Failed("The dataset is too short.", "trace")
    )
    assert train.panel.error.sentence.text() == "The dataset is too short."


def test_the_objective_is_shown_on_a_real_line(train, engine, qtbot):
    target = "fmstudio.training.estimate:objective"
    qtbot.waitUntil(lambda: target in engine.targets())
    assert train.panel.objective.hint.text() == f"Reading a piece of “{train.panel.setup.datasets[0]}”…"
    tokens = [{"id": number, "text": text} for number, text in enumerate(["To", " be", ",", " or", " not"])]
    told = changed(recorded.answer(target), inputs=tokens[:-1], targets=tokens[1:], source="Hamlet, in plays")
    train.answer(target, "objective", told)
    objective = train.panel.objective
    assert objective.sentence.text() == "See the tokens so far and say the next one."
    assert objective.tokens.count == 4
    assert objective.source.text() == "A real line of your data: Hamlet, in plays"
    assert ("To·be", ",") in objective.lessons.texts
    assert engine.targets().count(target) == 1


def test_the_recipe_can_be_seen(train):
    train.panel.cost.recipe_button.click()
    dialog = train.panel.findChild(RecipeDialog)
    assert 'datasets = ["plays"]' in dialog.text.toPlainText()
    dialog.close()
    dialog.deleteLater()


def test_continuing_a_model_fixes_its_shape(studio, engine, with_runs, open_panel, qtbot):
    panel = open_panel()
    studio.know_families(description())
    panel.shown(init="second")
    recipe = panel.setup.recipe()
    assert recipe["init"] == "second"
    assert recipe["name"] == "second-on-plays"
    assert not panel.setup.form.rows["model.layers"].isEnabled()
    assert "forgetting" in panel.setup.note.text()


# A run.


def test_starting_asks_for_the_recipe_and_shows_the_run(train, engine):
    job = train.start()
    request = engine.requests[job]
    assert request.title == "Train “plays”"
    assert request.arguments["recipe"]["training"]["steps"] == 200
    assert train.panel.view_choice.value() == "run"
    assert train.panel.view.header.status.text() == "Waiting · plays"


def test_a_run_is_seen_as_it_goes(train):
    job = train.begin()
    train.tell(job, *training_events(120))
    view = train.panel.view
    view.header.facts.refresh()
    facts = {fact.caption: f"{fact.value} {fact.note}".strip() for fact in view.header.facts.facts}
    assert facts["Step"] == "120 of 200"
    assert facts["Best validation"] == "3.420 at 100"
    assert facts["Speed"] == "1,240 tok/s"
    assert view.samples.texts == ["Text of step 0", "Text of step 50", "Text of step 100"]
    assert view.samples.headings()[1] == "Step 50 loss 4.217"
    training = view.curves.loss.curves["training"]
    assert len(training) == 120
    assert view.curves.loss.heading.entries == ["training", "validation"]
    assert "Training on CPU." in view.log.toPlainText()


def test_preparing_is_named_before_the_first_step(train):
    job = train.begin()
    train.tell(job, Progress(10, 100, "bytes", "tokenising plays"))
    assert train.panel.view.header.status.text().startswith("Tokenising plays")
    train.tell(job, Progress(1, 200, "steps"))
    assert train.panel.view.header.status.text().startswith("Training")


def test_the_loss_in_other_units(train):
    job = train.begin()
    train.tell(job, *training_events(100))
    curves = train.panel.view.curves
    curves.show_unit("perplexity")
    assert curves.loss.curves["validation"].values[-1] == pytest.approx(30.57, abs=0.01)
    assert curves.loss.curves["training"].values[-1] == pytest.approx(27.66, abs=0.01)
    curves.show_unit("bits_per_byte")
    assert curves.loss.curves["training"].values[-1] == pytest.approx(3.32 / 2, abs=0.01)
    assert curves.loss.heading.unit == "bits per byte"


def test_old_data_has_a_curve_of_its_own(train):
    job = train.begin()
    train.tell(job, Metrics(0, {"loss/validation": 5.0, "loss/manual": 2.0}), Metrics(50, {"loss/manual": 2.6}))
    assert "old data: manual" in train.panel.view.curves.loss.heading.entries


def test_pause_stop_and_cancel_reach_the_engine(train, engine):
    job = train.begin()
    header = train.panel.view.header
    header.hold.click()
    train.tell(job, Paused())
    assert header.hold.text() == "Go on"
    assert header.status.text().startswith("Paused")
    header.hold.click()
    train.tell(job, Resumed())
    header.stop.click()
    assert engine.calls == [("pause", job), ("resume", job), ("stop", job)]
    assert header.status.text().startswith("Stopping")
    assert not header.stop.isEnabled()


def test_cancelling_what_has_learnt_is_confirmed_first(train, engine):
    job = train.begin()
    train.tell(job, *training_events(60))
    train.panel.view.header.cancel.click()
    assert ("cancel", job) not in engine.calls
    box = train.panel.findChild(QMessageBox, "confirm")
    assert "step 60" in box.text()
    next(button for button in box.buttons() if button.objectName() == "confirm-yes").click()
    assert ("cancel", job) in engine.calls


def test_a_finished_run_offers_its_model(train, with_data):
    job = train.begin()
    train.tell(job, *training_events(), Artefact("model", "plays", "/models/plays"))
    train.tell(job, recorded.finished(PRETRAIN, run="plays", model="plays"))
    header = train.panel.view.header
    assert header.status.text().startswith("Finished")
    assert header.write.isVisible()
    assert header.longer.isVisible()
    assert not header.stop.isVisible()
    assert "is kept in /models/plays" in train.panel.view.log.toPlainText()


def test_a_failure_is_explained_in_place_with_details_to_copy(train):
    job = train.begin()
    train.tell(job, *training_events(30))
    train.tell(job, Failed("loss/training became nan at step 31; lower training.learning_rate.", "Traceback: …"))
    error = train.panel.view.header.error
    assert error.isVisible()
    assert error.sentence.text().startswith("loss/training became nan at step 31")
    error.copy_button.click()
    assert QGuiApplication.clipboard().text().endswith("Traceback: …")
    assert train.panel.view.header.go_on.isVisible()
    assert len(train.panel.view.curves.loss.curves["training"]) == 30
    assert "Error: loss/training became nan" in train.panel.view.log.toPlainText()


def test_a_run_that_others_started_is_followed_too(train, studio):
    job = studio.submit(JobRequest("Train “x”", PRETRAIN, {"recipe": {"name": "x", "training": {"steps": 10}}}))
    train.tell(job, Started(), Artefact("run", "x", "/"), *training_events(5, 10))
    assert train.panel.view.run.name == "x"
    assert train.panel.view.run.step == 5


def test_a_run_that_began_before_the_panel_was_built_is_followed_too(studio, with_runs, open_panel):
    run = with_runs.runs()[0].id
    job = studio.submit(JobRequest("Train", PRETRAIN, {"recipe": {"name": "early"}}))
    studio.jobs.deliver([(job, Started()), (job, Artefact("run", run, "/there"))])
    current = open_panel().view.run
    assert current is not None
    assert (current.id, current.status, current.live) == (run, "running", True)


def test_a_warning_is_marked_in_the_log(train):
    job = train.begin()
    train.tell(job, Note("Checkpoint 100 was damaged; the one before is used.", "warning"))
    assert "Warning: Checkpoint 100 was damaged" in train.panel.view.log.toPlainText()


def test_the_panel_can_be_left_while_a_run_goes_on(train):
    job = train.begin()
    train.tell(job, *training_events(80))
    train.panel.hide()
    train.tell(job, *list(training_events(120))[160:])
    train.panel.show()
    assert train.panel.view.run.step == 120


# Sampling.


def test_sampling_streams_text_and_goes_first(studio, engine, with_runs, open_panel):
    studio.know_families(description())
    panel = open_panel()
    panel.shown(model="second")
    sampling = panel.sampling
    assert sampling.model.reference == "second"
    sampling.prompt.setPlainText("KING:\n")
    sampling.form.rows["temperature"].set_value(0.5)
    QTest.keyClick(sampling.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    job = engine.latest("fmstudio.training.sampling:sample")
    request = engine.requests[job]
    assert request.priority == Priority.INTERACTIVE
    assert request.arguments["prompt"] == "KING:\n"
    assert request.arguments["settings"] == {
        "temperature": 0.5, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0, "seed": 0,
        "maximum_tokens": 200, "stop": "",
    }  # fmt: skip
    deltas = [(job, TextDelta(text)) for text in ("My ", "lord", ",")]
    studio.jobs.deliver([(job, Started()), *deltas, (job, Progress(3, 200, "tokens", "", 412.0, "tokens/s"))])
    assert sampling.output.toPlainText() == "KING:\nMy lord,"
    assert sampling.pace.text() == "3 of 200 tokens · 412 tok/s"
    sampling.halt.click()
    assert ("stop", job) in engine.calls
    told = recorded.finished("fmstudio.training.sampling:sample", tokens=3, tokens_per_second=412.0)
    studio.jobs.deliver([(job, replace(told, outcome="stopped"))])
    assert sampling.pace.text() == "3 tokens · 412 tok/s"
    assert not sampling.halt.isEnabled()


@pytest.mark.parametrize(("temperature", "words"), [(0.8, "seed 0 gives this text again"), (0.0, "temperature 0")])
def test_a_sample_says_why_it_would_come_again(studio, engine, with_runs, open_panel, temperature, words):
    studio.know_families(description())
    panel = open_panel()
    panel.shown(model="second")
    panel.sampling.form.rows["temperature"].set_value(temperature)
    panel.sampling.start()
    job = engine.latest("fmstudio.training.sampling:sample")
    studio.jobs.deliver([(job, Started()), (job, recorded.finished("fmstudio.training.sampling:sample"))])
    assert words in panel.sampling.pace.text()


def test_a_new_sample_ignores_the_last_words_of_the_one_before(studio, engine, with_runs, open_panel):
    panel = open_panel()
    panel.shown(model="first")
    panel.sampling.start()
    old = engine.latest("fmstudio.training.sampling:sample")
    panel.sampling.start()
    new = engine.latest("fmstudio.training.sampling:sample")
    studio.jobs.deliver([(old, TextDelta("old")), (new, TextDelta("new")), (old, Finished("stopped"))])
    assert panel.sampling.output.toPlainText() == "new"
    assert panel.sampling.halt.isEnabled()


def test_sampling_errors_are_shown_in_place(studio, engine, with_runs, open_panel):
    panel = open_panel()
    panel.shown(model="first")
    panel.sampling.start()
    job = engine.latest("fmstudio.training.sampling:sample")
    studio.jobs.deliver([(job, Started()), (job, Failed("The files of model 'first' are gone.", "trace"))])
    assert panel.sampling.error.sentence.text() == "The files of model 'first' are gone."


def test_without_a_model_sampling_says_so(train):
    train.panel.look_at("sampling")
    assert not train.panel.sampling.go.isEnabled()
    assert train.panel.sampling.pace.text() == "There is no model yet; train one first."


def test_an_export_shows_its_proof(studio, engine, with_runs, open_panel, tmp_path):
    panel = open_panel()
    panel.look_at("sampling")
    panel.export.begin("second", tmp_path / "second", "huggingface")
    job = engine.latest("fmstudio.deployment.exporting:export")
    asked = {"model": "second", "to": str(tmp_path / "second"), "format": "huggingface"}
    assert engine.requests[job].arguments == asked
    told = recorded.ended("fmstudio.deployment.exporting:export", path=str(tmp_path / "second"))
    studio.jobs.deliver([(job, event) for event in told])
    assert panel.export.isVisible()
    proof = told[-1].result["proof"]
    assert proof.startswith("Reloaded by transformers")
    assert panel.export.sentence.text().endswith(proof)


def test_a_training_lets_whatever_a_person_asks_for_go_first(train, engine):
    train.start()
    assert engine.requests[engine.latest(PRETRAIN)].priority == Priority.BACKGROUND
