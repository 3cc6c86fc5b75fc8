"""GANs: the alarm, resuming, conditions, the other losses, model folders and truncation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.families import family_named
from fmstudio.families.gan_learner import GanLearner, collapse, diversities
from fmstudio.families.gan_model import fill, load_gan
from fmstudio.jobs import JobContext, Metrics, Note, Sample
from fmstudio.recipe import RecipeError, build
from fmstudio.training.loop import Trainer
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.training.recipes import parse_recipe, recipe_tables
from fmstudio.workspace import Workspace
from tests.driving import of_kind, returned, run_job, run_until

CPU = torch.device("cpu")
Tables = Callable[..., dict[str, Any]]


@pytest.fixture
def recipe() -> Tables:
    """A recipe for the smallest of GANs; sections are changed by keyword."""

    def made(**sections: dict[str, Any]) -> dict[str, Any]:
        tables: dict[str, Any] = {
            "family": "gan", "name": "small", "data": {"datasets": ["shapes"]},
            "model": {"latent": 8, "features": 4, "maximum_features": 8},
            "training": {"steps": 8, "batch_size": 6, "evaluate_every": 4, "checkpoint_every": 3, "device": "cpu"},
        }  # fmt: skip
        for name, values in sections.items():
            tables[name] = {**tables.get(name, {}), **values}
        return tables

    return made


def learner(workspace: Workspace, tables: dict[str, Any]) -> GanLearner:
    parsed = parse_recipe(tables)
    made = returned(parsed.family.learner(JobContext(), workspace, parsed, CPU))
    assert isinstance(made, GanLearner)
    return made


def weights(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in ("model.safetensors", "optimiser.safetensors")}


def test_the_alarm_names_mode_collapse_and_says_what_to_change(recipe: Tables) -> None:
    real = torch.rand(32, 3, 16, 16) * 2 - 1
    parsed = parse_recipe(recipe(game={"gamma": 0.25}))
    assert collapse(diversities(real, real.flip(0)), parsed) == ""
    four_kinds = real[:4].repeat(8, 1, 1, 1)
    sentence = collapse(diversities(real, four_kinds), parsed)
    assert "Mode collapse" in sentence
    assert "0 %" in sentence.replace("0%", "0 %")
    assert "game.gamma (now 0.25)" in sentence
    assert "training.learning_rate" in sentence


def test_a_run_with_a_collapsed_generator_warns_once(pictured: Workspace, recipe: Tables) -> None:
    made = learner(pictured, recipe())
    with torch.no_grad():
        for parameter in (*made.generator.parameters(), *made.average.parameters()):
            parameter.zero_()
    notes = []
    for step in (0, 250, 500):
        assert sum(1 for _ in made.validate()) == 1
        notes.append([event.text for event in made.samples(step) if isinstance(event, Note)])
    assert [len(each) for each in notes] == [0, 1, 0], "not before it had time to learn, and not twice"
    assert "Mode collapse" in made.scores(made.look(), 250).data["collapse"]


FAST: dict[str, dict[str, Any]] = {
    "data": {"conditioning": "attributes"},
    "model": {"condition_width": 6, "folded": True},
    "game": {"shared_drawing": True},
}
"""What the presets choose beyond the defaults."""


@pytest.mark.parametrize("chosen", [{}, FAST], ids=["defaults", "as-the-presets"])
def test_a_resumed_run_ends_bit_identical(chosen: dict[str, Any], pictured: Workspace, recipe: Tables) -> None:
    run_job(pretrain(JobContext(), pictured, recipe(**chosen)))
    context = JobContext()
    stopped = pretrain(context, pictured, recipe(**chosen, training={"checkpoint_every": 8}))
    run_until(stopped, lambda event: isinstance(event, Metrics) and event.step == 5)
    context.stop()
    run_job(stopped)
    second = pictured.runs()[0].id if pictured.runs()[0].step == 5 else pictured.runs()[1].id
    run_job(resume(JobContext(), pictured, second))
    ends = [weights(pictured.run_folder(run.id) / "checkpoints" / "step-000008") for run in pictured.runs()]
    assert ends[0] == ends[1]


def test_a_run_tells_what_the_panel_shows(pictured: Workspace, recipe: Tables) -> None:
    events, result = run_job(pretrain(JobContext(), pictured, recipe()))
    told = {name for event in of_kind(events, Metrics) for name in event.values}
    assert told >= {
        "loss/discriminator", "loss/generator", "gradient_penalty/real", "gradient_penalty/generated",
        "diversity/real", "diversity/generated", "score/real", "score/generated", "score/validation",
        "distance/validation",
    }  # fmt: skip
    sheets = [event.data for event in of_kind(events, Sample) if event.name == "sample"]
    assert sheets[0].shape == (36, 16, 16, 3)
    assert not np.array_equal(sheets[0], sheets[-1])
    assert result["model"]


def test_a_glimpse_holds_the_scores_of_the_latest_batch(pictured: Workspace, recipe: Tables) -> None:
    made = learner(pictured, recipe())
    assert list(made.glimpses(0)) == []
    Trainer(made, parse_recipe(recipe()).training, CPU).step()
    (event,) = made.glimpses(1)
    assert isinstance(event, Sample)
    assert [len(event.data[name]) for name in ("real", "generated")] == [6, 6]
    assert event.data["collapse"] == ""


@pytest.mark.parametrize("loss", ["relativistic", "non-saturating", "wasserstein"])
def test_every_game_can_be_played(loss: str, pictured: Workspace, recipe: Tables) -> None:
    tables = recipe(game={"loss": loss}, data={"conditioning": "attributes"}, training={"accumulation": 2})
    trainer = Trainer(learner(pictured, tables), parse_recipe(tables).training, CPU)
    values = [{name: float(value) for name, value in trainer.step().items()} for _ in range(3)]
    assert all(np.isfinite(list(each.values())).all() for each in values)
    penalties = {name for name in values[0] if name.startswith("gradient_penalty")}
    expected = {"between"} if loss == "wasserstein" else {"real", "generated"}
    assert penalties == {f"gradient_penalty/{name}" for name in expected}


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_shared_drawing_is_drawn_once_a_step(accumulation: int, pictured: Workspace, recipe: Tables) -> None:
    tables = recipe(game={"shared_drawing": True}, training={"accumulation": accumulation})
    made = learner(pictured, tables)
    trainer = Trainer(made, parse_recipe(tables).training, CPU)
    drawn: list[torch.Tensor] = []
    with made.generator.register_forward_hook(lambda module, inputs, pictures: drawn.append(pictures)):
        values = trainer.step()
        assert len(drawn) == accumulation
        trainer.step(only=["discriminator"])
        trainer.step(only=["generator"])
    assert len(drawn) == 3 * accumulation, "a player that is stepped alone draws for itself"
    assert float(values["gradient_norm/generator"]) > 0


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("loss", ["relativistic", "non-saturating", "wasserstein"])
def test_matched_features_draw_generated_pictures_to_the_real_ones(
    loss: str, shared: bool, pictured: Workspace, recipe: Tables
) -> None:
    game = {"loss": loss, "shared_drawing": shared, "feature_matching": 100.0}
    tables = recipe(
        game=game, data={"conditioning": "attributes"}, model={"spatial_shift": True}, training={"learning_rate": 0.01}
    )
    trainer = Trainer(learner(pictured, tables), parse_recipe(tables).training, CPU)
    distances = [float(trainer.step()["loss/features"]) for _ in range(40)]
    assert np.mean(distances[-5:]) < 0.8 * np.mean(distances[:5])


def test_the_generators_update_leaves_the_discriminator_alone(pictured: Workspace, recipe: Tables) -> None:
    made = learner(pictured, recipe())
    trainer = Trainer(made, parse_recipe(recipe()).training, CPU)
    before = [parameter.clone() for parameter in made.discriminator.parameters()]
    trainer.step(only=["generator"])
    assert all(map(torch.equal, before, made.discriminator.parameters()))
    assert all(parameter.grad is None for parameter in made.discriminator.parameters())
    assert all(parameter.requires_grad for parameter in made.discriminator.parameters())


def test_a_model_can_be_asked_for_a_class(pictured: Workspace, recipe: Tables) -> None:
    _, result = run_job(pretrain(JobContext(), pictured, recipe(data={"conditioning": "class"})))
    folder, family = pictured.model_folder(result["model"]), family_named("gan")
    drawn = {}
    for condition in ("class=circle", "square", ""):
        settings = build(family.sampling, {"count": 3, "seed": 5, "condition": condition})
        events, _ = run_job(family.sample(JobContext(), folder, settings, CPU))
        drawn[condition] = of_kind(events, Sample)[-1].data
    assert drawn[""].shape == (3, 16, 16, 3)
    assert not np.array_equal(drawn["class=circle"], drawn["square"])
    with pytest.raises(RecipeError, match=r"triangle.*circle, cross, square"):
        settings = build(family.sampling, {"condition": "triangle"})
        run_job(family.sample(JobContext(), folder, settings, CPU))


def test_what_is_left_open_is_filled_as_in_real_pictures() -> None:
    rows = torch.tensor([[0, 1], [0, 2], [1, 3]])
    assert [fill(rows, [0, -1], chance).tolist() for chance in (0.0, 0.99)] == [[[0, 1]], [[0, 2]]]
    assert fill(rows, [-1, 3], 0.5).tolist() == [[1, 3]]
    assert fill(rows, [2, -1], 0.99).tolist() == [[2, 3]], "nothing agrees, so all are candidates"


def test_truncation_pulls_pictures_together(pictured: Workspace, recipe: Tables, tmp_path: Path) -> None:
    learner(pictured, recipe()).save(tmp_path / "model")
    model = load_gan(tmp_path / "model")
    latents = torch.randn(16, 8)
    embedded = model.generator.embed(torch.empty(16, 0, dtype=torch.int64))
    spread = [float(model.pictures(latents, embedded, psi).std(0).mean()) for psi in (0.0, 0.5, 1.0)]
    assert spread[0] == pytest.approx(0, abs=1e-6)
    assert spread[0] < spread[1] < spread[2]


def test_a_finished_model_can_be_trained_on(pictured: Workspace, recipe: Tables) -> None:
    _, first = run_job(pretrain(JobContext(), pictured, recipe()))
    begun = learner(pictured, {**recipe(), "init": first["model"]})
    saved = load_gan(pictured.model_folder(first["model"]))
    assert torch.equal(begun.generator.end.weight, saved.generator.end.weight)
    with pytest.raises(StudioError, match="conditions, which these datasets do not have"):
        learner(pictured, {**recipe(data={"conditioning": "class"}), "init": first["model"]})


def test_a_model_folder_from_before_there_were_more_choices_opens(
    pictured: Workspace, recipe: Tables, tmp_path: Path
) -> None:
    made = learner(pictured, recipe(data={"conditioning": "class"}))
    made.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for name in ("condition_width", "folded", "spatial_shift"):
        del config["shape"][name]
    (tmp_path / "config.json").write_text(json.dumps(config))
    latents, wanted = torch.randn(2, 8), torch.tensor([[0], [1]])
    assert torch.equal(load_gan(tmp_path).generator(latents, wanted), made.average(latents, wanted))


def test_a_damaged_model_folder_is_refused(pictured: Workspace, recipe: Tables, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    learner(pictured, recipe()).save(folder)
    (folder / "config.json").write_text('{"family": "gan", "shape": {}}')
    with pytest.raises(StudioError, match="damaged"):
        load_gan(folder)


def test_the_objective_is_shown_on_real_pictures(pictured: Workspace, recipe: Tables) -> None:
    parsed = parse_recipe(recipe())
    (event,), _ = run_job(parsed.family.illustrate(JobContext(), pictured, parsed))  # type: ignore[arg-type]
    real, drawn = event.data["rows"]
    assert real["pictures"].shape == drawn["pictures"].shape
    assert real["pictures"].dtype == np.uint8


@pytest.mark.parametrize("name", ["robots-gan", "faces-pixel-gan"])
def test_the_presets_are_recipes_of_about_five_minutes(name: str) -> None:
    parsed = parse_recipe(recipe_tables(name))
    assert parsed.family.name == "gan"
    assert parsed.training.minutes == 5
    assert parsed.training.keep == "last"
    assert parsed.training.optimiser == "adamw"
    assert parsed.training.adam_beta2 == 0.99
