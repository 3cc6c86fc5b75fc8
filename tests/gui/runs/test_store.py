"""The one model of runs: what every panel hears of them, from their jobs and from the workspace."""

import pytest

from fmstudio.gui.runs.sources import sources_of
from fmstudio.gui.runs.store import RunStore
from fmstudio.jobs import Artefact, Failed, Finished, JobRequest, Metrics, Paused, Progress, Resumed, Sample, Started
from fmstudio.workspace import ModelRecord, RunRecord, WorkspaceError

PRETRAIN = "fmstudio.training.pretraining:pretrain"
RESUME = "fmstudio.training.pretraining:resume"


@pytest.fixture
def store(studio):
    return RunStore.of(studio)


def ask(studio, name="new", family="language"):
    recipe = {"family": family, "name": name, "training": {"steps": 40}}
    return studio.submit(JobRequest(f"Train “{name}”", PRETRAIN, {"recipe": recipe}))


def tell(studio, job, *events):
    studio.jobs.deliver([(job, event) for event in events])


def standing(store):
    return [(run.name, run.status_words) for run in store.all()]


def test_all_panels_of_a_studio_read_the_same_runs(studio, store, with_runs):
    assert RunStore.of(studio) is store
    assert RunStore.of(studio).run("first") is store.run("first")


def test_a_run_stands_as_its_job_stands(studio, store):
    heard = []
    store.listed.connect(lambda: heard.append(standing(store)[0][1]))
    job = ask(studio)
    tell(studio, job, Paused())
    tell(studio, job, Resumed())
    tell(studio, job, Started(), Progress(10, 500, "bytes", "reading"))
    tell(studio, job, Artefact("run", "r-1", "/r-1"), Progress(3, 40))
    tell(studio, job, Paused())
    tell(studio, job, Resumed())
    studio.stop(job)
    assert list(dict.fromkeys(heard)) == ["Waiting", "Paused", "Reading", "Training", "Stopping"]
    assert store.run("r-1").reached == "3 of 40 steps"


def test_a_held_run_that_never_began_waits_when_it_is_let_go(studio, store):
    job = ask(studio)
    tell(studio, job, Paused(), Resumed())
    assert standing(store) == [("new", "Waiting")]


def test_a_run_becomes_what_the_workspace_says_of_it_when_its_job_has_ended(studio, store, workspace):
    job = ask(studio)
    tell(studio, job, Started(), Artefact("run", "r-1", "/r-1"), Metrics(20, {"loss/training": 2.0}, 1.0))
    mine = store.run("r-1")
    workspace.put_run(RunRecord("r-1", "new", "language", "", "stopped", 20, 40, model="new"))
    tell(studio, job, Artefact("model", "new", "/new"), Finished("stopped"))
    assert store.live() == []
    assert store.run("r-1") is mine
    assert (mine.status_words, mine.model, mine.last("loss/training")) == ("Stopped early", "new", 2.0)


def test_a_failure_keeps_its_reason(studio, store):
    job = ask(studio)
    run = store.live()[0]
    tell(studio, job, Started(), Failed("The disk is full; free some space.", "Traceback"))
    assert (run.status, run.reason, run.details) == ("failed", "The disk is full; free some space.", "Traceback")


def test_others_are_told_of_a_run_when_it_has_its_id(studio, store):
    begun = []
    store.begun.connect(lambda run: begun.append(run.id))
    job = ask(studio)
    tell(studio, job, Started())
    assert begun == []
    tell(studio, job, Artefact("run", "r-1", "/r-1"))
    tell(studio, job, Artefact("checkpoint", "step-10", "/r-1/step-10"))
    assert begun == ["r-1"]


def test_a_run_that_goes_on_keeps_its_curves(studio, store, with_runs):
    job = studio.submit(JobRequest("Train “broken”", RESUME, {"run": "broken"}))
    tell(studio, job, Started(), Metrics(101, {"loss/training": 3.3}, 5.0))
    run = store.run("broken")
    assert run.live
    assert (len(run.series["loss/training"]), run.last("loss/training")) == (101, 3.3)
    assert [each.id for each in store.all()] == ["broken", "second", "first"]


def test_a_run_that_another_program_trains_is_not_called_interrupted(store, with_runs, tmp_path):
    with_runs.update_run("first", status="running")
    assert store.run("first").status_words == "Interrupted"
    with with_runs.claim_run("first"):
        store.refresh()
        assert (store.run("first").status_words, store.run("first").resumable) == ("Training elsewhere", False)


def test_what_another_program_trained_is_seen_when_one_looks_again(store, with_runs):
    run = store.run("first")
    assert len(run.series["loss/training"]) == 200
    with_runs.add_metrics("first", [(201, 11.0, {"loss/training": 3.0})])
    with_runs.update_run("first", step=201)
    heard = []
    run.changed.connect(heard.append)
    store.refresh()
    assert store.run("first").last("loss/training") == 3.0
    assert "curves" in heard


def test_a_run_that_does_not_exist_is_named(store, with_runs):
    assert store.get("nothing") is None
    with pytest.raises(WorkspaceError, match="nothing"):
        store.run("nothing")


def test_a_deleted_run_is_gone(store, with_runs):
    gone = []
    store.removed.connect(gone.append)
    store.remove("second")
    assert gone == ["second"]
    assert [run.id for run in store.all()] == ["broken", "first"]


def test_what_a_laboratory_can_look_at(studio, store, workspace):
    def put(name, status, checkpoint=0):
        workspace.put_run(RunRecord(name, name, "gan", "", status, 30, 40))
        if checkpoint:
            (workspace.run_folder(name) / "checkpoints" / f"step-{checkpoint:06d}").mkdir(parents=True)

    put("made", "completed", 30)
    workspace.put_model(ModelRecord("robots", "gan", 1, 1, "made"))
    workspace.put_model(ModelRecord("words", "language", 1, 1))
    put("left", "interrupted", 20)
    put("nothing-yet", "failed")
    job = ask(studio, "live", "gan")
    tell(studio, job, Started(), Artefact("run", "live", "/live"), Sample("sample", "text", "x", 1))

    def listed():
        return [(source.title, source.step) for source in sources_of(store, workspace, "gan")]

    assert listed() == [("live · training now", 0), ("robots", 0), ("left · interrupted", 20)]
    before = sources_of(store, workspace, "gan")[0]
    tell(studio, job, Paused())
    assert listed()[0] == ("live · paused", 0)
    assert sources_of(store, workspace, "gan")[0] == before, "it need not be opened again"
