"""Variational autoencoders: press a picture into a latent, unfold it again, and learn to draw latents.

- the encoder answers with a Gaussian over a vector, q(z|x); the decoder turns a draw of it back into the picture
- two things are asked at once (Kingma and Welling 2014, eq. 3): the picture must be likely under its reconstruction,
  and q(z|x) must stay near N(0, I), measured by the KL divergence; together they bound log p(x) from below
- the KL's weight grows from zero over the first steps, else the decoder may learn to do without z: the posterior
  collapses onto the prior, and nothing of the picture passes
- the vector-quantised kind replaces the Gaussian by the nearest of a codebook's vectors at each place of a grid
- a small second network learns where latents really lie, in a phase of its own that does not touch the first
"""

import math
import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.families.family import Learner, Network, Plot, Recipe
from fmstudio.families.pictures import PictureData, PictureFamily, illustration, open_pictures, to_uint8
from fmstudio.families.vae_learners import GaussianLearner, QuantizedLearner, VaeNetwork
from fmstudio.families.vae_model import FAMILY_NAME, GaussianModel, QuantizedModel, VaeModel, load_vae, make_model
from fmstudio.families.vae_settings import VaeObjective, VaeSampling, VaeSettings
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.workspace import Workspace

DRAWN_AT_ONCE = 64
SHOWN_OBJECTIVE = 8


