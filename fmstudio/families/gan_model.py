"""A trained GAN as a thing to draw from: latents of a seed, truncation, walks between latents, and its model folder."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.families.chance import noise, uniform
from fmstudio.families.conditions import Conditions
from fmstudio.families.gan_settings import GanSampling
from fmstudio.families.pictures import UNIT, load_weights, read_config, save_model, to_uint8
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.adversarial import AdversarialShape, PictureDiscriminator, PictureGenerator

NAME = "gan"
BATCH = 64
"""Pictures drawn at once: memory stays small and the work can be interrupted in between."""


@dataclass(frozen=True, slots=True)
class GanModel:
    """Both players of a finished game, in evaluation mode; the generator has the averaged weights.

    rows: (count, fields), what real pictures were like: a wish that leaves a field open is filled up from them.
    """

    generator: PictureGenerator
    discriminator: PictureDiscriminator
    conditions: Conditions
    rows: Tensor

    @property
    def shape(self) -> AdversarialShape:
        """Of both networks."""
        return self.generator.shape

    def to(self, device: torch.device) -> "GanModel":
        """The same model, moved."""
        self.generator.to(device), self.discriminator.to(device)
        return self

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.generator.begin.weight.device

    def drawn(self, seed: int, number: int, wishes: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Latent (1, latent) and condition (1, fields) of the picture `number` of a seed."""
        latent = noise((1, self.shape.latent), seed, number)
        return latent, fill(self.rows, wishes, float(uniform(1, seed, number, stream=1)))

    @torch.no_grad()
    def embedded(self, seed: int, number: int, wishes: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The same with the condition embedded, as `pictures` takes it and a walk blends it."""
        latent, condition = self.drawn(seed, number, wishes)
        return latent.to(self.device), self.generator.embed(condition.to(self.device))

    @torch.no_grad()
    def pictures(self, latents: Tensor, embedded: Tensor, truncation: float = 1.0) -> Tensor:
        """Pictures (count, channels, height, width), about [-1, 1].

        truncation: each latent is pulled to the mean of all latents, which is 0, until this part of it is left. The
        first layer is linear, so this is the truncation of StyleGAN (Karras et al. 2019, section B): less varied and
        more typical below 1, bolder and more often broken above.
        """
        drawn: Tensor = self.generator.draw(truncation * latents, embedded)
        return drawn


def fill(rows: Tensor, wishes: Sequence[int], chance: float) -> Tensor:
    """A condition (1, fields) with all that is wished for (-1 leaves open), else like a real picture's.

    Among the real ones that agree with the wishes, `chance` in [0, 1) chooses; where none agrees, among all.
    """
    wanted = torch.tensor(wishes, dtype=torch.int64)
    given = wanted >= 0
    agreeing = rows[(rows[:, given] == wanted[given]).all(1)]
    candidates = agreeing if len(agreeing) else rows
    row = candidates[int(chance * len(candidates))]
    return torch.where(given, wanted, row)[None]


def sample_gan(context: JobContext, model: GanModel, settings: GanSampling) -> Job:
    """All pictures so far as the Sample "output", again and again; returns their number and the seconds it took."""
    began = time.perf_counter()
    wishes = model.conditions.encode(settings.condition)
    done: list[np.ndarray] = []
    while len(done) < settings.count:
        numbers = range(len(done), min(len(done) + BATCH, settings.count))
        inputs = [model.embedded(settings.seed, number, wishes) for number in numbers]
        latents, embedded = (torch.cat(parts) for parts in zip(*inputs, strict=True))
        done.extend(to_uint8(model.pictures(latents, embedded, settings.truncation)))
        yield Sample("output", "images", np.stack(done), len(done))
        yield Progress(len(done), settings.count, UNIT)
        if context.stopping:
            break
    return {"count": len(done), "seconds": time.perf_counter() - began}


def save_gan(folder: Path, model: GanModel) -> None:
    """Write a model folder with both players, so that the discriminator can still be asked for its scores."""
    config = {
        "shape": dataclasses.asdict(model.shape),
        "conditions": model.conditions.to_json(),
        "rows": model.rows.tolist(),
    }
    save_model(folder, NAME, config, _both(model.generator, model.discriminator))


def load_gan(folder: Path) -> GanModel:
    """Open a model folder; raises StudioError where it is damaged or of another family."""
    config = read_config(folder, NAME)
    try:
        shape = read_shape(config)
        conditions = Conditions.from_json(config["conditions"])
        rows = torch.tensor(config["rows"], dtype=torch.int64).reshape(len(config["rows"]), len(conditions.fields))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StudioError(f"{folder / 'config.json'} is damaged ({error!r}); copy the folder again.") from error
    generator, discriminator = PictureGenerator(shape, None), PictureDiscriminator(shape, None)
    load_weights(folder, _both(generator, discriminator))
    return GanModel(generator.eval(), discriminator.eval(), conditions, rows)


def read_shape(config: Mapping[str, Any]) -> AdversarialShape:
    """The networks' shape from a model's config.json."""
    values = dict(config["shape"])
    return AdversarialShape(**values | {"conditions": tuple(values["conditions"])})


def _both(generator: nn.Module, discriminator: nn.Module) -> nn.Module:
    return nn.ModuleDict({"generator": generator, "discriminator": discriminator})
