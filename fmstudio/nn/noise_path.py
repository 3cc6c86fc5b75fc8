"""Paths from pictures to noise: x_t = α(t) x₀ + σ(t) ε, with t from 0 (the picture) to 1 (noise alone).

Flow matching and DDPM differ in α and σ and in little else, so that samplers, guidance and what a person looks at are
written once for both.

- `FlowPath`: the straight line α = 1 − t, σ = t (Lipman et al. 2023, Liu et al. 2023)
- `DiffusionPath`: 1000 steps of adding noise that keep the variance, α² + σ² = 1, with linearly growing steps
  (Ho et al. 2020) or along a squared cosine (Nichol and Dhariwal 2021); after step k the time is t = k / 1000
- each path has a coordinate in which it is smooth at both ends: t itself for the line, the angle atan2(σ, α) for DDPM.
  The velocity is dx/d(coordinate): ε − x₀ on the line, and α ε − σ x₀, the v of Salimans and Ho (2022), on the circle
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from fmstudio.errors import StudioError

Prediction = Literal["epsilon", "v", "x0"]
"""What a network can be asked for: the noise, the velocity, or the clean picture. Each gives the others."""

DIFFUSION_STEPS = 1000

CROWDING = 1.5
"""Times of a run fall as this power of what is left of it: finer steps where little noise is left and details form."""


class NoisePath(ABC):
    """α and σ as functions of time, and what follows from them.

    Times may be of any shape; where they meet pictures they are one number, or one for each picture of a batch.
    """

    name: ClassVar[str]

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """How much of the clean picture is left at each time."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """The standard deviation of the noise at each time."""

    @abstractmethod
    def coordinate(self, t: Tensor) -> Tensor:
        """The coordinate along which the path is smooth, 0 at t = 0."""

    @abstractmethod
    def slopes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The derivatives of α and σ by the coordinate; α σ' − σ α' is 1 on either path."""

    @abstractmethod
    def training_times(self, uniform: Tensor) -> Tensor:
        """Times that may be trained at, from numbers drawn uniformly from [0, 1)."""

    def timesteps(self, steps: int, start: float = 1.0) -> Tensor:
        """The times of a run from `start` down to 0 in so many steps: (steps + 1,), float64, descending.

        A start below 1 begins from a picture that is noisy only in part, as for image to image.
        """
        if steps < 1 or not 0.0 < start <= 1.0:
            raise StudioError(
                f"A run of {steps} steps from time {start:g} cannot be; take at least one step and start above 0, at "
                "most at 1."
            )
        return start * torch.linspace(1.0, 0.0, steps + 1, dtype=torch.float64) ** CROWDING

    def log_snr(self, t: Tensor) -> Tensor:
        """The logarithm of the signal-to-noise ratio α² / σ²; infinite at the ends where σ or α is 0."""
        return 2.0 * (self.alpha(t).log() - self.sigma(t).log())

    def add_noise(self, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """x_t, the picture with its share of noise. x0, noise: (batch, channels, height, width); t: () or (batch,)."""
        return _broadcast(self.alpha(t), x0) * x0 + _broadcast(self.sigma(t), x0) * noise

    def velocity(self, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Where the state is heading towards noise: dx/d(coordinate) = α' x₀ + σ' ε."""
        alpha_slope, sigma_slope = self.slopes(t)
        return _broadcast(alpha_slope, x0) * x0 + _broadcast(sigma_slope, x0) * noise

    def target(self, prediction: Prediction, x0: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """What the network should have said."""
        if prediction == "v":
            return self.velocity(x0, noise, t)
        return noise if prediction == "epsilon" else x0

    def denoised(self, prediction: Prediction, output: Tensor, x: Tensor, t: Tensor) -> Tensor:
        """The clean picture x₀ that the network's output means for the state x at time t."""
        if prediction == "x0":
            return output
        sigma = _broadcast(self.sigma(t), x)
        if prediction == "epsilon":
            return (x - sigma * output) / _broadcast(self.alpha(t), x)
        return _broadcast(self.slopes(t)[1], x) * x - sigma * output  # the determinant α σ' − σ α' is 1

    def noise_in(self, x0: Tensor, x: Tensor, t: Tensor) -> Tensor:
        """The noise ε that, with the clean picture x₀, makes the state x at a time t > 0."""
        return (x - _broadcast(self.alpha(t), x) * x0) / _broadcast(self.sigma(t), x)


class FlowPath(NoisePath):
    """The straight line from picture to noise, on which the velocity ε − x₀ is the same all the way."""

    name = "flow"

    def alpha(self, t: Tensor) -> Tensor:
        return 1.0 - t

    def sigma(self, t: Tensor) -> Tensor:
        return t

    def coordinate(self, t: Tensor) -> Tensor:
        return t

    def slopes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return -torch.ones_like(t), torch.ones_like(t)

    def training_times(self, uniform: Tensor) -> Tensor:
        return uniform


class DiffusionPath(NoisePath):
    """The variance-keeping path of DDPM. Between its 1000 steps log α is taken to be linear in time."""

    name = "ddpm"

    def __init__(self, schedule: str = "linear") -> None:
        self.schedule = schedule
        kept = torch.cumsum(torch.log1p(-_variances(schedule)), 0) / 2.0
        self._log_alphas = torch.cat([kept.new_zeros(1), kept])

    def _log_alpha(self, t: Tensor) -> Tensor:
        # In float64 throughout: 1 − α² would lose most of its digits near t = 0, where α is almost 1. Apple's GPUs have
        # no such numbers, so there the few times are looked up on the CPU.
        t = t.cpu() if t.device.type == "mps" else t
        place = t.double().clamp(0.0, 1.0) * DIFFUSION_STEPS
        below = place.floor().clamp(max=DIFFUSION_STEPS - 1).long()
        table = self._log_alphas.to(t.device)
        return torch.lerp(table[below], table[below + 1], place - below)

    def alpha(self, t: Tensor) -> Tensor:
        return self._log_alpha(t).exp().to(t)

    def sigma(self, t: Tensor) -> Tensor:
        return (-torch.expm1(2.0 * self._log_alpha(t))).sqrt().to(t)

    def coordinate(self, t: Tensor) -> Tensor:
        return torch.atan2(self.sigma(t), self.alpha(t))

    def slopes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return -self.sigma(t), self.alpha(t)

    def training_times(self, uniform: Tensor) -> Tensor:
        """Only the times of the 1000 steps, as DDPM is trained."""
        return (torch.floor(uniform * DIFFUSION_STEPS) + 1.0) / DIFFUSION_STEPS

    def timesteps(self, steps: int, start: float = 1.0) -> Tensor:
        """Rounded to the 1000 times that the network knows, none of them twice."""
        times = (super().timesteps(steps, start) * DIFFUSION_STEPS + 0.5).floor()
        if steps > times[0]:
            raise StudioError(
                f"A run of {steps:,} steps from time {start:g} is finer than DDPM's {DIFFUSION_STEPS:,}; take at most "
                f"{int(times[0]):,} steps."
            )
        left = torch.arange(steps, -1, -1, dtype=times.dtype)
        return torch.maximum(times, left) / DIFFUSION_STEPS


Schedule = Literal["linear", "cosine"]


def _variances(schedule: str) -> Tensor:
    """β of each of the 1000 steps, float64."""
    if schedule == "linear":
        return torch.linspace(1e-4, 0.02, DIFFUSION_STEPS, dtype=torch.float64)
    if schedule == "cosine":
        edges = torch.linspace(0.0, 1.0, DIFFUSION_STEPS + 1, dtype=torch.float64)
        kept = ((edges + 0.008) / 1.008 * math.pi / 2.0).cos().square()
        return (1.0 - kept[1:] / kept[:-1]).clamp(max=0.999)
    raise StudioError(f"schedule is {schedule!r}; choose one of {', '.join(get_args(Schedule))}.")


def _broadcast(values: Tensor, pictures: Tensor) -> Tensor:
    """One value for all pictures, or one for each, shaped to multiply (batch, channels, height, width)."""
    return values if values.dim() == 0 else values.reshape(-1, *(1,) * (pictures.dim() - 1)).to(pictures.dtype)


def noise_path(objective: str, schedule: str = "linear") -> NoisePath:
    """The path of an objective, "flow" or "ddpm"."""
    if objective == "flow":
        return FlowPath()
    if objective == "ddpm":
        return DiffusionPath(schedule)
    raise StudioError(f"objective is {objective!r}; choose flow or ddpm.")
