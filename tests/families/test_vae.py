"""What only this family promises: exact resumption of all it learns, named collapse, conditions, samples."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.families.pictures import from_uint8, to_uint8
from fmstudio.families.vae import FAMILY, load_vae
from fmstudio.families.vae_learners import VaeLearner, codebook_collapse
from fmstudio.jobs import JobContext, Metrics, Note, Sample
from fmstudio.recipe import RecipeError, build
from fmstudio.training import pretraining
from fmstudio.training.loop import Trainer
from fmstudio.training.settings import TrainingSettings
from fmstudio.workspace import Workspace
from tests.driving import of_kind, returned, run_job, run_until

CPU = torch.device("cpu")
KINDS = ["gaussian", "vector-quantised"]


def recipe(kind: str = "gaussian", conditioning: str = "none", **objective: Any) -> dict[str, Any]:
    return {
        "family": "vae",
        "name": "small",
        "data": {"datasets": ["shapes"], "conditioning": conditioning, "validation_fraction": 0.2},
        "model": {"kind": kind, "latent": 4, "width": 8, "codebook_size": 16, "code_width": 4, "grid": 4,
                  "prior_width": 32, "prior_layers": 1},
        "objective": {"kl_warmup_steps": 4, **objective},
        "training": {"steps": 12, "batch_size": 6, "evaluate_every": 6, "checkpoint_every": 5, "device": "cpu"},
    }  # fmt: skip


def learner(workspace: Workspace, tables: dict[str, Any]) -> tuple[VaeLearner, Trainer]:
    parsed = FAMILY.parse(tables, TrainingSettings)
    made = returned(FAMILY.learner(JobContext(), workspace, parsed, CPU))
    assert isinstance(made, VaeLearner)
    return made, Trainer(made, parsed.training, CPU)


def validated(made: VaeLearner) -> tuple[dict[str, float], float]:
    found = returned(made.validate())
    return found.metrics, found.score


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_ends_bit_identical(kind: str, optimiser: str, pictured: Workspace) -> None:
    tables = recipe(kind, "attributes")
    tables["training"] |= {"optimiser": optimiser}
    _, whole = run_job(pretraining.pretrain(JobContext(), pictured, tables))
    job = pretraining.pretrain(JobContext(), pictured, tables)
    run_until(job, lambda event: isinstance(event, Metrics) and event.step == 8)
    job.close()
    _, resumed = run_job(pretraining.resume(JobContext(), pictured, "small-2"))
    for result in (whole, resumed):
        result["metrics"].pop("pictures_per_second", None)
    assert resumed["metrics"] == whole["metrics"]
    first, second = (pictured.model_folder(each["model"]) / "model.safetensors" for each in (whole, resumed))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_prior_learns_beside_the_autoencoder_without_changing_it(kind: str, pictured: Workspace) -> None:
    made, trainer = learner(pictured, recipe(kind))
    trainer.step()
    before = {name: value.clone() for name, value in made.model.autoencoder.state_dict().items()}
    metrics = trainer.step(only={"prior"})
    assert "prior/training" in metrics
    assert "loss/training" not in metrics
    after = made.model.autoencoder.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_the_kl_weight_warms_up_and_the_validation_is_at_the_full_one(pictured: Workspace) -> None:
    made, _ = learner(pictured, recipe(kl_weight=8.0))
    weights = [float(made.batch(step)[3][0]) for step in (1, 2, 4, 9)]
    assert weights == [2.0, 4.0, 8.0, 8.0]
    light, light_score = validated(made)
    heavy_made, _ = learner(pictured, recipe(kl_weight=80.0))
    heavy, heavy_score = validated(heavy_made)
    numbers = 16 * 16 * 3
    assert light["kl/validation"] == pytest.approx(heavy["kl/validation"])
    assert heavy_score - light_score == pytest.approx(72 * light["kl/validation"] / numbers)


def test_a_posterior_that_collapsed_is_named_once_with_what_to_change(pictured: Workspace) -> None:
    tables = recipe(kl_weight=10_000.0)
    tables["training"] |= {"steps": 60, "evaluate_every": 20, "optimiser": "adamw", "learning_rate": 0.003}
    events, result = run_job(pretraining.pretrain(JobContext(), pictured, tables))
    warnings = [note.text for note in of_kind(events, Note) if note.level == "warning"]
    assert len(warnings) == 1
    assert warnings[0].startswith("Posterior collapse: none of the 4 latent dimensions")
    assert "objective.kl_weight" in warnings[0]
    assert result["metrics"]["active_dimensions/validation"] == 0


def test_a_posterior_in_use_is_not_called_collapsed(pictured: Workspace) -> None:
    tables = recipe(kl_weight=0.1)
    tables["training"] |= {"steps": 60, "evaluate_every": 20}
    events, result = run_job(pretraining.pretrain(JobContext(), pictured, tables))
    assert not [note for note in of_kind(events, Note) if note.level == "warning"]
    assert result["metrics"]["active_dimensions/validation"] > 0


def test_a_codebook_of_which_hardly_a_code_is_used_is_named() -> None:
    assert "Codebook collapse: only 2 of the 256 codes" in codebook_collapse(2, 256)
    assert codebook_collapse(100, 256) == ""


def test_a_codebook_comes_into_use(pictured: Workspace) -> None:
    made, trainer = learner(pictured, recipe("vector-quantised"))
    before, _ = validated(made)
    for _ in range(12):
        trainer.step()
    after, _ = validated(made)
    assert after["codebook/used"] > before["codebook/used"]
    assert 1 <= after["codebook/perplexity"] <= after["codebook/used"] <= 16


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_shows_samples_and_originals_beside_reconstructions(kind: str, pictured: Workspace) -> None:
    made, trainer = learner(pictured, recipe(kind))
    trainer.step()
    validated(made)
    shown = {event.name: event for event in made.samples(0) if isinstance(event, Sample)}
    assert shown["sample"].data.shape == (16, 16, 16, 3)
    assert shown["reconstruction"].data.shape == (16, 16, 16, 3)
    originals, conditions = (each[:8] for each in made._held_back)
    assert np.array_equal(shown["reconstruction"].data[0::2], to_uint8(originals))
    again = made.model.decode(made.model.encode(originals), conditions)
    assert np.array_equal(shown["reconstruction"].data[1::2], to_uint8(again))


@pytest.fixture(params=KINDS)
def saved(request: pytest.FixtureRequest, pictured: Workspace, tmp_path: Path) -> Path:
    """A model folder of each kind, barely trained, that knows conditions."""
    made, trainer = learner(pictured, recipe(request.param, "attributes"))
    for _ in range(3):
        trainer.step()
    made.save(tmp_path)
    return tmp_path


def drawn(folder: Path, **settings: Any) -> np.ndarray:
    job = FAMILY.sample(JobContext(), folder, build(FAMILY.sampling, settings), CPU)
    events, result = run_job(job)
    picture: np.ndarray = of_kind(events, Sample)[-1].data
    assert result["count"] == len(picture)
    return picture


def test_samples_follow_seed_temperature_prior_and_condition(saved: Path) -> None:
    many = drawn(saved, count=70, seed=5)
    assert np.array_equal(many, drawn(saved, count=70, seed=5))
    assert np.array_equal(many[:66], drawn(saved, count=66, seed=5))
    others = [{"seed": 6}, {"seed": 5, "temperature": 0.3}, {"seed": 5, "prior": "standard"},
              {"seed": 5, "condition": "colour=red"}]  # fmt: skip
    for other in others:
        assert not np.array_equal(many, drawn(saved, count=70, **other))
    with pytest.raises(RecipeError, match="condition asks for colour 'mauve'"):
        drawn(saved, condition="colour=mauve")


def test_a_saved_model_encodes_and_decodes(saved: Path) -> None:
    model = load_vae(saved)
    pictures = from_uint8(np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8))
    latents = model.encode(pictures)
    assert latents.shape == (3, model.latent)
    assert model.decode(latents).shape == pictures.shape
    assert torch.equal(load_vae(saved).decode(latents), model.decode(latents))


def test_a_folder_of_another_family_or_a_damaged_one_is_refused_by_name(saved: Path) -> None:
    config = (saved / "config.json").read_text("utf-8")
    (saved / "config.json").write_text(config.replace('"family": "vae"', '"family": "gan"'), "utf-8")
    with pytest.raises(StudioError, match="holds a model of the family 'gan', not 'vae'"):
        load_vae(saved)
    (saved / "config.json").write_text(config.replace('"height": 16', '"height": "tall"'), "utf-8")
    with pytest.raises(StudioError, match=r"config\.json is damaged"):
        load_vae(saved)
    (saved / "config.json").write_text(config.replace('"width": 8', '"width": 12'), "utf-8")
    with pytest.raises(StudioError, match=r"do not fit its config\.json"):
        load_vae(saved)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_learnt_prior_there_is_one_phase(kind: str, pictured: Workspace) -> None:
    tables = recipe(kind)
    tables["model"] |= {"prior": "standard"}
    made, trainer = learner(pictured, tables)
    assert [phase.name for phase in made.phases()] == ["autoencoder"]
    trainer.step()
    _, score = validated(made)
    assert np.isfinite(score)
    open_conditions = torch.zeros(2, 0, dtype=torch.int64)
    learnt, standard = (made.model.draw(open_conditions, range(2), 1, 1.0, wanted) for wanted in (True, False))
    assert torch.equal(learnt, standard)


def test_two_dimensions_are_enough(pictured: Workspace) -> None:
    tables = recipe()
    tables["model"] |= {"latent": 2}
    made, trainer = learner(pictured, tables)
    assert np.isfinite(float(trainer.step()["loss/training"]))
    assert made.model.draw(torch.zeros(3, 0, dtype=torch.int64), range(3), 0, 1.0, True).shape == (3, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_objective_is_shown_on_real_pictures(kind: str, pictured: Workspace) -> None:
    parsed = FAMILY.parse(recipe(kind), TrainingSettings)
    events, _ = run_job(FAMILY.illustrate(JobContext(), pictured, parsed))
    (found,) = [event.data for event in of_kind(events, Sample)]
    originals, narrow = (row["pictures"] for row in found["rows"])
    assert found["source"] == "held-back pictures of shapes"
    assert originals.shape == narrow.shape == (8, 16, 16, 3)
    room = {"gaussian": "only 4 numbers", "vector-quantised": "only 16 codes, each one of 16"}[kind]
    assert room in found["rows"][1]["title"]
    assert max(len(np.unique(picture.reshape(-1, 3), axis=0)) for picture in narrow) <= 9


def test_settings_reach_the_network(pictured: Workspace) -> None:
    parsed = FAMILY.parse(recipe(), TrainingSettings)
    small = FAMILY.outline(pictured, parsed)
    large = FAMILY.outline(pictured, parsed.with_values("model", width=16, blocks=2))
    assert sum(p.numel() for p in large.parameters()) > 2 * sum(p.numel() for p in small.parameters())
    assert dataclasses.is_dataclass(parsed.model)
