"""An adapter that learns, as one sees it: answers beside the base's, hard rows, and what it forgets."""

import json

import pytest

from fmstudio.gui.library.measured import MeasuredView
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.verdict import verdict_of
from fmstudio.gui.train.forgetting import remedies
from fmstudio.jobs import Artefact, Finished, Metrics, Sample, Started
from fmstudio.recipe import write_toml
from fmstudio.workspace import RunRecord
from tests.gui import recorded
from tests.gui.small_jobs import OF_AN_ADAPTER

RECIPE = {
    "family": "instructions", "name": "taught", "init": "tiny", "data": {"datasets": ["talks"]},
    "adapter": {"rank": 4, "alpha": 8.0}, "retention": {"allowed": 0.05, "replay": 0.05, "replay_from": "known"},
    "training": {"steps": 30},
}  # fmt: skip
LOST = "It forgets: the loss on what the base knew has changed by +0.120 on text (Python's reference)."
ANSWERS = [{"question": "How long does a mat last?", "base": "Long.", "now": "It lasts 2 years."},
           {"question": "And the cat?", "base": "", "now": "It sat on a mat."}]  # fmt: skip
ROWS = [{"dataset": "talks", "number": 7, "question": "Why?", "loss": 6.25, "side": "worst"},
        {"dataset": "talks", "number": 2, "question": "How long?", "loss": 0.5, "side": "best"}]  # fmt: skip


def learning(rises=(0.0, 0.02, 0.04, 0.12)):
    """What a run says at its validations, every ten steps."""
    for place, rise in enumerate(rises):
        step = 10 * place
        values = {"loss/training": 2.0, "loss/validation": 2.0 - place / 10, "forgetting/text": rise,
                  "forgetting/questions": rise / 2}  # fmt: skip
        yield Metrics(step, values, float(step))
        yield Sample("sample", "table", [{**row, "now": f"{row['now']} ({step})"} for row in ANSWERS], step)
        yield Sample("rows", "table", [{**row, "loss": row["loss"] - place / 10} for row in ROWS], step)


def forgets():
    return recorded.finished(OF_AN_ADAPTER, run="taught", model="taught", forgets=True, retained=LOST)


def taken(*events, **recipe):
    run = RunState("taught", {**RECIPE, **recipe})
    for event in events:
        run.take(event)
    return run


@pytest.fixture
def taught(train):
    """The panel with an adapter that has learnt."""
    job = train.panel.run_actions.begin(RECIPE)
    train.panel.look_at("run")
    train.tell(job, Started(), Artefact("run", "taught", "/runs"), *learning())
    return train, job


def test_answers_stand_beside_the_bases(taught):
    view = taught[0].panel.view
    assert view.run.unit == "tokens"
    shown = [view.tabs.tabText(place) for place in range(view.tabs.count()) if view.tabs.isTabVisible(place)]
    assert shown == ["Answers, before and after", "Hardest and easiest rows", "Log"]
    cells = {part: view.answers.findChild(object, f"answer-1-{part}").text() for part in ("question", "base", "now")}
    assert cells == {"question": "And the cat?", "base": "(nothing)", "now": "It sat on a mat. (30)"}


def test_answers_of_another_step_stay_when_new_ones_come(taught):
    train, job = taught
    answers = train.panel.view.answers
    answers.step.set_value(10)
    answers.step.edited.emit()
    train.tell(job, Sample("sample", "table", [{**ANSWERS[0], "now": "later"}], 40))
    assert answers.findChild(object, "answer-0-now").text() == "It lasts 2 years. (10)"
    assert answers.step.itemText(0) == "Latest: step 40"


def test_a_hard_row_leads_to_the_data(taught, studio):
    places = []
    studio.navigation_requested.connect(lambda name, what: places.append((name, what)))
    extremes = taught[0].panel.view.extremes
    (entry,) = extremes.lists["worst"].model().rows
    assert [line.text for line in entry.lines] == ["Why?", "row 7 of talks"]
    assert entry.lines[0].aside == "loss 5.95"
    extremes.lists["worst"].opened.emit(entry.key)
    assert places == [("data", {"dataset": "talks", "row": 7})]


def test_a_run_that_forgets_says_so_and_offers_what_helps(taught):
    train, job = taught
    header = train.panel.view.header
    assert header.forgetting.isHidden()
    train.tell(job, forgets())
    assert header.status.text().startswith("Finished, but forgets · ")
    assert header.forgetting.sentence.text() == LOST
    wanted = []
    train.panel.run_actions.settings_wanted.connect(wanted.append)
    header.forgetting.findChild(object, "forgetting-alpha").click()
    assert wanted[0]["adapter"] == {"rank": 4, "alpha": 4.0}
    assert {**wanted[0], "adapter": RECIPE["adapter"]} == RECIPE


def test_what_helps_begins_from_what_the_run_did():
    run = taken(Started(), *learning(), forgets())
    assert {each.name: each.title for each in remedies(run)} == {
        "replay": "Learn old text again (10%)", "alpha": "Halve alpha to 4", "steps": "End at step 20",
    }  # fmt: skip
    replayed = taken(Metrics(1, {"replay/training": 3.0}), *learning((0.1, 0.2, 0.3)), retention={"replay": 0.4})
    assert {each.name: each.title for each in remedies(replayed)} == {
        "replay": "Learn old text again (80%)", "alpha": "Halve alpha to 4", "steps": "End at step 10",
    }  # fmt: skip


def test_forgetting_is_told_while_it_learns():
    run = taken(Started(), *learning((0.0, 0.02, 0.04)))
    run.status = "running"
    assert verdict_of(run).kind == "learns"
    run.take(Metrics(30, {"forgetting/text": 0.12}))
    assert verdict_of(run).sentence == (
        "It forgets: on old text the loss is 0.120 nats a token above the base's; 0.05 is allowed."
    )
    run.status = "completed"
    run.take(Finished(result={"forgets": False, "retained": "It keeps what it knew."}))
    assert verdict_of(run).kind == "learns", "the model is of an earlier step"


def test_a_models_page_shows_its_last_answers(studio, show):
    page = show(MeasuredView(studio))
    page.show_run(taken(*learning()))
    assert "And the cat?\nIt sat on a mat. (30)" in page.text.toPlainText()


def test_a_kept_run_shows_its_tables_and_that_it_forgets(train, workspace):
    folder = workspace.run_folder("old") / "samples"
    folder.mkdir(parents=True)
    (folder / "step-000030.json").write_text(json.dumps(ANSWERS), "utf-8")
    (folder / "rows-step-000030.json").write_text(json.dumps(ROWS), "utf-8")
    details = {"forgets": True, "retained": LOST}
    workspace.put_run(RunRecord("old", "old", "instructions", write_toml(RECIPE), "completed", 30, 30, details=details))
    train.studio.announce("run", "old")
    train.panel.shown(run="old")
    view = train.panel.view
    assert view.answers.findChild(object, "answer-0-now").text() == "It lasts 2 years."
    assert view.extremes.lists["best"].model().rows[0].lines[0].text == "How long?"
    assert view.header.forgetting.isVisible()
    assert train.panel.history.model().rows[0].lines[1].text.startswith("Finished, but forgets")
