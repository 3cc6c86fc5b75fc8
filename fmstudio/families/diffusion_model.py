"""A diffusion model as one thing: how a recipe plans it, its denoiser with guidance, its folder, drawing from it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.families.chance import noise
from fmstudio.families.conditions import Conditions
from fmstudio.families.diffusion_settings import DiffusionObjective, DiffusionSampling
from fmstudio.families.family import Recipe
from fmstudio.families.pictures import PictureMixture, load_weights, read_config, save_model, to_uint8
from fmstudio.jobs import JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.noise_path import NoisePath, Prediction, noise_path
from fmstudio.nn.samplers import Denoiser, Step, evaluations, sampler_of
from fmstudio.nn.unet import UNet, UNetShape
from fmstudio.recipe import RecipeError, values_of

NAME = "diffusion"
BATCH = 64
"""Pictures drawn at once: memory stays small."""

FRESH_NOISE = 2_000_001
"""First stream of the noise that samplers draw at their steps, apart from what a picture begins as."""


@dataclass(frozen=True, slots=True)
class DiffusionModel:
    """A U-Net in evaluation mode, the path whose noise it takes away, and what it can be asked for."""

    network: UNet
    path: NoisePath
    prediction: Prediction
    height: int
    width: int
    conditions: Conditions

    @property
    def channels(self) -> int:
        """3 for colour, 1 for grey."""
        return self.network.shape.channels

    def to(self, device: torch.device) -> "DiffusionModel":
        """The same model, moved."""
        self.network.to(device)
        return self

    def denoiser(self, conditions: Tensor, guidance: float = 1.0) -> Denoiser:
        """x₀(x, t) for pictures with these conditions, (batch, fields).

        guidance: w of classifier-free guidance (Ho and Salimans 2022), x₀ = x₀(open) + w (x₀(condition) − x₀(open)): 1
        follows the condition as it was learnt, 0 ignores it; any other w takes two looks at each picture. What guidance
        amplifies, and what is worked out from an estimate of the noise, is kept within the range of pictures.
        """
        is_open = bool((conditions < 0).all())

        @torch.no_grad()
        def denoise(x: Tensor, t: Tensor) -> Tensor:
            wanted = conditions.to(x.device)
            nothing = torch.full_like(wanted, -1)
            if is_open or guidance in (0.0, 1.0):
                found = self._predict(x, t, wanted if guidance else nothing)
                return found.clamp(-1.0, 1.0) if self.prediction == "epsilon" else found
            both = self._predict(x.repeat(2, 1, 1, 1), t.repeat(2), torch.cat([wanted, nothing]))
            asked, left_open = both.chunk(2)
            return torch.lerp(left_open, asked, guidance).clamp(-1.0, 1.0)

        return denoise

    def _predict(self, x: Tensor, t: Tensor, conditions: Tensor) -> Tensor:
        return self.path.denoised(self.prediction, self.network(x, t, conditions), x, t)


def save_diffusion(folder: Path, model: DiffusionModel) -> None:
    """Write config.json and model.safetensors."""
    config = {
        "height": model.height,
        "width": model.width,
        "shape": model.network.shape.to_json(),
        "path": model.path.name,
        "schedule": getattr(model.path, "schedule", ""),
        "prediction": model.prediction,
        "conditions": model.conditions.to_json(),
    }
    save_model(folder, NAME, config, model.network)


def load_diffusion(folder: Path) -> DiffusionModel:
    """Open a model folder; raises StudioError where it is damaged or of another family."""
    config = read_config(folder, NAME)
    try:
        model = _read(config)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise StudioError(f"{folder / 'config.json'} is damaged ({error!r}); copy the folder again.") from error
    load_weights(folder, model.network)
    return model


def _read(config: Mapping[str, Any]) -> DiffusionModel:
    """The model that a config.json describes, its weights still at random."""
    if config["prediction"] not in get_args(Prediction):
        raise ValueError(f"prediction is {config['prediction']!r}")
    return DiffusionModel(
        UNet(UNetShape.from_json(config["shape"])).eval(),
        noise_path(config["path"], config["schedule"]),
        cast(Prediction, config["prediction"]),
        int(config["height"]),
        int(config["width"]),
        Conditions.from_json(config["conditions"]),
    )


def path_of(recipe: Recipe) -> NoisePath:
    """The path that a recipe chooses; raises RecipeError where the prediction cannot be had from it."""
    chosen: DiffusionObjective = recipe.sections["objective"]
    if chosen.path == "flow" and chosen.prediction == "epsilon":
        raise RecipeError(
            'objective.prediction is "epsilon", but at the end of the straight path nothing but noise is left and it '
            'tells nothing of the picture; choose "v" or "x0", or objective.path = "ddpm".',
            "objective.prediction",
        )
    return noise_path(chosen.path, chosen.schedule)


def shape_of(pictures: PictureMixture, recipe: Recipe) -> UNetShape:
    """The U-Net that a recipe chooses for these pictures; raises StudioError where their sizes do not fit."""
    conditions = tuple(pictures.conditions.sizes)
    shape = UNetShape(channels=pictures.channels, conditions=conditions, **values_of(recipe.model))
    shape.check_size(pictures.height, pictures.width)
    return shape


def plan_model(pictures: PictureMixture, recipe: Recipe) -> DiffusionModel:
    """The model that the recipe makes of its pictures, its weights at random."""
    path, network = path_of(recipe), UNet(shape_of(pictures, recipe))
    prediction = recipe.sections["objective"].prediction
    return DiffusionModel(network, path, prediction, pictures.height, pictures.width, pictures.conditions)


def check_fit(model: DiffusionModel, pictures: PictureMixture, name: str) -> None:
    """Raises RecipeError where a model to continue from draws other pictures."""
    if (model.height, model.width, model.channels) != (pictures.height, pictures.width, pictures.channels):
        raise RecipeError(
            f"init is {name!r}, which draws pictures of {model.width} × {model.height} with {model.channels} channels, "
            f"but those of data.datasets are {pictures.width} × {pictures.height} with {pictures.channels}; choose "
            "pictures of that size, or leave init empty.",
            "init",
        )
    if model.conditions != pictures.conditions:
        raise RecipeError(
            f"init is {name!r}, which can be asked for other things than these pictures; choose the data.conditioning "
            "and the datasets that it was trained with, or leave init empty.",
            "data.conditioning",
        )


def draw_pictures(context: JobContext, model: DiffusionModel, settings: DiffusionSampling) -> Job:
    """Yields all pictures so far as the Sample "output"; returns their number and the seconds it took.

    The first pictures of a seed are the same however many are drawn.
    """
    began, done = time.perf_counter(), 0
    starts = range(0, settings.count, BATCH)
    pictures: list[Tensor] = []
    for start in starts:
        count = min(BATCH, settings.count - start)
        for step in walk(model, settings, start, count):
            done, x = done + 1, step.next_state
            yield Progress(done, len(starts) * settings.steps, "steps", f"{start + count:,} of {settings.count:,}")
        pictures.append(x.cpu())
        yield Sample("output", "images", to_uint8(torch.cat(pictures)))
        if context.stopping:
            break
    asked = evaluations(settings.sampler, settings.steps)
    return {"count": sum(map(len, pictures)), "evaluations": asked, "seconds": time.perf_counter() - began}


def walk(model: DiffusionModel, settings: DiffusionSampling, start: int, count: int) -> Iterator[Step]:
    """The sampler's steps for pictures number `start` and after of the settings' seed, on the model's device."""
    device = next(model.network.parameters()).device
    shape, numbers = (model.channels, model.height, model.width), range(start, start + count)
    x = torch.stack([noise(shape, settings.seed, number) for number in numbers]).to(device)
    denoiser = model.denoiser(model.conditions.tensor(settings.condition, count), settings.guidance)

    def fresh(index: int) -> Tensor:
        return torch.stack([noise(shape, settings.seed, index, FRESH_NOISE + n) for n in numbers]).to(device)

    times = model.path.timesteps(settings.steps)
    return sampler_of(settings.sampler, settings.eta)(denoiser, model.path, x, times, fresh)
