"""Chance as pure functions: the same (seed, step, stream) gives the same numbers, in a resumed run and elsewhere."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def noise(shape: Sequence[int], seed: int, step: int, stream: int = 0) -> Tensor:
    """Standard normal numbers; the same (seed, step, stream) gives the same on every device."""
    return torch.randn(tuple(shape), generator=generator(seed, step, stream))


def uniform(count: int, seed: int, step: int, stream: int = 0) -> Tensor:
    """Numbers spread evenly over [0, 1), (count,)."""
    return torch.rand(count, generator=generator(seed, step, stream))


def latents(shape: Sequence[int], seed: int, count: int) -> Tensor:
    """Noise to draw from, (count, *shape): the first pictures of a seed are the same however many are drawn."""
    return torch.stack([noise(shape, seed, number) for number in range(count)])


def generator(seed: int, step: int, stream: int) -> torch.Generator:
    """torch's source of chance for a (seed, step, stream)."""
    mixed = np.random.SeedSequence([seed, step, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> np.uint64(1)))


def philox(seed: int, step: int, stream: int) -> np.random.Generator:
    """NumPy's source of chance for a (seed, step, stream)."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, step, stream])))


def spherical(first: Tensor, last: Tensor, parts: Tensor) -> Tensor:
    """Spherical interpolation of noise (Shoemake 1985; for diffusion, Song et al. 2021, "DDIM", equation 67).

    Noise of many dimensions lies near a sphere; a straight line would leave it and the middle would be too quiet.
    first, last: of one shape. parts: (frames,) from 0 to 1. Returns (frames, *shape).
    """
    cosine = torch.dot(first.flatten(), last.flatten()) / (first.norm() * last.norm())
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    parts = parts.reshape(-1, *(1,) * first.dim())
    if angle.sin().abs() < 1e-4:  # the same noise at both ends
        return torch.lerp(first[None], last[None], parts)
    return (((1.0 - parts) * angle).sin() * first + (parts * angle).sin() * last) / angle.sin()
