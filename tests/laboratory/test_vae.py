"""The jobs that look into a variational autoencoder, asked as a window asks them."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fmstudio.data.images import open_images
from fmstudio.errors import StudioError
from fmstudio.families.pictures import from_uint8, to_uint8
from fmstudio.families.vae import load_vae
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory import vae as laboratory
from fmstudio.laboratory.latent_survey import plane
from fmstudio.training import pretraining
from fmstudio.workspace import Workspace
from tests.driving import of_kind, run_job
from tests.families.test_vae import KINDS, recipe
from tests.pictures import keep_shapes

CONTEXT = JobContext()


def answer(job: Job, name: str) -> Any:
    """The data of the one sample of this name."""
    events, _ = run_job(job)
    (found,) = [event for event in of_kind(events, Sample) if event.name == name]
    return found.data


@pytest.fixture(scope="module", params=KINDS)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the model "small" of each kind, which no test changes, and with smaller pictures."""
    workspace = Workspace(tmp_path_factory.mktemp("trained") / "workspace")
    keep_shapes(workspace)
    keep_shapes(workspace, "small shapes", count=6, side=8)
    run_job(pretraining.pretrain(CONTEXT, workspace, recipe(request.param, "class")))
    yield workspace
    workspace.close()


def folder(workspace: Workspace) -> Path:
    return workspace.model_folder("small")


def test_a_model_tells_what_can_be_asked_of_it(trained: Workspace) -> None:
    about = answer(laboratory.open(CONTEXT, trained, "small"), "vae")
    model = load_vae(folder(trained))
    assert (about["height"], about["width"], about["channels"]) == (16, 16, 3)
    assert (about["kind"], about["latent"]) == (model.kind, model.latent)
    assert about["codebook"] == (16 if model.kind == "vector-quantised" else 0)
    assert about["conditions"] == [{"name": "class", "values": ["circle", "cross", "square"]}]
    assert about["datasets"] == ["shapes"]
    assert about["step"] in (6, 12)
    of_run = answer(laboratory.open(CONTEXT, trained, "run:small"), "vae")
    assert (of_run["step"], of_run["datasets"]) == (12, ["shapes"])


def test_a_survey_places_pictures_on_a_plane_that_decodes_back(trained: Workspace) -> None:
    found = answer(laboratory.survey(CONTEXT, trained, "small", "shapes"), "survey")
    model = load_vae(folder(trained))
    assert found["points"].shape == (60, 2)
    assert found["components"].shape == (2, model.latent)
    np.testing.assert_allclose(found["components"] @ found["components"].T, np.eye(2), atol=1e-4)
    assert (found["indices"].tolist(), found["classes"]) == (list(range(60)), ["circle", "cross", "square"])
    with open_images(trained, "shapes") as images:
        latents = model.encode(from_uint8(np.array(images.pixels)))
        assert found["labels"].tolist() == images.labels.tolist()
    np.testing.assert_allclose(found["deviations"], latents.std(0, correction=0), atol=1e-4)
    projected = (latents.numpy() - found["centre"]) @ found["components"].T
    np.testing.assert_allclose(found["points"], projected, atol=1e-3)
    assert found["points"].var(0).sum() >= latents.var(0, correction=0).topk(2).values.sum() - 1e-4


def test_a_survey_of_a_gaussian_has_kl_and_one_of_codes_has_a_codebook(trained: Workspace) -> None:
    found = answer(laboratory.survey(CONTEXT, trained, "small", "shapes", count=20), "survey")
    model = load_vae(folder(trained))
    if model.kind == "gaussian":
        assert found["codebook"] is None
        assert len(found["kl"]) == model.latent
        assert found["order"] == sorted(range(model.latent), key=lambda dimension: -found["kl"][dimension])
        assert found["active"] == int((found["deviations"] ** 2 > 0.01).sum())
        assert bool(found["collapse"]) == (found["active"] == 0)
    else:
        book = found["codebook"]
        assert (book["size"], sum(book["counts"])) == (16, 20 * 16)
        assert book["used"] == sum(count > 0 for count in book["counts"])
        assert 1 <= book["perplexity"] <= book["used"] == found["active"]
        assert found["kl"] == found["order"] == []


