"""Samplers: ways to walk from noise back to a picture, each a short generator that yields every step it takes.

All of them ask a denoiser for the clean picture that it expects, x₀(x, t), and take the state from one time to the
next. They differ in how they use that answer:

- DDPM draws the next state from the distribution that the forward process leaves for it: fresh noise at every step
- DDIM keeps the noise that is there, and is exact where the denoiser's answer does not change within a step (order 1)
- Euler follows the velocity of the probability-flow equation for a step (order 1); Heun averages the velocities at both
  ends of the step, for twice the evaluations (order 2)
- DPM-Solver++(2M) extends DDIM by the answer of the step before, which costs nothing (order 2)

Times fall from at most 1 to 0 (`NoisePath.timesteps`). Whatever is drawn comes from `noise`, a function of the step's
index, so a sampler is a pure function and any step can be had again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.noise_path import NoisePath

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""denoiser(x, t): the clean pictures expected at states x, (batch, channels, height, width), at times t, (batch,)."""

NoiseSource = Callable[[int], Tensor]
"""noise(index): standard normal noise of the states' shape for a step, the same each time it is asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sampler: from `state` at `time` to `next_state` at `time_next`, and what the network said.

    denoised: the clean pictures expected at `state`. noise_estimate: the noise that `state` then holds. Both are of the
    states' shape, (batch, channels, height, width).
    """

    index: int
    time: float
    time_next: float
    state: Tensor
    denoised: Tensor
    noise_estimate: Tensor
    next_state: Tensor


class Sampler(Protocol):
    """Walks from the state x at times[0] to times[-1], yielding each step."""

    def __call__(
        self, denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource
    ) -> Iterator[Step]: ...


