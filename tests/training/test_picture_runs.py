"""Runs of every family that draws, through the public door: kept samples, resuming, snapshots, cards, files."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fmstudio.cli import main
from fmstudio.errors import StudioError
from fmstudio.families import families
from fmstudio.jobs import Artefact, JobContext, Sample
from fmstudio.training.estimate import estimate
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.training.recipes import parse_recipe, presets, recipe_tables
from fmstudio.training.sampling import draw, sample
from fmstudio.workspace import Workspace
from fmstudio.workspace.deleting import delete
from tests.driving import of_kind, run_job, run_until
from tests.pictures import keep_shapes

DRAWING = [family for family in families().values() if family.data_kind == "images"]


@pytest.fixture(params=DRAWING, ids=lambda family: family.name)
def recipe(request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Makes recipes of a family's smallest size on the shapes."""

    def make(**data: Any) -> dict[str, Any]:
        tables: dict[str, Any] = {"family": request.param.name, "name": "small"}
        for path, value in next(iter(request.param.sizes.values())).items():
            section, _, key = path.partition(".")
            tables.setdefault(section, {})[key] = value
        training = tables.setdefault("training", {})
        training |= {"steps": 6, "batch_size": 4, "evaluate_every": 3, "checkpoint_every": 2, "device": "cpu"}
        return tables | {"data": {"datasets": ["shapes"], **data}}

    return make


Recipes = Callable[..., dict[str, Any]]


