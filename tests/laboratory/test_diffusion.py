"""The jobs that show a diffusion model at work, asked as a window asks them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from fmstudio.errors import StudioError
from fmstudio.families.chance import spherical
from fmstudio.families.diffusion_model import draw_pictures, load_diffusion
from fmstudio.families.diffusion_settings import DiffusionSampling
from fmstudio.families.pictures import from_uint8, to_uint8
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory import diffusion, diffusion_editing
from fmstudio.nn.noise_path import FlowPath, noise_path
from fmstudio.nn.samplers import SAMPLERS, sampler_of
from fmstudio.workspace import ModelRecord, Workspace
from tests.driving import of_kind, run_job, run_until
from tests.laboratory.diffusion_models import train_small
from tests.pictures import keep_shapes

CONTEXT = JobContext()
SETTINGS = {"sampler": "euler", "steps": 3, "seed": 5, "count": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the model "small", which no test changes."""
    workspace = Workspace(tmp_path_factory.mktemp("trained") / "workspace")
    keep_shapes(workspace)
    train_small(workspace)
    yield workspace
    workspace.close()


def steps_of(job: Job) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What each step showed, and the result."""
    events, result = run_job(job)
    return [event.data for event in of_kind(events, Sample)], result  # type: ignore[misc]


def test_a_model_and_its_run_tell_what_can_be_asked_of_them(trained: Workspace) -> None:
    for reference in ("small", "run:small"):
        (about,), _ = steps_of(diffusion.about(CONTEXT, trained, reference))
        assert (about["height"], about["width"], about["channels"], about["path"]) == (16, 16, 3, "flow")
        assert about["conditions"] == [{"name": "class", "values": ["circle", "cross", "square"]}]
        assert about["settings"][0].choices == tuple(SAMPLERS)


def test_a_walk_shows_every_step_and_ends_where_sampling_ends(trained: Workspace) -> None:
    shown, result = steps_of(diffusion.walk(CONTEXT, trained, "small", SETTINGS, {"class": "cross"}))
    assert [each["index"] for each in shown] == [0, 1, 2, 3]
    times = FlowPath().timesteps(3).tolist()
    assert [each["time"] for each in shown] == times
    assert [each["sigma"] for each in shown] == pytest.approx(times)
    for view in ("state", "denoised", "noise"):
        assert shown[0][view].shape == (2, 16, 16, 3)
        assert shown[0][view].dtype == np.uint8
    assert not np.array_equal(shown[0]["state"], shown[1]["state"])
    assert result["evaluations"] == 3

    settings = DiffusionSampling(sampler="euler", steps=3, seed=5, count=2, condition="class=cross")
    model = load_diffusion(trained.model_folder("small"))
    drawn = of_kind(run_job(draw_pictures(CONTEXT, model, settings))[0], Sample)[-1].data
    assert np.array_equal(shown[-1]["state"], drawn), "the panel and the command line draw the same pictures"


@pytest.mark.parametrize(("sampler", "guidance", "evaluations"), [("heun", 1.0, 5), ("ddpm", 3.0, 6), ("ddim", 0.0, 3)])
def test_every_look_of_the_network_at_a_picture_is_counted(
    trained: Workspace, sampler: str, guidance: float, evaluations: int
) -> None:
    settings = {**SETTINGS, "sampler": sampler, "guidance": guidance}
    _, result = steps_of(diffusion.walk(CONTEXT, trained, "small", settings, {"class": "cross"}))
    assert result["evaluations"] == evaluations
    assert result["seconds_per_evaluation"] == pytest.approx(result["seconds"] / evaluations)


@pytest.mark.parametrize(("prediction", "schedule"), [("epsilon", "linear"), ("v", "cosine")])
def test_ddpm_models_walk_along_their_own_path(pictured: Workspace, prediction: str, schedule: str) -> None:
    train_small(pictured, path="ddpm", prediction=prediction, schedule=schedule)
    (about,), _ = steps_of(diffusion.about(CONTEXT, pictured, "small"))
    assert about["path"] == f"ddpm-{schedule}"
    for sampler in SAMPLERS:
        shown, _ = steps_of(diffusion.walk(CONTEXT, pictured, "small", {**SETTINGS, "sampler": sampler}))
        assert shown[0]["sigma"] > 0.99
        assert shown[1]["sigma"] ** 2 + shown[1]["alpha"] ** 2 == pytest.approx(1.0)


def test_more_than_can_be_kept_is_refused_before_it_begins(trained: Workspace) -> None:
    settings = {**SETTINGS, "steps": 1000, "count": 64}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffusion, "MOST_KEPT", 10_000_000)
        with pytest.raises(StudioError, match="take fewer steps or fewer pictures"):
            run_job(diffusion.walk(CONTEXT, trained, "small", settings))


def test_stopping_keeps_the_steps_so_far(trained: Workspace) -> None:
    context = JobContext()
    job = diffusion.walk(context, trained, "small", {**SETTINGS, "steps": 50})
    run_until(job, lambda event: isinstance(event, Sample) and event.name == "step-0001")
    context.stop()
    left, result = run_job(job)
    assert result["steps"] == 2
    assert not of_kind(left, Sample)
    assert torch.is_grad_enabled()


def test_gradients_stay_on_for_others_between_two_steps(trained: Workspace) -> None:
    job = diffusion.walk(CONTEXT, trained, "small", SETTINGS)
    run_until(job, lambda event: isinstance(event, Sample))
    assert torch.is_grad_enabled()
    job.close()


def test_the_ends_between_two_seeds_are_those_seeds(trained: Workspace) -> None:
    shown, _ = steps_of(diffusion.between(CONTEXT, trained, "small", (5, 6), 4, SETTINGS))
    first, _ = steps_of(diffusion.walk(CONTEXT, trained, "small", {**SETTINGS, "count": 1}))
    pictures = shown[-1]["state"]
    assert len(pictures) == 4
    assert np.abs(pictures[0].astype(int) - first[-1]["state"][0]).max() <= 1
    assert not np.array_equal(pictures[0], pictures[-1])


def test_noise_between_two_keeps_its_length() -> None:
    generator = torch.Generator().manual_seed(0)
    first, last = torch.randn(3, 32, 32, generator=generator), torch.randn(3, 32, 32, generator=generator)
    way = spherical(first, last, torch.linspace(0, 1, 5))
    assert torch.allclose(way[0], first, atol=1e-5)
    assert torch.allclose(way[-1], last, atol=1e-5)
    assert way.flatten(1).std(1) == pytest.approx(torch.ones(5), abs=0.05)
    assert ((first + last) / 2).std() < 0.75, "a straight line is too quiet in its middle"
    assert torch.equal(spherical(first, first, torch.tensor([0.5]))[0], first)


def test_a_model_of_another_family_is_refused_by_name(trained: Workspace) -> None:
    trained.model_folder("writer").mkdir(parents=True)
    (trained.model_folder("writer") / "config.json").write_text('{"model_type": "llama"}')
    trained.put_model(ModelRecord("writer", "language", 1, 1))
    with pytest.raises(StudioError, match="“writer” is a language model; choose a diffusion model"):
        run_job(diffusion.walk(CONTEXT, trained, "writer", SETTINGS))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"steps": 0}, "steps is 0, but it must be a whole number from 1"),
        ({"sampler": "magic"}, 'sampler is "magic", but it must be one of'),
        ({"count": 1000}, "count is 1000"),
    ],
)
def test_settings_that_are_not_allowed_are_named(trained: Workspace, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        run_job(diffusion.walk(CONTEXT, trained, "small", settings))


# Editing.


def striped() -> np.ndarray:
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[::2] = 255
    return picture


def test_a_weaker_change_stays_nearer_to_the_picture(trained: Workspace) -> None:
    distance = {}
    for strength in (0.05, 0.9):
        shown, _ = steps_of(diffusion_editing.edit(CONTEXT, trained, "small", striped(), None, strength, 1, SETTINGS))
        assert shown[0]["sigma"] == pytest.approx(strength)
        distance[strength] = np.abs(shown[-1]["state"][0].astype(int) - striped()).mean()
    assert distance[0.05] < distance[0.9] / 2


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("rounds", [1, 3])
def test_outside_the_mask_the_picture_stays(trained: Workspace, sampler: str, rounds: int) -> None:
    mask = np.zeros((16, 16), bool)
    mask[:, 8:] = True
    settings = {**SETTINGS, "sampler": sampler}
    shown, result = steps_of(diffusion_editing.edit(CONTEXT, trained, "small", striped(), mask, 1.0, rounds, settings))
    filled = shown[-1]["state"]
    assert np.abs(filled[:, :, :8].astype(int) - striped()[:, :8]).max() <= 1
    assert not np.array_equal(filled[:, :, 8:], np.broadcast_to(striped()[:, 8:], filled[:, :, 8:].shape))
    assert result["evaluations"] >= 3 * rounds - (rounds - 1)


@pytest.mark.parametrize("path", ["flow", "ddpm"])
def test_going_back_gives_the_distribution_of_the_noisier_time(path: str) -> None:
    way = noise_path(path)
    now, then = torch.tensor([0.3, 0.7], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    clean = torch.full((1, 1, 200, 200), 0.5, dtype=torch.float64)
    state = way.add_noise(clean, torch.randn(clean.shape, generator=generator, dtype=torch.float64), now)
    back = diffusion_editing.noisier(
        way, state, now, then, torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    )
    assert back.mean().item() == pytest.approx(0.5 * way.alpha(then).item(), abs=0.02)
    assert back.std().item() == pytest.approx(way.sigma(then).item(), rel=0.02)


def test_a_filled_region_follows_what_the_model_knows() -> None:
    """With a denoiser that knows one picture for certain, the region becomes that picture's."""
    truth, known = from_uint8(striped()[None]), torch.zeros(1, 3, 16, 16)
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[4:8, 4:8] = True
    denoiser = diffusion_editing.keeping(lambda x, t: truth.expand_as(x), known, mask)
    path = FlowPath()
    walked = diffusion_editing.travelling(
        sampler_of("heun"), denoiser, path, torch.randn(1, 3, 16, 16), path.timesteps(4), 0, 2
    )
    last = list(walked)[-1].next_state
    assert torch.allclose(last[..., 4:8, 4:8], truth[..., 4:8, 4:8], atol=1e-5)
    assert to_uint8(last)[0, 0, 0].tolist() == [128, 128, 128]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strength": 0.0}, "strength is 0, but it must be above 0"),
        ({"rounds": 0}, "rounds is 0"),
        ({"picture": np.zeros((8, 8, 3), np.uint8)}, r"The picture has the shape \(8, 8, 3\)"),
        ({"mask": np.zeros((16, 16), bool)}, "The mask is empty"),
        ({"mask": np.ones((4, 4), bool)}, "The mask has the shape"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(trained: Workspace, change: dict[str, Any], sentence: str) -> None:
    arguments = {"picture": striped(), "settings": SETTINGS} | change
    with pytest.raises(StudioError, match=sentence):
        run_job(diffusion_editing.edit(CONTEXT, trained, "small", **arguments))
