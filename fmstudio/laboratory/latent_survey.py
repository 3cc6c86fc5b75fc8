"""Measures the latent space that pictures fill: its two main directions, and what each dimension is used for."""

from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.families.pictures import from_uint8
from fmstudio.families.vae_learners import codebook_collapse, posterior_collapse
from fmstudio.families.vae_model import GaussianModel, QuantizedModel, VaeModel
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.nn.gaussian_vae import PosteriorMeter
from fmstudio.nn.vector_quantizer import perplexity

BATCH = 250


def survey_latents(
    context: JobContext, model: VaeModel, pixels: np.ndarray, indices: np.ndarray
) -> Generator[Event, None, dict[str, Any]]:
    """Encode the pictures of these indices; pixels: (pictures, height, width, channels) of uint8.

    Returns where each lies on a plane ("points", "axes") and how the plane lies in latent space ("centre",
    "components"), and for each dimension its KL, its deviation and its place in the order of use. The vector-quantised
    kind has neither KL nor order; it has a codebook, and "active" counts its codes in use.
    """
    meter = _GaussianMeter(model) if isinstance(model, GaussianModel) else _CodeMeter(model)
    for start in range(0, len(indices), BATCH):
        meter.add(from_uint8(np.stack([pixels[index] for index in indices[start : start + BATCH]])))
        yield Progress(min(start + BATCH, len(indices)), len(indices), "pictures", "encoding")
        if context.stopping:
            break
    latents = meter.latents.numpy().astype(np.float64)
    centre, components, axes = plane(latents)
    points = (latents - centre) @ components.T
    return {
        "points": points.astype(np.float32),
        "axes": axes,
        "centre": centre.astype(np.float32),
        "components": components.astype(np.float32),
        "deviations": latents.std(0).astype(np.float32),
        **meter.result(),
    }


def plane(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The centre (latent,), two directions (2, latent) and titles for both, to draw latents (pictures, latent) on.

    The directions are those of most variance (principal component analysis); of one or two dimensions they are the
    dimensions themselves, and the centre is 0.
    """
    dimensions = latents.shape[1]
    if dimensions <= 2:
        components = np.eye(2, dimensions)
        return np.zeros(dimensions), components, ["Dimension 1", "Dimension 2" if dimensions == 2 else ""]
    centre = latents.mean(0)
    variances, directions = np.linalg.eigh(np.cov(latents.T, bias=True))
    components = directions.T[::-1][:2]
    # An eigenvector's sign is chance; its largest number is made positive, so that a map keeps its sides.
    largest = np.abs(components).argmax(1)
    components = components * np.sign(components[[0, 1], largest])[:, None]
    shares = variances[::-1][:2] / max(variances.sum(), 1e-12)
    axes = [f"Component {number + 1} ({share:.0%} of the variance)" for number, share in enumerate(shares)]
    return centre, components, axes


class _GaussianMeter:
    def __init__(self, model: GaussianModel) -> None:
        self._model, self._meter = model, PosteriorMeter()

    def add(self, pictures: Tensor) -> None:
        with torch.no_grad():
            self._meter.add(*self._model.autoencoder.encode(pictures))

    @property
    def latents(self) -> Tensor:
        return self._meter.means

    def result(self) -> dict[str, Any]:
        kl = self._meter.kl
        return {
            "kl": kl.tolist(),
            "order": kl.argsort(descending=True, stable=True).tolist(),
            "active": self._meter.active,
            "collapse": posterior_collapse(self._meter.active, self._model.latent),
            "codebook": None,
        }


class _CodeMeter:
    def __init__(self, model: VaeModel) -> None:
        assert isinstance(model, QuantizedModel)
        self._model = model
        self._codes: list[Tensor] = []

    def add(self, pictures: Tensor) -> None:
        self._codes.append(self._model.codes(pictures))

    @property
    def latents(self) -> Tensor:
        return self._model.vectors_of(torch.cat(self._codes))

    def result(self) -> dict[str, Any]:
        size = self._model.settings.codebook_size
        counts = torch.bincount(torch.cat(self._codes).flatten(), minlength=size)
        used = int((counts > 0).sum())
        return {
            "kl": [],
            "order": [],
            "active": used,
            "collapse": codebook_collapse(used, size),
            "codebook": {"size": size, "used": used, "perplexity": perplexity(counts), "counts": counts.tolist()},
        }
