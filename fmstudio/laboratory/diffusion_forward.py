"""The forward process on one picture: how it dissolves into noise along a path, made for every time at once.

A window can then follow a dragging hand without asking again.
"""

from collections.abc import Mapping

import numpy as np
import torch

from fmstudio.errors import StudioError
from fmstudio.families.chance import noise
from fmstudio.families.pictures import from_uint8, to_uint8
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.shades import noise_shades
from fmstudio.nn.noise_path import NoisePath, noise_path
from fmstudio.workspace import Workspace

PATHS: Mapping[str, tuple[str, str]] = {
    "flow": ("flow", ""),
    "ddpm-linear": ("ddpm", "linear"),
    "ddpm-cosine": ("ddpm", "cosine"),
}
"""The paths that can be looked at: objective and schedule by name."""

REACH, BINS = 3.0, 60
"""The histogram's reach, in standard deviations of the noise, and its number of bins."""


def dissolve(
    context: JobContext,
    workspace: Workspace,
    picture: np.ndarray,
    path: str = "flow",
    times: int = 101,
    seed: int = 0,
) -> Job:
    """All frames of x_t = α x₀ + σ ε for one picture, (height, width, channels) of uint8, and one noise ε.

    Yields one Sample "dissolve" with `frames` (times, height, width, channels), the noise as a picture, and for each
    time t from 0 to 1: alpha, sigma, decibels (of the signal-to-noise ratio) and the histogram of the pixels' values
    as a density over `edges`; `gaussian` is the density that the histograms approach.
    """
    way = path_named(path)
    clean = from_uint8(picture[None])
    drawn = noise(clean.shape, seed, 0)
    time = torch.linspace(0.0, 1.0, times, dtype=torch.float64)
    states = way.add_noise(clean.expand(times, -1, -1, -1), drawn.expand(times, -1, -1, -1), time)
    edges = np.linspace(-REACH, REACH, BINS + 1)
    data = {
        "path": path,
        "frames": to_uint8(states),
        "noise": noise_shades(drawn)[0],
        "times": time.numpy(),
        "alpha": way.alpha(time).numpy(),
        "sigma": way.sigma(time).numpy(),
        "decibels": decibels(way, time),
        "histograms": np.stack([_density(state.numpy(), edges) for state in states]),
        "edges": edges,
        "gaussian": np.exp(-(((edges[1:] + edges[:-1]) / 2) ** 2) / 2) / np.sqrt(2 * np.pi),
    }
    yield Sample("dissolve", "dissolve", data)
    return {"times": times}


def path_named(name: str) -> NoisePath:
    """A path by the name that a person chooses it by."""
    if name not in PATHS:
        raise StudioError(f"path is {name!r}; choose one of {', '.join(PATHS)}.")
    return noise_path(*PATHS[name])


def decibels(path: NoisePath, time: torch.Tensor) -> np.ndarray:
    """The signal-to-noise ratio α² / σ² at each time in decibels; infinite at the ends where σ or α is 0."""
    found: np.ndarray = (path.log_snr(time) * (10.0 / np.log(10.0))).numpy()
    return found


def _density(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of the values in each bin over its width; what lies beyond the edges counts in the whole."""
    counts = np.histogram(values, edges)[0]
    density: np.ndarray = counts / (values.size * np.diff(edges))
    return density