def ddpm(denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Ancestral sampling: draws x_s from q(x_s | x_t, x₀) at the expected x₀ (Ho et al. 2020, equations 6 and 7).

    Written for any path, of which any times may be left out, as by Kingma et al. (2021, appendix A):
    with α_ts = α_t / α_s and σ_ts² = σ_t² − α_ts² σ_s², the mean is (α_ts σ_s² x_t + α_s σ_ts² x₀) / σ_t².
    """
    for index, (now, after) in enumerate(pairwise(times)):
        denoised, estimate = _predict(denoiser, path, x, now)
        alpha, sigma, spread = path.alpha(after), path.sigma(after), path.sigma(now)
        kept = path.alpha(now) / alpha
        added = spread.square() - (kept * sigma).square()
        mean = (kept * sigma.square() * x + alpha * added * denoised) / spread.square()
        x_next = mean + _posterior_deviation(path, now, after) * noise(index)
        yield Step(index, float(now), float(after), x, denoised, estimate, x_next)
        x = x_next


def ddim(
    denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource, eta: float = 0.0
) -> Iterator[Step]:
    """Keeps the noise that it sees, but for a part that it draws anew (Song et al. 2021, equations 12 and 16).

    eta: 0 draws nothing, so that the end depends on the beginning alone; 1 draws as much as DDPM does.
    """
    for index, (now, after) in enumerate(pairwise(times)):
        denoised, estimate = _predict(denoiser, path, x, now)
        drawn = eta * _posterior_deviation(path, now, after)
        kept = (path.sigma(after).square() - drawn.square()).clamp(min=0.0).sqrt()
        x_next = path.alpha(after) * denoised + kept * estimate
        if eta:
            x_next = x_next + drawn * noise(index)
        yield Step(index, float(now), float(after), x, denoised, estimate, x_next)
        x = x_next


def euler(denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Follows the velocity at the step's beginning: x + Δ v (Lipman et al. 2023, equation 1).

    The step Δ is in the path's own coordinate, in which the velocity is finite at both ends. On the straight path of
    flow matching this is the same as DDIM without fresh noise; on DDPM's circle it goes along the tangent.
    """
    for index, (now, after) in enumerate(pairwise(times)):
        denoised, estimate = _predict(denoiser, path, x, now)
        length = path.coordinate(after) - path.coordinate(now)
        x_next = x + length * path.velocity(denoised, estimate, now)
        yield Step(index, float(now), float(after), x, denoised, estimate, x_next)
        x = x_next


def heun(denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Euler's step, then again with the mean of the velocities at both ends (Karras et al. 2022, algorithm 1).

    Two evaluations a step; the last step, to a state without noise, is Euler's.
    """
    for index, (now, after) in enumerate(pairwise(times)):
        denoised, estimate = _predict(denoiser, path, x, now)
        length = path.coordinate(after) - path.coordinate(now)
        velocity = path.velocity(denoised, estimate, now)
        x_next = x + length * velocity
        if path.sigma(after) > 0.0:
            ahead = path.velocity(*_predict(denoiser, path, x_next, after), after)
            x_next = x + length * (velocity + ahead) / 2.0
        yield Step(index, float(now), float(after), x, denoised, estimate, x_next)
        x = x_next


def dpm_solver(denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, noise: NoiseSource) -> Iterator[Step]:
    """DPM-Solver++(2M), multistep of second order (Lu et al. 2022b, algorithm 2).

    In λ = log(α / σ) the path is linear but for x₀, which is extended in a line through the last two answers. The first
    step has no answer before it, and the last, to a state without noise, has infinite length in λ: both are DDIM's.
    """
    before: Tensor | None = None
    length_before = torch.tensor(torch.inf, dtype=times.dtype)
    for index, (now, after) in enumerate(pairwise(times)):
        denoised, estimate = _predict(denoiser, path, x, now)
        length = (path.log_snr(after) - path.log_snr(now)) / 2.0
        extended = denoised
        if before is not None and torch.isfinite(length):
            extended = denoised + (denoised - before) * (length / (2.0 * length_before))
        x_next = path.sigma(after) / path.sigma(now) * x - path.alpha(after) * torch.expm1(-length) * extended
        yield Step(index, float(now), float(after), x, denoised, estimate, x_next)
        x, before, length_before = x_next, denoised, length


SAMPLERS: dict[str, Sampler] = {
    "dpm-solver++": dpm_solver,
    "heun": heun,
    "euler": euler,
    "ddim": ddim,
    "ddpm": ddpm,
}

SAMPLER_TITLES = {
    "dpm-solver++": "DPM-Solver++(2M)",
    "heun": "Heun",
    "euler": "Euler",
    "ddim": "DDIM",
    "ddpm": "DDPM ancestral",
}


def sampler_of(name: str, eta: float = 0.0) -> Sampler:
    """The sampler of a name; eta is DDIM's share of fresh noise, which no other sampler has."""
    if name not in SAMPLERS:
        raise StudioError(f"sampler is {name!r}; choose one of {', '.join(SAMPLERS)}.")
    return partial(ddim, eta=eta) if name == "ddim" else SAMPLERS[name]


def evaluations(name: str, steps: int) -> int:
    """How often a sampler asks the network in a run of so many steps that ends without noise."""
    return 2 * steps - 1 if name == "heun" else steps


def _predict(denoiser: Denoiser, path: NoisePath, x: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
    """The clean pictures that the denoiser expects at a time, and the noise that the states then hold."""
    denoised = denoiser(x, now.to(x).expand(len(x)))
    return denoised, path.noise_in(denoised, x, now)


def _posterior_deviation(path: NoisePath, now: Tensor, after: Tensor) -> Tensor:
    """The standard deviation of q(x_s | x_t, x₀): σ_s √(1 − (α_t σ_s / (α_s σ_t))²)."""
    sigma = path.sigma(after)
    ratio = path.alpha(now) * sigma / (path.alpha(after) * path.sigma(now))
    return sigma * (1.0 - ratio.square()).clamp(min=0.0).sqrt()
