"""Samplers on Gaussian data, whose exact denoiser and whose exact path are known, and against those of `diffusers`."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.noise_path import DiffusionPath, FlowPath, NoisePath
from fmstudio.nn.samplers import SAMPLER_TITLES, SAMPLERS, Denoiser, Sampler, ddim, ddpm, sampler_of

PATHS = [FlowPath(), DiffusionPath("linear"), DiffusionPath("cosine")]
each_path = pytest.mark.parametrize("path", PATHS, ids=["flow", "linear", "cosine"])
MEAN, DEVIATION = 0.3, 0.5


def gaussian_denoiser(path: NoisePath) -> Denoiser:
    """E[x₀ | x_t] where every pixel is normal: the mean of the product of two Gaussians."""

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = (values[:, None, None, None] for values in (path.alpha(t), path.sigma(t)))
        gain = alpha * DEVIATION**2 / ((alpha * DEVIATION) ** 2 + sigma**2)
        return MEAN + gain * (x - alpha * MEAN)

    return denoise


def on_the_path(path: NoisePath, z: Tensor, t: Tensor) -> Tensor:
    """Where the probability-flow equation leads z: at each time the z-th quantile of that time's distribution."""
    return path.alpha(t) * MEAN + ((path.alpha(t) * DEVIATION) ** 2 + path.sigma(t) ** 2).sqrt() * z


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def end_of(sampler: Sampler, path: NoisePath, x: Tensor, times: Tensor, denoiser: Denoiser | None = None) -> Tensor:
    noise: Callable[[int], Tensor] = lambda index: draw(*x.shape, seed=1 + index)  # noqa: E731
    *_, last = sampler(denoiser or gaussian_denoiser(path), path, x, times, noise)
    return last.next_state


@each_path
@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("euler", 1), ("heun", 2), ("dpm-solver++", 2)])
def test_the_error_falls_with_the_order_of_the_sampler(path: NoisePath, name: str, order: int) -> None:
    """Between two times inside the path, halving the steps divides the error by 2 to the power of the order."""
    z, errors = draw(1, 1, 4, 4), []
    for steps in (50, 100, 200):
        times = torch.linspace(0.7, 0.3, steps + 1, dtype=torch.float64)
        end = end_of(SAMPLERS[name], path, on_the_path(path, z, times[0]), times)
        errors.append(float((end - on_the_path(path, z, times[-1])).abs().max()))
    orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert orders == pytest.approx([order, order], abs=0.1)


@each_path
@pytest.mark.parametrize("name", SAMPLERS)
def test_from_pure_noise_to_the_data_s_distribution(path: NoisePath, name: str) -> None:
    start = draw(10, 1, 32, 32)
    end = end_of(SAMPLERS[name], path, (start - start.mean()) / start.std(), path.timesteps(250))
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.015)
    assert float(end.std()) == pytest.approx(DEVIATION, rel=0.03)


@each_path
def test_ancestral_steps_leave_the_exact_distribution_behind(path: NoisePath) -> None:
    """Where the data is one point the expected picture is exact, so each step's distribution must be too."""
    point: Denoiser = lambda x, t: torch.full_like(x, MEAN)  # noqa: E731
    times = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)
    start = path.alpha(times[0]) * MEAN + path.sigma(times[0]) * draw(10, 1, 32, 32)
    for sampler in (ddpm, partial(ddim, eta=1.0), partial(ddim, eta=0.5)):
        end = end_of(sampler, path, start, times, point)
        assert float(end.mean()) == pytest.approx(float(path.alpha(times[-1])) * MEAN, abs=0.02)
        assert float(end.std()) == pytest.approx(float(path.sigma(times[-1])), rel=0.02)


@each_path
def test_ddim_with_all_its_noise_is_ddpm(path: NoisePath) -> None:
    x, times = draw(2, 1, 4, 4), path.timesteps(10)
    full = end_of(partial(ddim, eta=1.0), path, x, times)
    torch.testing.assert_close(full, end_of(ddpm, path, x, times))


