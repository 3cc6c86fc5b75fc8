"""Diffusion models through the public door: objectives, conditions, guidance, model folders, and what is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.families.conditions import Conditions, Field
from fmstudio.families.diffusion import (
    FAMILY,
    DiffusionLearner,
    DiffusionModel,
    condition_dropout,
    load_diffusion,
    training_times,
)
from fmstudio.families.diffusion_settings import DiffusionObjective, DiffusionSampling
from fmstudio.families.family import Recipe
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.nn.noise_path import FlowPath
from fmstudio.nn.unet import UNet, UNetShape
from fmstudio.recipe import RecipeError
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.training.settings import TrainingSettings
from fmstudio.workspace import Workspace
from tests.driving import of_kind, returned, run_job, run_until
from tests.pictures import keep_shapes

CPU = torch.device("cpu")
SMALL = {"model": {"width": 16, "blocks": 1}, "training": {"batch_size": 8, "warmup_steps": 0, "evaluate_every": 50}}


def tables(**sections: dict[str, Any]) -> dict[str, Any]:
    """A recipe for a network of a few thousand parameters."""
    merged: dict[str, Any] = {"family": "diffusion", "name": "small", "data": {"datasets": ["shapes"]}, **SMALL}
    return merged | {name: {**merged.get(name, {}), **values} for name, values in sections.items()}


def learner(workspace: Workspace, **sections: dict[str, Any]) -> tuple[Recipe, DiffusionLearner]:
    recipe = FAMILY.parse(tables(**sections), TrainingSettings)
    made = returned(FAMILY.learner(JobContext(), workspace, recipe, CPU))
    assert isinstance(made, DiffusionLearner)
    return recipe, made


def validation_loss(made: DiffusionLearner) -> float:
    return float(returned(made.validate()).score)


def train(workspace: Workspace, steps: int, **sections: dict[str, Any]) -> DiffusionLearner:
    recipe, made = learner(workspace, **sections)
    trainer = Trainer(made, recipe.training, CPU)
    for _ in range(steps):
        trainer.step()
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "prediction", "schedule"),
    [
        ("flow", "v", "linear"),
        ("flow", "x0", "linear"),
        ("ddpm", "epsilon", "linear"),
        ("ddpm", "v", "cosine"),
        ("ddpm", "x0", "linear"),
    ],
)
def test_every_objective_learns_and_draws(pictured: Workspace, path: str, prediction: str, schedule: str) -> None:
    objective = {"path": path, "prediction": prediction, "schedule": schedule, "half_life": 50}
    training = {"steps": 100, "batch_size": 16}
    before = validation_loss(train(pictured, 0, objective=objective, training=training))
    made = train(pictured, 100, objective=objective, training=training)
    assert validation_loss(made) < 0.7 * before
    (shown,) = made.samples(100)
    assert isinstance(shown, Sample)
    assert shown.data.shape == (36, 16, 16, 3)  # type: ignore[union-attr]
    # White margins are the first thing that all the pictures have in common. To see them in the noise takes longer:
    # at the start of the way the noise tells least of the picture.
    assert prediction == "epsilon" or shown.data[:, 0].mean() > 160  # type: ignore[union-attr]


@pytest.mark.slow
def test_pictures_are_what_is_asked_for(pictured: Workspace, tmp_path: Path) -> None:
    """After some seconds of learning a condition decides the colour."""
    keep_shapes(pictured, "many", 540)
    made = train(
        pictured,
        200,
        data={"datasets": ["many"], "conditioning": "attributes"},
        model={"width": 32, "blocks": 1},
        objective={"half_life": 500},
        training={"steps": 200, "batch_size": 16},
    )
    made.save(tmp_path / "model")
    for channel, colour in enumerate(("red", "green", "blue")):
        settings = DiffusionSampling(count=8, condition=f"colour={colour}, size=large", steps=6, guidance=2.0)
        events, result = run_job(FAMILY.sample(JobContext(), tmp_path / "model", settings, CPU))
        *_, drawn = of_kind(events, Sample)
        middle = drawn.data[:, 6:10, 6:10].mean((0, 1, 2))
        assert middle.argmax() == channel, f"{colour}: {middle}"
    assert result["count"] == 8
    assert result["evaluations"] == 6
    assert of_kind(events, Progress)[-1].done == 6


class Told(UNet):
    """A network that answers the condition it is told, or 0.5 where it is left open."""

    def forward(self, x: Tensor, t: Tensor, conditions: Tensor) -> Tensor:
        told = torch.where(conditions[:, 0] < 0, 0.5, conditions[:, 0] / 10.0)
        return told[:, None, None, None].expand_as(x)


def test_guidance_amplifies_what_the_condition_changes() -> None:
    conditions = Conditions((Field("class", ("a", "b", "c")),))
    model = DiffusionModel(Told(UNetShape(width=16, conditions=(3,))), FlowPath(), "x0", 8, 8, conditions)
    x, t = torch.randn(2, 3, 8, 8), torch.tensor([0.5, 0.5])
    asked = conditions.tensor("class=c", 2)
    for guidance, expected in ((1.0, 0.2), (0.0, 0.5), (2.0, -0.1), (0.5, 0.35), (9.0, -1.0)):
        answer = model.denoiser(asked, guidance)(x, t)
        torch.testing.assert_close(answer, torch.full_like(x, expected))
    torch.testing.assert_close(model.denoiser(conditions.tensor("", 2), 3.0)(x, t), torch.full_like(x, 0.5))


def test_conditions_are_hidden_whole_and_in_parts() -> None:
    rows = torch.ones(4000, 3, dtype=torch.int64)
    hidden = condition_dropout(rows, 0.2, seed=1, step=1) < 0
    by_count = torch.bincount(hidden.sum(1), minlength=4) / len(rows)
    # A fifth hidden whole; of the rest each number of hidden fields, 0 to 3, is equally likely.
    torch.testing.assert_close(by_count, torch.tensor([0.2, 0.2, 0.2, 0.4]), rtol=0, atol=0.03)
    single = condition_dropout(rows[:, :1], 0.2, seed=1, step=1) < 0
    assert float(single.float().mean()) == pytest.approx(0.2, abs=0.03)
    assert torch.equal(condition_dropout(rows, 0.0, seed=1, step=1), rows)
    assert condition_dropout(rows[:, :0], 0.2, seed=1, step=1).shape == (4000, 0)


def test_a_batch_sees_all_degrees_of_noise() -> None:
    chance = torch.rand(100, generator=torch.Generator().manual_seed(0))
    even = training_times(FlowPath(), DiffusionObjective(), chance)
    assert torch.equal((even * 100).floor(), torch.arange(100.0))
    middle = training_times(FlowPath(), DiffusionObjective(times="logit-normal"), chance)
    # A standard normal number is within ±1 in 68.3 of 100 cases.
    assert int(((middle > 0.2689) & (middle < 0.7311)).sum()) in (67, 68, 69)


def test_the_first_pictures_of_a_seed_are_the_same_however_many_are_drawn(pictured: Workspace, tmp_path: Path) -> None:
    train(pictured, 3).save(tmp_path / "model")
    drawn = []
    for count in (2, 70):
        settings = DiffusionSampling(count=count, seed=5, steps=2, sampler="ddpm")
        events, _ = run_job(FAMILY.sample(JobContext(), tmp_path / "model", settings, CPU))
        drawn.append(of_kind(events, Sample)[-1].data)
    assert drawn[1].shape == (70, 16, 16, 3)
    assert np.abs(drawn[0].astype(int) - drawn[1][:2]).max() <= 1  # sums may be taken in another order
    assert len(np.unique(drawn[1].reshape(70, -1), axis=0)) == 70


def test_a_model_folder_has_the_averaged_weights(pictured: Workspace, tmp_path: Path) -> None:
    made = train(pictured, 5, objective={"path": "ddpm", "prediction": "epsilon", "schedule": "cosine"})
    made.save(tmp_path / "model")
    loaded = load_diffusion(tmp_path / "model")
    weights, averages = loaded.network.state_dict(), made.average.module.state_dict()
    assert all(torch.equal(weights[name], averages[name]) for name in averages)
    assert not torch.equal(weights["stem.weight"], made.unet.state_dict()["stem.weight"])
    assert (loaded.height, loaded.width, loaded.channels, loaded.prediction) == (16, 16, 3, "epsilon")
    t = torch.tensor([0.3])
    assert torch.equal(loaded.path.alpha(t), made.averaged().path.alpha(t))
    assert not loaded.network.training


def test_a_damaged_model_folder_is_refused(pictured: Workspace, tmp_path: Path) -> None:
    train(pictured, 0).save(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    for change in ({"prediction": "dreams"}, {"shape": {"width": 8}}, {"path": "rings"}, {"height": None}):
        (tmp_path / "model" / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(StudioError):
            load_diffusion(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"shape": config["shape"] | {"width": 32}}))
    with pytest.raises(StudioError, match="do not fit"):
        load_diffusion(tmp_path / "model")


def test_a_stopped_run_ends_bit_identical_and_can_be_continued(pictured: Workspace) -> None:
    training = {"steps": 6, "checkpoint_every": 3, "evaluate_every": 3, "keep_checkpoints": 5}
    recipe = tables(data={"conditioning": "class"}, training=training)
    run_job(pretrain(JobContext(), pictured, recipe))
    context = JobContext()
    job = pretrain(context, pictured, recipe | {"name": "stopped"})
    run_until(job, lambda event: isinstance(event, Progress) and event.done == 4)
    context.stop()
    run_job(job)
    run_job(resume(JobContext(), pictured, "stopped"))
    digests = [
        hashlib.sha256((pictured.run_folder(name) / "checkpoints" / "step-000006" / file).read_bytes()).hexdigest()
        for file in ("model.safetensors", "optimiser.safetensors")
        for name in ("small", "stopped")
    ]
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert (
        sorted(path.name for path in (pictured.run_folder("small") / "samples").glob("*.png"))[-1] == "step-000006.png"
    )

    again = recipe | {"name": "more", "init": "small", "model": {"width": 64}, "objective": {"path": "ddpm"}}
    _, result = run_job(pretrain(JobContext(), pictured, again))
    more = load_diffusion(pictured.model_folder(result["model"]))
    assert more.network.shape.width == 16
    assert more.path.name == "flow"
    with pytest.raises(RecipeError, match=r"data\.conditioning"):
        run_job(pretrain(JobContext(), pictured, again | {"data": {"datasets": ["shapes"]}}))
    keep_shapes(pictured, "large", side=32)
    with pytest.raises(RecipeError, match="16 × 16 with 3 channels"):
        run_job(pretrain(JobContext(), pictured, again | {"data": {"datasets": ["large"], "conditioning": "class"}}))


def test_the_objective_is_shown_on_a_held_back_picture(pictured: Workspace) -> None:
    recipe = FAMILY.parse(tables(), TrainingSettings)
    (shown,) = FAMILY.illustrate(JobContext(), pictured, recipe)
    assert isinstance(shown, Sample)
    found = shown.data
    assert isinstance(found, dict)
    states, targets = (row["pictures"] for row in found["rows"])
    assert states.shape == targets.shape == (9, 16, 16, 3)
    assert found["rows"][0]["captions"][::4] == ["t = 0.00", "t = 0.50", "t = 1.00"]
    # The first is the picture itself, white margins and all; the last is noise alone.
    assert (states[0][0] == 255).all()
    assert states[-1].std() > 70


def test_what_cannot_be_is_refused_with_a_sentence(pictured: Workspace, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r'prediction is "epsilon".*objective\.path = "ddpm"'):
        learner(pictured, objective={"prediction": "epsilon"})
    with pytest.raises(StudioError, match=r"16 × 16, .* multiples of 32"):
        learner(pictured, model={"levels": 5})
    settings = DiffusionSampling(condition="class=circle")
    _, made = learner(pictured)
    made.save(tmp_path / "model")
    with pytest.raises(RecipeError, match="trained without conditions"):
        run_job(FAMILY.sample(JobContext(), tmp_path / "model", settings, CPU))