def weights(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_a_run_keeps_its_pictures_and_leaves_a_model_that_draws(
    pictured: Workspace, recipe: Recipes, tmp_path: Path
) -> None:
    events, result = run_job(pretrain(JobContext(), pictured, recipe()))
    shown = [event for event in of_kind(events, Sample) if event.name == "sample"]
    assert [event.step for event in shown] == [0, 3, 6]
    assert all(event.data.dtype == np.uint8 and event.data.shape[1:] == (16, 16, 3) for event in shown)
    with Image.open(pictured.run_folder("small") / "samples" / "step-000003.png") as kept:
        assert kept.text["tile"] == "16x16"  # type: ignore[attr-defined]
    card = (pictured.model_folder(result["model"]) / "README.md").read_text("utf-8")
    assert "shapes" in card
    assert "[training]" in card
    target = tmp_path / "grid.png"
    _, drawn = run_job(draw(JobContext(), pictured, "small", str(target), {"count": 4, "seed": 1}))
    assert drawn["path"] == str(target)
    assert size_of(target) == (34, 34)  # two by two, two pixels apart


def test_a_stopped_run_goes_on_and_ends_bit_identical(pictured: Workspace, recipe: Recipes) -> None:
    run_job(pretrain(JobContext(), pictured, recipe() | {"name": "whole"}))
    context = JobContext()
    job = pretrain(context, pictured, recipe() | {"name": "parts"})
    run_until(job, lambda event: isinstance(event, Artefact) and event.name == "step-000002")
    context.stop()
    run_job(job)
    assert pictured.run("parts").step < 6
    run_job(resume(JobContext(), pictured, "parts"))
    whole, parts = (pictured.run_folder(run) / "checkpoints" / "step-000006" for run in ("whole", "parts"))
    assert weights(whole) == weights(parts)
    assert weights(whole)


def test_a_run_does_not_go_on_with_classes_of_other_names(pictured: Workspace, recipe: Recipes) -> None:
    _, result = run_job(pretrain(JobContext(), pictured, recipe(conditioning="class")))
    config = pictured.model_folder(result["model"]) / "config.json"
    kept = config.read_bytes()
    delete(pictured, "dataset", "shapes")
    keep_shapes(pictured, classes=("ant", "bee", "cow"))
    with pytest.raises(StudioError, match="dataset 'shapes' is not the one that the run 'small' began with"):
        run_job(resume(JobContext(), pictured, "small", steps=8))
    # A run of an earlier version does not know its data, but what it kept tells its classes.
    pictured.put_run(replace(pictured.run("small"), details={"datasets": ["shapes"]}))
    with pytest.raises(StudioError, match="'small' cannot go on: its conditions would be others"):
        run_job(resume(JobContext(), pictured, "small", steps=8))
    assert config.read_bytes() == kept


def test_a_run_can_be_drawn_from_while_it_trains(pictured: Workspace, recipe: Recipes) -> None:
    job = pretrain(JobContext(), pictured, recipe())
    run_until(job, lambda event: isinstance(event, Artefact) and event.name == "step-000002")
    events, _ = run_job(sample(JobContext(), pictured, "run:small", settings={"count": 2}))
    early = [event for event in of_kind(events, Sample) if event.kind == "images"][-1].data
    run_job(job)
    events, _ = run_job(sample(JobContext(), pictured, "run:small", settings={"count": 2}))
    late = [event for event in of_kind(events, Sample) if event.kind == "images"][-1].data
    assert early.shape == late.shape == (2, 16, 16, 3)
    assert not np.array_equal(early, late)
    assert [path.name for path in (pictured.run_folder("small") / "snapshot").iterdir()] == ["step-000006"]


def test_what_a_run_has_reached_is_drawn_without_its_data(pictured: Workspace, recipe: Recipes) -> None:
    def of_run() -> np.ndarray:
        shutil.rmtree(pictured.run_folder("small") / "snapshot", ignore_errors=True)
        events, _ = run_job(sample(JobContext(), pictured, "run:small", settings={"count": 2}))
        return np.asarray([event for event in of_kind(events, Sample) if event.kind == "images"][-1].data)

    run_job(pretrain(JobContext(), pictured, recipe(conditioning="attributes")))
    kept = pictured.run_folder("small") / "network"
    kept.rename(aside := kept.with_name("aside"))  # runs of earlier versions have none, and read their data
    from_data = of_run()
    aside.rename(kept)
    shutil.rmtree(pictured.dataset_folder("shapes"))
    np.testing.assert_array_equal(of_run(), from_data)


def test_what_can_be_asked_for_is_drawn_and_what_cannot_is_named(pictured: Workspace, recipe: Recipes) -> None:
    run_job(pretrain(JobContext(), pictured, recipe(conditioning="attributes")))
    events, _ = run_job(
        sample(JobContext(), pictured, "small", settings={"count": 2, "condition": "colour=red, size=small"})
    )
    assert of_kind(events, Sample)[-1].data.shape == (2, 16, 16, 3)
    with pytest.raises(StudioError, match="blue, green, red"):
        run_job(sample(JobContext(), pictured, "small", settings={"condition": "colour=mauve"}))


def test_the_command_line_draws_a_grid(
    pictured: Workspace, recipe: Recipes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_job(pretrain(JobContext(), pictured, recipe()))
    command = ["--workspace", str(pictured.path), "sample", "small", "--count", "9"]
    assert main([*command, "--to", str(tmp_path / "grid.png")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "grid.png")
    assert size_of(tmp_path / "grid.png") == (52, 52)
    assert main(command) == 2
    assert "--to grid.png" in capsys.readouterr().err
    assert main([*command, "--to", str(tmp_path / "grid.jpg")]) == 1
    assert ".png" in capsys.readouterr().err


def test_a_preset_whose_pictures_are_still_to_be_drawn_can_be_begun(workspace: Workspace) -> None:
    wanted = recipe_tables("robots-diffusion")
    (found,), _ = run_job(estimate(JobContext(), workspace, wanted))
    assert found.data == {"error": "", "field": ""}
    (found,), _ = run_job(estimate(JobContext(), workspace, wanted | {"data": {"datasets": ["nowhere"]}}))
    assert "nowhere" in found.data["error"]


@pytest.mark.slow
@pytest.mark.parametrize("preset", sorted(name for name in presets() if name.startswith(("robots", "faces"))))
def test_every_preset_trains_and_draws(preset: str, workspace: Workspace) -> None:
    tables = recipe_tables(preset, ["training.minutes=0", "training.steps=1", 'training.device="cpu"'])
    keep_shapes(workspace, parse_recipe(tables).data.datasets[0].name, count=24, side=32)
    _, result = run_job(pretrain(JobContext(), workspace, tables))
    assert workspace.model(result["model"]).parameters <= 3_000_000
    events, _ = run_job(sample(JobContext(), workspace, result["model"], settings={"count": 2}))
    assert of_kind(events, Sample)[-1].data.shape == (2, 32, 32, 3)


def test_steps_that_are_assigned_count_before_the_minutes_of_the_preset() -> None:
    assert recipe_tables("robots-diffusion")["training"]["minutes"] > 0
    training = parse_recipe(recipe_tables("robots-diffusion", ["training.steps=20"])).training
    assert (training.steps, training.minutes) == (20, 0.0)
    both = parse_recipe(recipe_tables("robots-diffusion", ["training.steps=20", "training.minutes=1"])).training
    assert both.minutes == 1.0
