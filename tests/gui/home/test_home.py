"""Home: the map, the next step, and what was made last."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from fmstudio.gui.home import life_cycle
from fmstudio.gui.home import panel as home
from fmstudio.gui.home.list_row import ListRow
from fmstudio.gui.home.panel import HomePanel
from fmstudio.gui.panel import PanelInfo, find_panels
from fmstudio.gui.things import Things
from fmstudio.jobs import Artefact, Finished, JobRequest, Paused, Progress, Started
from fmstudio.workspace import DatasetRecord, FeedbackRecord, ModelRecord, RunRecord
from fmstudio.workspace.conversation import Conversation
from fmstudio.workspace.conversations import ConversationStore

PRETRAIN = "fmstudio.training.pretraining:pretrain"
DATASET = DatasetRecord("plays", "text", 42, 6_500_000)
RUN = RunRecord("r-1", "plays tiny", "language", "", status="completed", step=100, steps=100, model="plays-tiny")
MODEL = ModelRecord("plays-tiny", "language", 851_000, 3_400_000, run="r-1")


def info(name: str, chapter: str = "", **facts) -> PanelInfo:
    """What a real panel says of itself, or, of one that does not exist, what is given."""
    known = next((each for each in find_panels() if each.name == name), None)
    return known or PanelInfo("m", name, name, name.capitalize(), f"About {name}.", chapter=chapter, **facts)


def train(studio, name: str = "plays") -> str:
    recipe = {"family": "language", "name": name, "training": {"steps": 40}}
    return studio.submit(JobRequest(f"Train “{name}”", PRETRAIN, {"recipe": recipe}))


PANELS = (info("home"), info("data"), info("train"), info("settings"))


def things(workspace) -> Things:
    return Things(workspace)


@pytest.fixture
def panel(studio, show, monkeypatch):
    monkeypatch.setattr(home, "find_panels", lambda: PANELS)

    def made():
        return show(HomePanel(studio), 1040, 700)

    return made


@pytest.fixture
def visits(studio):
    went = []
    studio.navigation_requested.connect(lambda name, what: went.append((name, what)))
    return went


def said(panel, name: str) -> str:
    return panel.findChild(QLabel, name).text()


def test_an_empty_workspace_is_invited_to_begin(panel, visits, qtbot):
    shown = panel()
    assert said(shown, "next-step-title") == "Begin with some data"
    button = shown.findChild(QPushButton, "next-step-button")
    assert button.text() == "Add data"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert visits == [("data", {"begin": True})]
    assert not shown.map.card("data").done
    assert said(shown, "stage-data-made") == info("data").summary
    assert not shown.map.card("train").step.isEnabled()
    assert said(shown, "stage-train-refusal") == "There is no dataset yet."


def test_the_map_counts_what_is_there(panel, workspace):
    workspace.put_dataset(DATASET)
    workspace.put_run(RUN)
    workspace.put_model(MODEL)
    shown = panel()
    assert said(shown, "stage-data-made") == "1 dataset"
    assert said(shown, "stage-train-made") == "1 model · 1 run"
    assert shown.map.card("data").done
    assert shown.map.card("train").done


@pytest.mark.parametrize(
    ("records", "title", "where"),
    [
        ([DATASET], "Train your first model", ("train", {"dataset": "plays"})),
        ([DATASET, RUN, MODEL], "See what “plays-tiny” has learnt", ("train", {"model": "plays-tiny"})),
        (
            [DATASET, RunRecord("r-2", "plays", "language", "", status="interrupted", step=50, steps=2000)],
            "“plays” was interrupted",
            ("train", {"run": "r-2", "go_on": True}),
        ),
    ],
)
def test_the_next_step_follows_from_what_is_there(panel, workspace, visits, records, title, where):
    put = {DatasetRecord: workspace.put_dataset, RunRecord: workspace.put_run, ModelRecord: workspace.put_model}
    for record in records:
        put[type(record)](record)
    shown = panel()
    assert said(shown, "next-step-title") == title
    shown.primary_action.trigger()
    assert visits == [where]


def test_a_run_that_is_on_its_way_can_be_watched(panel, workspace, studio, visits):
    workspace.put_dataset(DATASET)
    job = train(studio)
    studio.jobs.deliver([(job, Started()), (job, Artefact("run", "r-9", "/r-9"))])
    shown = panel()
    assert said(shown, "next-step-title") == "“plays” is on its way"
    shown.primary_action.trigger()
    assert visits == [("train", {"run": "r-9"})]


def test_a_run_is_shown_as_it_stands(panel, workspace, studio, qtbot):
    """Waiting, training, held: each is told, and what trains goes before what is held."""
    workspace.put_dataset(DATASET)
    held = train(studio, "held")
    shown = panel()
    assert said(shown, "next-step-title") == "“held” waits for its turn"
    assert said(shown, "recent-runs-1-facts") == "Waiting · 0 of 40 steps"
    shown.findChild(ListRow, "recent-runs-1").setFocus()
    workspace.put_run(RunRecord("r-1", "held", "language", "", steps=40))
    studio.jobs.deliver([(held, Started()), (held, Artefact("run", "r-1", "/r-1")), (held, Progress(12, 40))])
    studio.jobs.deliver([(held, Paused())])
    qtbot.waitUntil(lambda: said(shown, "next-step-title") == "“held” is paused")
    assert "12 of 40 steps" in said(shown, "next-step-reason")
    assert said(shown, "recent-runs-1-facts") == "Paused · 12 of 40 steps"
    assert shown.findChild(ListRow, "recent-runs-1").hasFocus()
    other = train(studio, "other")
    studio.jobs.deliver([(other, Started()), (other, Artefact("run", "r-2", "/r-2"))])
    qtbot.waitUntil(lambda: said(shown, "next-step-title") == "“other” is on its way")


def test_what_was_made_last_comes_first_and_opens(panel, workspace, visits, qtbot):
    workspace.put_run(RUN)
    workspace.put_run(RunRecord("r-2", "broken", "language", "", status="failed", step=5, steps=10))
    workspace.put_model(MODEL)
    shown = panel()
    assert [row.content.key for row in shown.runs.findChildren(ListRow)] == ["r-2", "r-1"]
    assert said(shown, "recent-runs-1-facts") == "Failed · 5 of 10 steps"
    assert said(shown, "recent-models-1-facts") == "0.85 M parameters · 3.40 MB"
    qtbot.mouseClick(shown.findChild(ListRow, "recent-models-1"), Qt.MouseButton.LeftButton)
    qtbot.keyClick(shown.findChild(ListRow, "recent-runs-2"), Qt.Key.Key_Return)
    assert visits == [("train", {"model": "plays-tiny"}), ("train", {"run": "r-1"})]


def test_it_follows_what_jobs_make(panel, workspace, studio, qtbot):
    shown = panel()
    job = studio.submit(JobRequest("Import", "a:i"))
    workspace.put_dataset(DATASET)
    studio.jobs.deliver([(job, Artefact("dataset", "plays", "/plays")), (job, Finished())])
    qtbot.waitUntil(lambda: said(shown, "stage-data-made") == "1 dataset")


def test_stages_without_a_panel_are_not_shown_and_new_ones_arrive_by_themselves(workspace):
    assert life_cycle.stages(things(workspace), PANELS[:1]) == []
    later = life_cycle.stages(things(workspace), (*PANELS, info("evaluate", "evaluation")))
    assert [stage.title for stage in later] == ["1  Data selection", "2  Pre-training", "4  Evaluation"]
    assert later[-1].invitation == "About evaluate."


def test_laboratories_are_no_stages(panel, workspace, visits, monkeypatch, qtbot):
    monkeypatch.setattr(home, "find_panels", lambda: (*PANELS, info("diffusion"), info("gan-vae")))
    workspace.put_model(ModelRecord("robots", "gan", 1, 1))
    workspace.put_model(ModelRecord("faces", "vae", 1, 1))
    shown = panel()
    assert shown.map.card("train").stage.made == "2 models"
    assert said(shown, "laboratory-gan-vae-made") == "2 models"
    assert said(shown, "laboratory-diffusion-made") == ""
    qtbot.mouseClick(shown.laboratories.card("diffusion"), Qt.MouseButton.LeftButton)
    assert visits == [("diffusion", {})]


def test_what_was_made_last_in_a_stage_opens_and_its_step_is_taken(panel, workspace, visits, qtbot):
    workspace.put_dataset(DATASET)
    workspace.put_dataset(DatasetRecord("notes", "text", 1, 10, created="2031-01-01T00:00:00+00:00"))
    shown = panel()
    assert said(shown, "stage-data-latest-title") == "notes"
    qtbot.mouseClick(shown.findChild(ListRow, "stage-data-latest"), Qt.MouseButton.LeftButton)
    shown.map.card("train").step.click()
    qtbot.mouseClick(shown.map.card("train"), Qt.MouseButton.LeftButton)
    assert visits == [("data", {"dataset": "notes"}), ("train", {"dataset": "notes"}), ("train", {})]


def test_no_step_leads_to_a_panel_that_does_not_exist(workspace):
    workspace.put_dataset(DATASET)
    assert life_cycle.next_step(things(workspace), [info("data")], []) is None
    assert life_cycle.next_step(things(workspace), [], []) is None


def test_an_index_that_cannot_be_read_is_said_in_place(panel, workspace, monkeypatch):
    from fmstudio.workspace import WorkspaceError

    shown = panel()

    def broken():
        raise WorkspaceError("studio.db is locked by another program; close that program and try again.")

    monkeypatch.setattr(workspace, "runs", broken)
    shown.refresh()
    assert shown.error.isVisible()
    monkeypatch.undo()
    shown.refresh()
    assert not shown.error.isVisible()


def test_a_loop_of_many_stages_closes_the_circle(theme, show, workspace, qtbot):
    from fmstudio.gui.home.life_map import LifeMap

    chapters = ("adaptation", "evaluation", "deployment", "feedback")
    several = [info(f"stage-{chapter}", chapter) for chapter in chapters]
    life_map = show(LifeMap(theme), 1000, 400)

    def draw(count: int) -> None:
        life_map.show_stages(life_cycle.stages(things(workspace), (*PANELS, *several[:count])), "data")

    def last_is_under_the_first() -> bool:
        first, last = (life_map.card(name).geometry() for name in ("data", several[count - 1].name))
        return first.left() == last.left() and last.top() > first.bottom()

    for count in (0, 1):
        draw(count)
        assert life_map.layout().contentsMargins().bottom() > 0, "there is room for the way back"
    for count in (2, 3, 4):
        draw(count)
        assert life_map.layout().contentsMargins().bottom() == 0
        qtbot.waitUntil(last_is_under_the_first)


def test_the_loop_leads_from_stage_to_stage(workspace):
    panels = (*PANELS, info("playground"), info("feedback"))

    def step():
        return life_cycle.next_step(things(workspace), panels, [])

    workspace.put_dataset(DATASET)
    workspace.put_model(MODEL)
    assert step().panel == "playground"
    talk = Conversation()
    talk.add("", "user", "Hello")
    ConversationStore(workspace).save(talk)
    assert step().panel == "feedback"
    workspace.feedback.add(FeedbackRecord("text", "plays-tiny", "Hello", "Good day"))
    assert step().what == {"model": "plays-tiny"}
