"""Runs of earlier sessions: listed, opened, compared, resumed, deleted."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QMessageBox

from fmstudio.gui.widgets.jobs.tidying import RENAME
from fmstudio.jobs import Artefact, JobContext, Metrics, Started
from fmstudio.workspace.tidying import rename
from tests.driving import run_job
from tests.gui.train.runs import description

RESUME = "fmstudio.training.pretraining:resume"


@pytest.fixture
def panel(studio, with_runs, open_panel):
    made = open_panel()
    made.show_side("runs")
    return made


def rows(panel):
    return [tuple(line.text for line in entry.lines) for entry in panel.history.entries]


def centre(panel, number):
    return panel.history.visualRect(panel.history.model().index(number, 0)).center()


def test_runs_are_listed_with_what_became_of_them(panel):
    assert rows(panel) == [
        ("broken", "Failed · 120 of 200 steps"),
        ("second", "Finished · loss 2.928 · 200 steps"),
        ("first", "Finished · loss 3.524 · 200 steps"),
    ]
    assert panel.side.button("runs").text() == "Runs (3)"


def test_a_click_opens_a_run_in_the_same_view(panel):
    QTest.mouseClick(panel.history.viewport(), Qt.MouseButton.LeftButton, pos=centre(panel, 1))
    assert panel.view.run.id == "second"
    assert panel.view_choice.value() == "run"
    assert len(panel.view.curves.loss.curves["training"]) == 200
    assert panel.view.samples.texts == ["Kept text"]
    assert panel.view.header.status.text() == "Finished · plays"
    assert panel.view.header.longer.isVisible()


def test_enter_opens_and_space_lays_over(panel):
    panel.history.setCurrentIndex(panel.history.model().index(2, 0))
    QTest.keyClick(panel.history, Qt.Key.Key_Return)
    assert panel.view.run.id == "first"
    panel.history.setCurrentIndex(panel.history.model().index(1, 0))
    QTest.keyClick(panel.history, Qt.Key.Key_Space)
    assert panel.chosen.overlaid == ["second"]


def test_runs_laid_over_are_in_the_plot_with_their_names_and_values(panel):
    panel.shown(run="first")
    box = panel.history.itemDelegate().box(panel.history.visualRect(panel.history.model().index(1, 0)).toRectF())
    QTest.mouseClick(panel.history.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    plot = panel.view.curves.loss
    assert panel.view.run.id == "first"
    assert plot.heading.entries == ["training", "validation", "second"]
    plot.set_smoothing(0.0)
    plot.redraw()
    assert plot.read_at(200).splitlines() == [
        "step 200", "training  3.424", "validation  3.524", "second  2.828", "second · validation  2.928"
    ]  # fmt: skip
    panel.chosen.lay_over("second", False)
    assert plot.heading.entries == ["training", "validation"]


def test_a_failed_run_says_why_and_can_be_resumed(panel, engine, studio):
    panel.shown(run="broken")
    assert panel.view.header.error.sentence.text().startswith("loss/training became nan at step 121")
    panel.view.header.go_on.click()
    job = engine.latest(RESUME)
    assert engine.requests[job].arguments["run"] == "broken"
    studio.jobs.deliver(
        [(job, Started()), (job, Artefact("run", "broken", "/")), (job, Metrics(101, {"loss/training": 3.3}, 5))]
    )
    assert panel.view.run.id == "broken"
    assert panel.view.header.status.text().startswith("Training")
    assert not panel.view.header.error.isVisible()
    training = panel.view.curves.loss.curves["training"]
    assert training.steps[-1] == 101
    assert training.last == 3.3
    assert len(rows(panel)) == 3


def test_train_longer_asks_for_how_many_steps(panel, engine):
    panel.shown(run="first")
    panel.view.header.longer.click()
    dialog = panel.findChild(QInputDialog)
    dialog.setIntValue(300)
    dialog.accept()
    assert engine.requests[engine.latest(RESUME)].arguments["steps"] == 500


def test_deleting_is_confirmed_and_takes_the_run_away(panel, with_runs):
    panel.shown(run="first")
    delete = dict(panel.run_actions.offered(panel.view.run))["Delete…"]
    delete()
    box = panel.findChild(QMessageBox, "confirm")
    assert "Its model “first” stays" in box.informativeText()
    assert len(rows(panel)) == 3
    next(button for button in box.buttons() if button.objectName() == "confirm-yes").click()
    assert [name for name, _ in rows(panel)] == ["broken", "second"]
    assert panel.view.run is None
    assert not with_runs.run_folder("first").exists()
    assert with_runs.model("first").name == "first"


def test_a_run_is_renamed_in_the_list(panel, engine, with_runs, studio):
    panel.shown(run="first")
    dict(panel.run_actions.offered(panel.view.run))["Rename"]()
    assert panel.side.value() == "runs"
    panel.history.renamed.emit("first", "my first")
    request = engine.requests[engine.latest(RENAME)]
    assert request.arguments == {"kind": "run", "name": "first", "new": "my first"}
    run_job(rename(JobContext(), with_runs, **request.arguments))
    studio.announce("run", "first")
    assert "my first" in [name for name, _ in rows(panel)]
    assert panel.view.run.recipe["name"] == "my first"


def test_the_settings_of_a_run_can_be_used_again(studio, panel):
    studio.know_families(description())
    dict(panel.run_actions.offered(panel.runs.run("first")))["Use its settings"]()
    assert panel.side.value() == "new"
    assert panel.setup.recipe()["training"]["batch_size"] == 4


def test_going_on_with_a_run_from_elsewhere_resumes_it_once(panel, engine):
    panel.shown(run="broken", go_on=True)
    assert engine.requests[engine.latest(RESUME)].arguments == {"run": "broken"}
    panel.shown(run="broken", go_on=True)
    assert engine.targets().count(RESUME) == 1, "it is on its way already"


def test_a_run_that_was_left_running_counts_as_interrupted(studio, with_runs, open_panel):
    with_runs.update_run("first", status="running")
    panel = open_panel()
    assert ("first", "Interrupted · loss 3.524 · 200 steps") in rows(panel)
    panel.shown(run="first")
    assert panel.view.header.go_on.isVisible()
