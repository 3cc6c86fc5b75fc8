"""The noise paths against what defines them, and their conversions against each other."""

import math

import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.noise_path import DiffusionPath, FlowPath, NoisePath, noise_path

PATHS = [FlowPath(), DiffusionPath("linear"), DiffusionPath("cosine")]
each_path = pytest.mark.parametrize("path", PATHS, ids=["flow", "linear", "cosine"])


def pictures(seed: int) -> Tensor:
    return torch.randn(3, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@each_path
def test_it_leads_from_the_picture_to_noise(path: NoisePath) -> None:
    t = torch.linspace(0.0, 1.0, 101, dtype=torch.float64)
    assert path.alpha(t)[0] == 1.0
    assert path.sigma(t)[0] == 0.0
    assert path.alpha(t)[-1] < 0.01
    assert path.sigma(t)[-1] > 0.99
    assert (path.log_snr(t).diff() < 0).all()


@each_path
def test_the_slopes_are_the_derivatives_by_the_coordinate(path: NoisePath) -> None:
    t, width = torch.tensor([0.2, 0.5, 0.8], dtype=torch.float64) + 1e-4, 1e-6
    length = path.coordinate(t + width) - path.coordinate(t - width)
    for values, slope in zip((path.alpha, path.sigma), path.slopes(t), strict=True):
        torch.testing.assert_close((values(t + width) - values(t - width)) / length, slope, rtol=1e-5, atol=1e-6)


@each_path
@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
def test_whatever_the_network_predicts_gives_the_clean_picture(path: NoisePath, prediction: str) -> None:
    x0, noise, t = pictures(1), pictures(2), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    x = path.add_noise(x0, noise, t)
    output = path.target(prediction, x0, noise, t)  # type: ignore[arg-type]
    torch.testing.assert_close(path.denoised(prediction, output, x, t), x0)  # type: ignore[arg-type]
    torch.testing.assert_close(path.noise_in(x0, x, t), noise)


@pytest.mark.parametrize(("ours", "theirs"), [("linear", "linear"), ("cosine", "squaredcos_cap_v2")])
def test_the_schedules_are_those_of_diffusers(ours: str, theirs: str) -> None:
    kept = DDPMScheduler(1000, beta_schedule=theirs).alphas_cumprod.double()
    t = torch.arange(1, 1001, dtype=torch.float64) / 1000
    torch.testing.assert_close(DiffusionPath(ours).alpha(t), kept.sqrt(), rtol=2e-4, atol=1e-6)


def test_small_times_keep_their_digits_in_single_precision() -> None:
    """1 − α² must not be formed from a rounded α: at the first step σ² is β₁ = 0.0001."""
    assert float(DiffusionPath().sigma(torch.tensor(0.001))) == pytest.approx(math.sqrt(1e-4), rel=1e-6)


def test_the_velocity_of_ddpm_is_that_of_diffusers() -> None:
    x0, noise, t = pictures(1), pictures(2), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    expected = DDPMScheduler(1000).get_velocity(x0, noise, (t * 1000).round().long() - 1)
    torch.testing.assert_close(DiffusionPath().velocity(x0, noise, t), expected, rtol=1e-4, atol=1e-4)


def test_ddpm_trains_and_runs_at_its_thousand_times_only() -> None:
    path = DiffusionPath()
    drawn = path.training_times(torch.tensor([0.0, 0.00099, 0.5, 0.99999]))
    torch.testing.assert_close(drawn, torch.tensor([0.001, 0.001, 0.501, 1.0]))
    times = path.timesteps(12)
    assert times[0] == 1.0
    assert times[-1] == 0.0
    assert torch.equal(times, (times * 1000).round() / 1000)
    for steps in (1, 2, 100, 250, 999, 1000):
        assert len(path.timesteps(steps)) == steps + 1
        assert (path.timesteps(steps).diff() < 0).all()
    with pytest.raises(StudioError, match="finer than DDPM's 1,000"):
        path.timesteps(501, start=0.5)


def test_a_run_may_begin_in_the_middle() -> None:
    times = FlowPath().timesteps(3, start=0.6)
    assert times[0] == 0.6
    assert times[-1] == 0.0
    assert (times.diff() < 0).all()
    assert (times.diff().diff() > 0).all()  # finer towards the picture
    with pytest.raises(StudioError, match="at least one step"):
        FlowPath().timesteps(0)


def test_an_unknown_path_is_named() -> None:
    with pytest.raises(StudioError, match="objective is 'rings'"):
        noise_path("rings")
    with pytest.raises(StudioError, match="schedule is 'steep'"):
        noise_path("ddpm", "steep")