class VaeFamily(PictureFamily):
    """Gaussian and vector-quantised autoencoders of pictures."""

    name = FAMILY_NAME
    title = "Variational autoencoder"
    description = (
        "Two networks: one presses a picture into a few numbers, the other unfolds them again. New numbers make new "
        "pictures."
    )
    objective = (
        "Every picture is its own lesson: the network must give it back after it went through a narrow latent, whose "
        "values must stay near a normal distribution. Nobody labels anything."
    )
    order = 40
    sections = {"data": PictureData, "model": VaeSettings, "objective": VaeObjective}
    training_defaults = {
        "steps": 3000, "batch_size": 64, "learning_rate": 0.015, "adam_learning_rate": 0.003, "warmup_steps": 0,
        "decay_fraction": 0.5, "evaluate_every": 250, "checkpoint_every": 500,
    }  # fmt: skip
    sizes = {
        "Tiny": {"model.latent": 16, "model.width": 16, "model.prior_width": 64, "model.prior_layers": 2},
        "Small": {"model.latent": 64, "model.width": 32, "model.prior_width": 192, "model.prior_layers": 3},
        "Medium": {
            "model.latent": 64,
            "model.width": 48,
            "model.blocks": 2,
            "model.prior_width": 256,
            "model.prior_layers": 4,
        },
        "Large": {
            "model.latent": 128,
            "model.width": 96,
            "model.blocks": 2,
            "model.prior_width": 384,
            "model.prior_layers": 6,
        },
        "GPU": {
            "model.latent": 256,
            "model.width": 192,
            "model.blocks": 3,
            "model.prior_width": 768,
            "model.prior_layers": 8,
        },
    }
    plots = (
        Plot("loss", "Negative evidence bound", "nats per number", tab="Bound"),
        Plot("reconstruction", "Reconstruction error", "grey levels of 255", tab="Error"),
        Plot("kl", "KL divergence", "nats per picture", tab="KL"),
        Plot("active_dimensions", "Active dimensions", "dimensions", tab="Active"),
        Plot("codebook", "Codebook use", "codes", tab="Codebook"),
        Plot("commitment", "Distance to the codes", "squared", tab="Commitment"),
        Plot("prior", "Prior's loss", "", tab="Prior"),
        *PictureFamily.small_plots,
    )
    sampling = VaeSampling

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the pictures and draw the networks' first weights."""
        pictures = open_pictures(workspace, recipe)
        model = make_model(
            (pictures.height, pictures.width, pictures.channels),
            recipe.model,
            pictures.conditions,
            recipe.training.seed,
        )
        yield Progress(0, recipe.training.steps, "steps", "ready")
        if isinstance(model, GaussianModel):
            return GaussianLearner(model, recipe, pictures, device)
        assert isinstance(model, QuantizedModel)
        return QuantizedLearner(model, recipe, pictures, device)

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """Encoder, decoder and prior."""
        return VaeNetwork(load_vae(folder))

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """Autoencoder and prior."""
        with torch.device("meta"):
            return nn.ModuleDict(_planned(workspace, recipe).networks)

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About six outputs a residual block, in encoder and decoder, and 16 widths a code and layer of the prior."""
        with torch.device("meta"):
            model = _planned(workspace, recipe)
        chosen: VaeSettings = recipe.model
        assert isinstance(model, GaussianModel | QuantizedModel)
        kept = 2 * 6 * chosen.blocks * model.autoencoder.shape.values_per_picture
        if isinstance(model, QuantizedModel):
            kept += 16 * model.autoencoder.places * chosen.prior_width * chosen.prior_layers
        return 4 * kept * self.units_per_step(recipe) // int(recipe.training.accumulation)

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """Real pictures, which are what goes in and what must come out, and how narrow the way between is."""
        pictures = open_pictures(workspace, recipe).validation(SHOWN_OBJECTIVE)[0]
        model = _planned(workspace, recipe)
        if isinstance(model, QuantizedModel):
            numbers, what = model.autoencoder.places, f"codes, each one of {model.settings.codebook_size:,}"
        else:
            numbers, what = model.latent, "numbers"
        yield illustration(recipe, [
            (f"What goes in and must come out again: {pictures[0].numel():,} numbers a picture",
             to_uint8(pictures), ()),
            (f"The way between has only {numbers:,} {what}. With so few, pixels alone would show this much:",
             to_uint8(_in_pixels(pictures, numbers)), ()),
        ])  # fmt: skip

    def sample(self, context: JobContext, folder: Path, settings: VaeSampling, device: torch.device) -> Job:
        """Draw latents from the prior and decode them."""
        return draw_pictures(context, load_vae(folder).to(device), settings)


def draw_pictures(context: JobContext, model: VaeModel, settings: VaeSampling) -> Job:
    """Yields all pictures so far as the Sample "output"; returns their number and the seconds it took."""
    began = time.perf_counter()
    conditions = model.conditions.tensor(settings.condition, settings.count).to(model.device)
    done: list[np.ndarray] = []
    for numbers in torch.arange(settings.count).split(DRAWN_AT_ONCE):
        wanted = conditions[numbers]
        latents = model.draw(wanted, numbers.tolist(), settings.seed, settings.temperature, settings.prior == "learnt")
        done.append(to_uint8(model.decode(latents, wanted)))
        count = sum(map(len, done))
        yield Sample("output", "images", np.concatenate(done), count)
        yield Progress(count, settings.count, "pictures")
        if context.stopping:
            break
    return {"count": count, "seconds": time.perf_counter() - began}


def _in_pixels(pictures: Tensor, numbers: int) -> Tensor:
    """Pictures (batch, channels, height, width) drawn with squares, so few that they have about `numbers` values."""
    height, width = pictures.shape[-2:]
    shrink = min(1.0, math.sqrt(numbers / pictures[0].numel()))
    small = functional.adaptive_avg_pool2d(pictures, (max(1, round(height * shrink)), max(1, round(width * shrink))))
    return functional.interpolate(small, (height, width))


def _planned(workspace: Workspace, recipe: Recipe) -> VaeModel:
    """The model that the recipe will make of its pictures."""
    pictures = open_pictures(workspace, recipe)
    return make_model((pictures.height, pictures.width, pictures.channels), recipe.model, pictures.conditions, None)


FAMILY = VaeFamily()

__all__ = ["FAMILY", "VaeModel", "draw_pictures", "load_vae"]