def test_on_the_straight_path_euler_is_ddim() -> None:
    x, path = draw(2, 1, 4, 4), FlowPath()
    times = path.timesteps(7)
    torch.testing.assert_close(end_of(SAMPLERS["euler"], path, x, times), end_of(ddim, path, x, times))


@each_path
@pytest.mark.parametrize("name", SAMPLERS)
def test_every_step_is_yielded_with_what_the_network_said(path: NoisePath, name: str) -> None:
    x, times = draw(2, 1, 4, 4).float(), path.timesteps(5)
    steps = list(SAMPLERS[name](gaussian_denoiser(path), path, x, times, lambda index: draw(2, 1, 4, 4).float()))
    assert [step.index for step in steps] == [0, 1, 2, 3, 4]
    assert [step.time for step in steps] + [steps[-1].time_next] == times.tolist()
    assert torch.equal(steps[0].state, x)
    for step, following in pairwise(steps):
        assert torch.equal(step.next_state, following.state)
    for step in steps:
        mixed = path.add_noise(step.denoised, step.noise_estimate, torch.tensor(step.time))
        torch.testing.assert_close(mixed, step.state, rtol=1e-4, atol=1e-4)
        assert step.next_state.dtype == torch.float32


# Against diffusers: the same closed-form network, the same noise.


def epsilon_network(x: Tensor, k: int) -> Tensor:
    """The exact noise estimate for Gaussian data at diffusers' step k, which is our time (k + 1) / 1000."""
    path, t = DiffusionPath(), torch.tensor([(k + 1) / 1000], dtype=torch.float64)
    return path.noise_in(gaussian_denoiser(path)(x, t), x, t)


def run_theirs(scheduler: Any, x: Tensor, steps: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Tensor:
    """Their sampler, fed with our noise for each step."""
    scheduler.set_timesteps(steps)
    taken = [0]

    def noise(shape: torch.Size, **_: Any) -> Tensor:
        return draw(*shape, seed=1 + taken[0])

    for name in ("scheduling_ddpm", "scheduling_ddim"):
        monkeypatch.setattr(f"diffusers.schedulers.{name}.randn_tensor", noise)
    for index, k in enumerate(scheduler.timesteps.tolist()):
        taken[0] = index
        x = scheduler.step(epsilon_network(x, k), k, x, **options).prev_sample
    return x


def our_times(scheduler: Any) -> Tensor:
    return torch.tensor([*((k + 1) / 1000 for k in scheduler.timesteps.tolist()), 0.0], dtype=torch.float64)


@pytest.mark.parametrize("steps", [10, 50])
def test_ddpm_is_that_of_diffusers(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = DDPMScheduler(1000, clip_sample=False, timestep_spacing="trailing")
    x = draw(2, 3, 4, 4)
    theirs = run_theirs(scheduler, x, steps, monkeypatch)
    torch.testing.assert_close(end_of(ddpm, DiffusionPath(), x, our_times(scheduler)), theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("eta", [0.0, 0.7])
def test_ddim_is_that_of_diffusers(eta: float, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = DDIMScheduler(1000, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing")
    x = draw(2, 3, 4, 4)
    theirs = run_theirs(scheduler, x, 20, monkeypatch, eta=eta)
    ours = end_of(partial(ddim, eta=eta), DiffusionPath(), x, our_times(scheduler))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_dpm_solver_is_that_of_diffusers(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = DPMSolverMultistepScheduler(1000, final_sigmas_type="zero", timestep_spacing="trailing")
    x = draw(2, 3, 4, 4)
    theirs = run_theirs(scheduler, x, 20, monkeypatch)
    ours = end_of(SAMPLERS["dpm-solver++"], DiffusionPath(), x, our_times(scheduler))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_samplers_are_chosen_by_name() -> None:
    assert SAMPLERS.keys() == SAMPLER_TITLES.keys()
    x, path = draw(1, 1, 4, 4), DiffusionPath()
    quiet, noisy = (end_of(sampler_of("ddim", eta), path, x, path.timesteps(4)) for eta in (0.0, 1.0))
    assert not torch.equal(quiet, noisy)
    with pytest.raises(StudioError, match="sampler is 'leap'; choose one of dpm-solver"):
        sampler_of("leap")