def test_the_plane_is_that_of_most_variance_and_keeps_its_sides() -> None:
    random = np.random.default_rng(0)
    hidden = random.normal(size=(500, 2)) * [5.0, 2.0]
    directions = np.linalg.qr(random.normal(size=(6, 2)))[0].T
    centre, components, axes = plane(hidden @ directions + 3.0 + 0.01 * random.normal(size=(500, 6)))
    np.testing.assert_allclose(np.abs(components @ directions.T), np.eye(2), atol=0.05)
    assert all(row[np.abs(row).argmax()] > 0 for row in components)
    assert axes[0].startswith("Component 1 (8")
    centre, components, axes = plane(random.normal(size=(10, 2)))
    assert (centre.tolist(), components.tolist()) == ([0, 0], [[1, 0], [0, 1]])
    assert axes == ["Dimension 1", "Dimension 2"]
    assert plane(random.normal(size=(10, 1)))[1].tolist() == [[1], [0]]


def test_pictures_stand_beside_their_reconstructions(trained: Workspace) -> None:
    found = answer(laboratory.reconstruct(CONTEXT, trained, "small", "shapes", [3, 50]), "reconstructions")
    with open_images(trained, "shapes") as images:
        assert np.array_equal(found["originals"], images.pixels[[3, 50]])
        conditions = torch.tensor([[images.labels[3]], [images.labels[50]]]).long()
    model = load_vae(folder(trained))
    latents = model.encode(from_uint8(found["originals"]))
    np.testing.assert_allclose(found["latents"], latents)
    assert np.array_equal(found["reconstructions"], to_uint8(model.decode(latents, conditions)))
    differences = np.abs(found["originals"].astype(float) - found["reconstructions"])
    assert found["errors"] == pytest.approx(differences.mean((1, 2, 3)).tolist(), rel=1e-4)


def test_latents_decode_and_the_way_between_two_pictures_ends_at_both(trained: Workspace) -> None:
    found = answer(laboratory.reconstruct(CONTEXT, trained, "small", "shapes", [0, 1]), "reconstructions")
    way = answer(laboratory.interpolate(CONTEXT, trained, "small", "shapes", 0, 1, 5), "interpolation")
    assert way.shape == (5, 16, 16, 3)
    assert np.abs(way[[0, -1]].astype(int) - found["reconstructions"]).max() <= 1
    condition = {"class": "circle"}
    first = answer(laboratory.decode(CONTEXT, trained, "small", found["latents"][:1].tolist(), condition), "decoded")
    assert np.abs(first.astype(int) - found["reconstructions"][:1]).max() <= 1


def test_the_prior_draws_what_seed_temperature_and_kind_say(trained: Workspace) -> None:
    def drawn(**wishes: Any) -> np.ndarray:
        pictures: np.ndarray = answer(laboratory.prior(CONTEXT, trained, "small", 4, **wishes), "prior")
        return pictures

    plain = drawn(seed=1)
    assert plain.shape == (4, 16, 16, 3)
    assert np.array_equal(plain, drawn(seed=1))
    others = [drawn(seed=2), drawn(seed=1, temperature=0.2), drawn(seed=1, prior="standard")]
    assert not any(np.array_equal(plain, other) for other in others)
    assert drawn(seed=1, condition={"class": "cross"}).shape == plain.shape


def test_what_cannot_be_is_refused_in_one_sentence(trained: Workspace) -> None:
    refused: list[tuple[Job, str]] = [
        (
            laboratory.survey(CONTEXT, trained, "small", "small shapes"),
            "are 8 × 8 with 3 channels, but the model knows",
        ),
        (laboratory.reconstruct(CONTEXT, trained, "small", "shapes", [60]), "has the pictures 0 to 59"),
        (laboratory.reconstruct(CONTEXT, trained, "small", "shapes", []), "ask for 1 to"),
        (laboratory.decode(CONTEXT, trained, "small", [[1.0]]), r"have the shape \(1, 1\)"),
        (laboratory.interpolate(CONTEXT, trained, "small", "shapes", 0, 1, 1), "frames is 1"),
        (laboratory.prior(CONTEXT, trained, "small", condition={"class": "cow"}), "asks for class 'cow'"),
        (laboratory.open(CONTEXT, trained, "nothing"), "nothing"),
    ]
    for job, sentence in refused:
        with pytest.raises(StudioError, match=sentence):
            run_job(job)


def test_a_model_of_another_family_is_refused_by_name(trained: Workspace) -> None:
    trained.put_model(dataclasses.replace(trained.model("small"), name="foreign"))
    path = Path(shutil.copytree(folder(trained), trained.model_folder("foreign"))) / "config.json"
    path.write_text(path.read_text("utf-8").replace('"family": "vae"', '"family": "diffusion"'), "utf-8")
    with pytest.raises(StudioError, match="holds a model of the family 'diffusion', not 'vae'"):
        run_job(laboratory.open(CONTEXT, trained, "foreign"))
