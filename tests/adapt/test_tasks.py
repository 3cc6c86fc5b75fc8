"""Many tasks, one model: adapters are trained once, answers asked once, and the table counts what they say."""

import json
from typing import Any

import pytest

from fmstudio.adapt import tasks
from fmstudio.cli import main
from fmstudio.data.tasks import tasks as known_tasks
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Metrics, Progress, Sample
from fmstudio.workspace import Workspace, renaming
from tests.driving import of_kind, run_job

NAMES = ["sentiment-words", "brief-answers"]
SMALL: dict[str, Any] = {
    "base": "tiny", "tasks": NAMES, "rows": 3,
    "changes": ["training.steps=4", "training.batch_size=2", "training.evaluate_every=4", "training.checkpoint_every=2",
                'training.device="cpu"', "adapter.rank=2"],
}  # fmt: skip


def compare(workspace: Workspace, **others: Any) -> tuple[list[Any], dict[str, Any]]:
    return run_job(tasks.compare(JobContext(), workspace, **{**SMALL, **others}))


def cells(found: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cell["who"], cell["task"]): cell for cell in found["cells"]}


def made(events: list[Any], kind: str) -> list[str]:
    return [event.name for event in of_kind(events, Artefact) if event.kind == kind]


def test_each_task_has_an_adapter_and_every_model_answers_every_task(talking: Workspace) -> None:
    events, found = compare(talking)
    assert made(events, "model") == NAMES
    assert all(talking.model(name).details["adapter_of"] == "tiny" for name in NAMES)
    assert set(cells(found)) == {(who, task) for who in ("base", *NAMES) for task in NAMES}
    for (who, task), cell in cells(found).items():
        shown = of_kind(
            run_job(tasks.answers(JobContext(), talking, who, task, "tiny", 3, SMALL["changes"]))[0], Sample
        )
        told = shown[0].structure
        assert cell["of"] == 3 == len(told["answers"])
        assert cell["right"] == sum(not each["fault"] for each in told["answers"])
        assert cell["low"] <= cell["share"] <= cell["high"]
        pairs = list(zip(told["answers"], told["base"], strict=True))
        assert [now["asked"] for now, _ in pairs] == [each.asked for each in known_tasks()[task].questions()[:3]]
        if who != "base":
            gained = sum(not now["fault"] and bool(before["fault"]) for now, before in pairs)
            assert cell["gained"] == gained
            assert cell["difference_low"] <= cell["difference"] <= cell["difference_high"]
    assert all(model["wall"] > 0 and model["cpu"] > 0 for model in found["models"][1:])


def test_the_table_fills_while_the_whole_goes_on(talking: Workspace) -> None:
    events, _ = compare(talking)
    tables = [event.structure for event in of_kind(events, Sample) if event.name == "tasks"]
    counts = [len(each["cells"]) for each in tables]
    assert counts == sorted(counts)
    assert set(counts) == set(range(7))
    assert {each["doing"] for each in tables} >= {"base/sentiment-words", "sentiment-words", "brief-answers"}
    done = [event.done for event in of_kind(events, Progress) if event.unit == "parts"]
    assert done == sorted(done)
    assert done[-1] <= 16
    assert of_kind(events, Metrics), "what training tells is passed on"


def test_what_is_there_is_neither_trained_nor_asked_again(talking: Workspace) -> None:
    _, first = compare(talking)
    renaming.rename(talking, "model", "brief-answers", "brief")
    events, again = compare(talking)
    assert not made(events, "run")
    assert not of_kind(events, Metrics)
    assert [model["model"] for model in again["models"]] == ["tiny", "sentiment-words", "brief"]
    assert again["cells"] == first["cells"]
    more, larger = compare(talking, rows=5)
    assert not of_kind(more, Metrics)
    assert {cell["of"] for cell in larger["cells"]} == {5}


def test_one_that_was_stopped_goes_on_from_its_checkpoint(talking: Workspace) -> None:
    context = JobContext()
    job = tasks.compare(context, talking, **SMALL)
    for event in job:
        if isinstance(event, Artefact) and event.kind == "checkpoint":
            context.stop()
    assert len(talking.runs()) == 1
    assert talking.runs()[0].status == "stopped"
    _, found = compare(talking)
    assert [run.status for run in talking.runs()] == ["completed", "completed"]
    assert len(found["cells"]) == 6


def test_answers_of_a_model_that_is_another_by_now_do_not_count(talking: Workspace) -> None:
    compare(talking)
    weights = talking.model_folder("brief-answers") / "adapter_model.safetensors"
    other = talking.model_folder("sentiment-words") / "adapter_model.safetensors"
    weights.write_bytes(other.read_bytes())
    (sample,) = of_kind(run_job(tasks.table(JobContext(), talking, **SMALL))[0], Sample)
    assert {who for who, _ in cells(sample.structure)} == {"base", "sentiment-words"}


def test_before_anything_is_there_the_table_is_empty(workspace: Workspace) -> None:
    (sample,) = of_kind(run_job(tasks.table(JobContext(), workspace))[0], Sample)
    found = sample.structure
    assert [task["name"] for task in found["tasks"]] == list(known_tasks())
    assert not found["cells"]
    assert [model["model"] for model in found["models"]][1:] == ["", "", ""]


def test_what_cannot_be_compared_is_refused(talking: Workspace) -> None:
    with pytest.raises(StudioError, match="rows is 1, but at least 2 questions"):
        compare(talking, rows=1)
    with pytest.raises(StudioError, match="no adapter of the task 'nobody'"):
        run_job(tasks.answers(JobContext(), talking, "nobody", "brief-answers", "tiny"))


def test_the_command_prints_the_table(talking: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--workspace", str(talking.path), "tasks", *NAMES, "--base", "tiny", "--rows", "2"]
    for change in SMALL["changes"]:
        command += ["--set", change]
    assert main([*command, "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "finished"
    assert len(last["cells"]) == 6
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[-1].strip() == "Brief answers"
    assert lines[1].startswith("tiny")
    assert " % (" in lines[1]
    assert lines[2].startswith("sentiment-words")
    assert lines[2].endswith("of processor time")
    assert lines[4].startswith("Sentiment in a word: its adapter ")
