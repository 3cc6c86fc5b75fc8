"""Finding a learning rate: what is tried, what is proposed, and that it is the same every time."""

import json
from typing import Any

import pytest

from fmstudio.cli import main
from fmstudio.jobs import JobContext, Metrics, Note
from fmstudio.recipe import RecipeError, write_toml
from fmstudio.training.finding_rate import find_rate
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job


def long(tables: dict[str, Any], **training: Any) -> dict[str, Any]:
    wanted = {"optimiser": "adamw", "learning_rate": 0.003, "steps": 1200} | training
    return tables | {"training": tables["training"] | wanted}


def test_a_rate_is_found_between_one_that_learns_nothing_and_one_that_bursts(
    stocked: Workspace, tables: dict[str, Any]
) -> None:
    wanted = {"recipe": long(tables), "rates": [1e-7, 0.01, 5.0]}
    events, result = run_job(find_rate(JobContext(), stocked, **wanted))
    assert result["learning_rate"] == 0.01
    assert (result["steps"], [len(row["losses"]) for row in result["tried"]]) == (40, [40, 40, 40])
    assert of_kind(events, Note)[-1].text == "0.01 is the best of 1e-07, 0.01, 5."
    curve = [event.values["loss/0.01"] for event in of_kind(events, Metrics) if "loss/0.01" in event.values]
    assert curve == result["tried"][1]["losses"]
    assert curve[0] == result["tried"][0]["losses"][0]  # all begin alike, on the same batches
    assert run_job(find_rate(JobContext(), stocked, **wanted))[1] == result
    assert not stocked.runs()
    assert not stocked.models()


def test_the_recipes_own_rate_and_three_beside_it_take_a_tenth_of_its_steps(
    stocked: Workspace, tables: dict[str, Any]
) -> None:
    _, result = run_job(find_rate(JobContext(), stocked, long(tables, steps=240)))
    assert [row["learning_rate"] for row in result["tried"]] == [0.0006, 0.0015, 0.003, 0.006]
    assert sum(len(row["losses"]) for row in result["tried"]) == 24
    events, result = run_job(find_rate(JobContext(), stocked, long(tables, steps=12)))
    assert result["steps"] == 5
    assert "A tenth of the run's 12 steps would be too few" in of_kind(events, Note)[0].text


def test_a_stop_proposes_among_those_that_were_measured(stocked: Workspace, tables: dict[str, Any]) -> None:
    context = JobContext()
    job = find_rate(context, stocked, long(tables), rates=[0.001, 0.01, 0.02])
    while True:
        try:
            event = next(job)
        except StopIteration as end:
            result = end.value
            break
        if isinstance(event, Metrics) and "loss/0.01" in event.values:
            context.stop()
    assert [row["learning_rate"] for row in result["tried"]] == [0.001]
    assert result["learning_rate"] == 0.001


def test_a_rate_that_is_none_is_refused(stocked: Workspace, tables: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="must be a number above 0"):
        run_job(find_rate(JobContext(), stocked, long(tables), rates=[0.0, 0.1]))


def test_a_command_prints_what_each_rate_came_to(
    stocked: Workspace, tables: dict[str, Any], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(write_toml(long(tables, steps=60)))
    command = ["--workspace", str(stocked.path), "find-rate", str(recipe), "--rates", "1e-7", "0.01"]
    assert main(command) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["learning rate", "1e-07", "0.01", "best"]
    assert lines[-1][1] == "0.01"
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["learning_rate"] == 0.01
