"""Models are listed whatever their family, renamed and deleted, on a model that was really trained."""

import json

import pytest

from fmstudio.adapt import models
from fmstudio.adapt.generation import generate
from fmstudio.data import importing
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Sample
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.workspace import ModelRecord
from fmstudio.workspace.bin import Bin
from fmstudio.workspace.deleting import restore
from fmstudio.workspace.dependants import dependants
from fmstudio.workspace.tidying import rename as rename_anything
from tests.driving import of_kind, run_job


@pytest.fixture
def trained(stocked, tables):
    run_job(pretrain(JobContext(), stocked, tables))
    return stocked


def ask(job, workspace, **arguments):
    events, result = run_job(job(JobContext(), workspace, **arguments))
    return [sample.data for sample in of_kind(events, Sample)], result


def test_every_family_is_listed_and_one_whose_files_are_gone_says_so(trained):
    trained.put_model(ModelRecord("painter", "diffusion", 5, 5))
    rows = {row["reference"]: row for row in ask(models.library, trained)[0][0]}
    assert list(rows)[:2] == ["painter", "small"]
    assert (rows["small"]["family"], rows["small"]["problem"]) == ("language", "")
    assert "files are gone" in rows["painter"]["problem"]
    assert rows["smollm2-135m-instruct"]["here"] is False


def test_what_is_known_of_a_model_is_told(trained):
    about = ask(models.about, trained, model="small")[0][0]
    assert about["card"].startswith("# small")
    assert about["run"] == "small"
    assert about["recipe"] == trained.run("small").recipe
    assert [stage["title"] for stage in about["chain"]] == ["Data", "Run", "Model"]


def test_under_its_new_name_a_model_is_continued_and_its_run_trained_longer(trained, tables):
    run_job(pretrain(JobContext(), trained, tables | {"name": "next", "init": "small"}))
    ask(rename_anything, trained, kind="dataset", name="articles", new="all articles")
    events, _ = run_job(models.rename(JobContext(), trained, "small", "poet"))
    assert [event.name for event in of_kind(events, Artefact)] == ["poet"]
    assert 'init = "poet"' in trained.run("next").recipe
    _, longer = run_job(resume(JobContext(), trained, "next", steps=20))
    assert longer["model"] == "next"
    _, again = run_job(resume(JobContext(), trained, "small", steps=20))
    assert again["model"] == "poet"


def test_names_that_mean_something_else_are_refused(trained):
    for new, sentence in (("smollm2-135m-instruct", "catalogue has"), ("a/b", "cannot be a name")):
        with pytest.raises(StudioError, match=sentence):
            run_job(models.rename(JobContext(), trained, "small", new))


def test_a_deleted_model_is_back_from_the_bin_as_it_was(trained):
    before = trained.model("small")
    _, result = ask(models.delete, trained, model="small")
    assert trained.models() == []
    restore(trained, Bin(trained.path).entry(result["bin"]))
    assert trained.model("small") == before
    with pytest.raises(StudioError, match="no model named 'none'"):
        ask(models.delete, trained, model="none")


def test_an_adapter_holds_to_its_base_under_a_new_name_and_is_told_before_that_goes(stocked, tables):
    trained = stocked
    run_job(pretrain(JobContext(), trained, tables | {"model": {**tables["model"], "context": 96}}))
    teach(trained)
    assert ask(generate, trained, model="taught", prompt="Hello", settings={"maximum_tokens": 2})[1]["tokens"] <= 2
    run_job(models.rename(JobContext(), trained, "small", "poet"))
    assert trained.model("taught").details["adapter_of"] == "poet"
    assert ask(generate, trained, model="taught", prompt="Hello", settings={"maximum_tokens": 2})[1]["tokens"] <= 2
    assert dependants(trained, "model", "poet")[0] == "1 adapter of it cannot be used without it: “taught”."
    run_job(models.delete(JobContext(), trained, "poet"))
    with pytest.raises(StudioError, match="needs its base poet"):
        ask(generate, trained, model="taught", prompt="Hello")


def teach(workspace):
    """Train the adapter "taught" of the model "small"."""
    rows = workspace.path.parent / "talks.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"And {n}?", "completion": "So."}) + "\n" for n in range(4)))
    run_job(importing.add(JobContext(), workspace, [str(rows)], "talks", kind="instructions"))
    recipe = {"family": "instructions", "name": "taught", "init": "small", "data": {"datasets": ["talks"]},
              "training": {"steps": 1, "batch_size": 1, "device": "cpu"}}  # fmt: skip
    run_job(pretrain(JobContext(), workspace, recipe))
