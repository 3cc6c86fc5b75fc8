"""Diffusion models: a network learns to take noise away, and draws by taking it away from nothing but noise.

- the lesson: a picture x₀ is mixed with noise ε to a random degree t, x_t = α(t) x₀ + σ(t) ε, and the network, shown
  x_t and t, must say the noise, the picture, or the way from one to the other; the loss is its squared error
- the path: straight (flow matching) or DDPM's; `nn.noise_path` has both
- conditions are hidden now and then, so that one network also learns to draw without them; how far apart its two
  answers are is what guidance amplifies
- pictures are validated, drawn and saved with a running average of the weights, which is smoother than the last ones
- validation: the same loss on pictures held back, always with the same noise and times; by time as well, since late
  times are about layout and early ones about detail
"""

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fmstudio.families.chance import noise, uniform
from fmstudio.families.diffusion_model import (
    NAME,
    DiffusionModel,
    check_fit,
    draw_pictures,
    load_diffusion,
    path_of,
    plan_model,
    save_diffusion,
    shape_of,
)
from fmstudio.families.diffusion_settings import DiffusionObjective, DiffusionSampling, UNetSettings
from fmstudio.families.family import Learner, Network, Phase, Plot, Recipe, ValidationResult
from fmstudio.families.pictures import (
    UNIT,
    PictureData,
    PictureFamily,
    PictureMixture,
    illustration,
    open_pictures,
    to_uint8,
)
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.averaging import WeightAverage
from fmstudio.nn.noise_path import NoisePath
from fmstudio.nn.precision import convolution_autocast
from fmstudio.nn.samplers import sampler_of
from fmstudio.nn.unet import UNet
from fmstudio.recipe import values_of
from fmstudio.workspace import Workspace

NOISES, TIMES, HIDDEN, FIXED = 21, 22, 23, 24
"""Streams of chance."""

VALIDATED, VALIDATED_AT_ONCE = 512, 64
"""Held-back pictures of a validation, and how many before other jobs may go first."""

QUARTERS = ("0 to ¼", "¼ to ½", "½ to ¾", "¾ to 1")
"""The series of the loss by time: from little noise to much."""

SHOWN, SHOWN_STEPS = 36, 12
"""Pictures in the grid that is drawn from the same noise throughout a run, and the steps taken for it."""

ILLUSTRATED = 9
"""Degrees of noise at which the objective is shown."""

DiffusionBatch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Pictures, their conditions, noise of the pictures' shape, and a time for each."""


class DiffusionNetwork(Network):
    """A U-Net, the average of its weights, and the path."""

    def __init__(self, model: DiffusionModel, recipe: Recipe) -> None:
        self._model = model
        self.unet = model.network
        self.average = WeightAverage(
            self.unet, 0.5 ** (recipe.training.batch_size / recipe.sections["objective"].half_life)
        )
        self.modules = {"network": self.unet, "average": self.average}

    def averaged(self) -> DiffusionModel:
        """The model as it would be saved now: with the averaged weights."""
        model, network = self._model, self.average.module
        assert isinstance(network, UNet)
        return DiffusionModel(network, model.path, model.prediction, model.height, model.width, model.conditions)

    def meaning(self) -> Mapping[str, Any]:
        """Which value of each condition has which number."""
        return {"conditions": self._model.conditions.to_json()}

    def save(self, folder: Path) -> None:
        """Write the averaged network."""
        save_diffusion(folder, self.averaged())


class DiffusionLearner(DiffusionNetwork, Learner):
    """A U-Net, the average of its weights, the path, and the pictures."""

    unit = UNIT

    def __init__(self, model: DiffusionModel, recipe: Recipe, data: PictureMixture, device: torch.device) -> None:
        model.network.to(device)
        super().__init__(model, recipe)
        self._recipe, self._data, self._device = recipe, data, device
        self._objective: DiffusionObjective = recipe.sections["objective"]
        self._path, self._prediction = model.path, model.prediction
        self.units_per_step = recipe.training.batch_size

    def compile(self) -> None:
        """Only what training runs."""
        self.unet.compile()

    def phases(self) -> list[Phase]:
        """One: all of the network, by the squared error of its answer."""
        return [Phase("network", self.unet, self._loss)]

    def batch(self, step: int) -> DiffusionBatch:
        """Pictures with all the chance of their lesson: a pure function of seed and step."""
        seed, count = self._recipe.training.seed, self._recipe.training.batch_size
        pictures, conditions = self._data.batch(seed, step, count)
        conditions = condition_dropout(conditions, self._objective.condition_dropout, seed, step)
        drawn = noise(pictures.shape, seed, step, NOISES).contiguous(memory_format=torch.channels_last)
        times = training_times(self._path, self._objective, uniform(count, seed, step, TIMES))
        device = self._device
        return pictures.to(device), conditions.to(device), drawn.to(device), times.to(device)

    def _loss(self, batch: DiffusionBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        with convolution_autocast(self._device, self._recipe.training.precision):
            loss = squared_errors(self.unet, self._path, self._model, batch).mean()
        return loss, {"loss/training": loss}

    def after_step(self, step: int) -> None:
        """Move the average."""
        self.average.update(self.unet, step)

    @torch.no_grad()
    def _errors(self, batch: DiffusionBatch) -> Tensor:
        return squared_errors(self.average.module, self._path, self._model, batch)

    def validate(self) -> Generator[None, None, ValidationResult]:
        """The averaged network's loss on held-back pictures, at noise and times that never change."""
        pictures, conditions = self._data.validation(VALIDATED)
        count = len(pictures)
        drawn = noise(pictures.shape, 0, 0, FIXED)
        # Every degree of noise once, dealt out to the pictures at random.
        places = (torch.argsort(uniform(count, 0, 0, FIXED)) + 0.5) / count
        times = self._path.training_times(places)
        found: list[Tensor] = []
        for rows in torch.arange(count).split(VALIDATED_AT_ONCE):
            parts = (part[rows].to(self._device) for part in (pictures, conditions, drawn, times))
            x0, wanted, eps, t = parts
            found.append(self._errors((x0, wanted, eps, t)).cpu())
            yield
        errors, quarters = torch.cat(found), (times * 4).ceil().clamp(1, 4)
        by_time = {f"loss_by_time/{name}": errors[quarters == number + 1] for number, name in enumerate(QUARTERS)}
        loss = float(errors.mean())
        return ValidationResult(loss, {"loss/validation": loss} | {
            name: float(part.mean()) for name, part in by_time.items() if len(part)
        })  # fmt: skip

    def samples(self, step: int) -> Iterator[Event]:
        """Pictures from the same noise each time, asked to be what the first held-back pictures are."""
        model = self.averaged()
        shape = (SHOWN, model.channels, model.height, model.width)
        conditions = self._data.validation(SHOWN)[1]
        conditions = conditions[torch.arange(SHOWN) % len(conditions)]
        x = noise(shape, self._recipe.training.seed, 0, FIXED).to(self._device)
        steps = sampler_of("dpm-solver++")(
            model.denoiser(conditions), model.path, x, model.path.timesteps(SHOWN_STEPS), lambda _: x
        )
        *_, last = steps
        yield Sample("sample", "images", to_uint8(last.next_state), step)


def squared_errors(network: nn.Module, path: NoisePath, model: DiffusionModel, batch: DiffusionBatch) -> Tensor:
    """The mean squared error of the network's answer for each picture, (batch,)."""
    pictures, conditions, drawn, times = batch
    x = path.add_noise(pictures, drawn, times)
    answer = network(x, times, conditions).float()
    return (answer - path.target(model.prediction, pictures, drawn, times)).square().mean((1, 2, 3))


def training_times(path: NoisePath, objective: DiffusionObjective, chance: Tensor) -> Tensor:
    """Times to train at, (batch,), from numbers drawn uniformly from [0, 1), (batch,).

    Each picture has its own equal part of the range, so that every batch sees all degrees of noise (Kingma et al. 2021,
    appendix I.1). "logit-normal" draws more from the middle (Esser et al. 2024, equation 19).
    """
    count = len(chance)
    spread = (torch.arange(count) + chance) / count
    if objective.times == "logit-normal":
        spread = torch.special.ndtri(spread.clamp(1e-4, 1 - 1e-4)).sigmoid()
    return path.training_times(spread)


def condition_dropout(conditions: Tensor, dropout: float, seed: int, step: int) -> Tensor:
    """Conditions (batch, fields) with some left open: all of a picture's with the probability `dropout`.

    Of several fields any part may later be asked for, so of those pictures that keep theirs each field is hidden with
    a probability that is drawn anew for each picture.
    """
    count, fields = conditions.shape
    chance = uniform(count * (fields + 2), seed, step, HIDDEN).reshape(count, fields + 2)
    hidden = (chance[:, :1] < dropout).expand(-1, fields)
    if fields > 1 and dropout > 0:
        hidden = hidden | (chance[:, 2:] < chance[:, 1:2])
    return conditions.masked_fill(hidden, -1)


class DiffusionFamily(PictureFamily):
    """U-Nets over pixels, by flow matching or as denoising diffusion probabilistic models."""

    name = NAME
    title = "Diffusion model"
    description = "A network that takes noise away, step by step, until a picture is left."
    objective = (
        "Every picture is its own lesson: noise is added to it, and the network is asked to tell noise and picture "
        "apart. Nobody labels anything."
    )
    order = 20
    can_continue = True
    overfits_to = 0.8
    sections = {"data": PictureData, "model": UNetSettings, "objective": DiffusionObjective}
    training_defaults = {
        "steps": 3000, "batch_size": 64, "learning_rate": 0.02, "adam_learning_rate": 0.003, "warmup_steps": 20,
        "decay_fraction": 0.5, "evaluate_every": 250, "checkpoint_every": 500, "keep": "last",
    }  # fmt: skip
    sizes = {
        "Tiny": {"model.width": 32, "model.blocks": 1},
        "Small": {"model.width": 64},
        "Medium": {"model.width": 96, "model.levels": 3, "model.attention": True},
        "Large": {"model.width": 128, "model.levels": 3, "model.middle": 4, "model.attention": True},
        "GPU": {"model.width": 192, "model.levels": 4, "model.blocks": 3, "model.middle": 6, "model.attention": True},
    }
    plots = (
        Plot("loss", "Loss", "squared error"),
        Plot("loss_by_time", "Validation loss by amount of noise", "squared error", tab="By noise"),
        *PictureFamily.small_plots,
    )
    sampling = DiffusionSampling

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the pictures, and draw the network's first weights or load those to continue from."""
        pictures = open_pictures(workspace, recipe)
        if recipe.init:
            model = load_diffusion(workspace.model_folder(recipe.init))
            check_fit(model, pictures, recipe.init)
        else:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(recipe.training.seed)
                model = plan_model(pictures, recipe)
        yield Progress(0, recipe.training.steps, "steps", "ready")
        return DiffusionLearner(model, recipe, pictures, device)

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """The U-Net and its average."""
        return DiffusionNetwork(load_diffusion(folder), recipe)

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """The recipe with the shape and the path of the model that it begins from, which cannot be chosen again."""
        workspace.model(recipe.init)
        model = load_diffusion(workspace.model_folder(recipe.init))
        shape = {name: getattr(model.network.shape, name) for name in values_of(recipe.model)}
        schedule = {"schedule": found} if (found := getattr(model.path, "schedule", "")) else {}
        recipe = recipe.with_values("model", **shape)
        return recipe.with_values("objective", path=model.path.name, prediction=model.prediction, **schedule)

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """The U-Net's shapes."""
        with torch.device("meta"):
            return plan_model(open_pictures(workspace, recipe), recipe).network

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About seven outputs a residual block."""
        pictures = open_pictures(workspace, recipe)
        shape = shape_of(pictures, recipe)
        places = pictures.height * pictures.width // shape.patch**2
        sides = [width * places // 4**level for level, width in enumerate(shape.widths)]
        outputs = 2 * shape.blocks * sum(sides[:-1]) + shape.middle * sides[-1]
        return 4 * 7 * outputs * self.units_per_step(recipe) // int(recipe.training.accumulation)

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """A real picture on its way to noise: what the network is shown, and what it must say."""
        pictures = open_pictures(workspace, recipe)
        clean = pictures.validation(1)[0].expand(ILLUSTRATED, -1, -1, -1)
        path, prediction = path_of(recipe), recipe.sections["objective"].prediction
        times = torch.linspace(0.0, 1.0, ILLUSTRATED)
        drawn = noise(clean[:1].shape, recipe.training.seed, 0, FIXED).expand_as(clean)
        # A target has values beyond those of a picture: half of them is shown, around grey.
        target = path.target(prediction, clean, drawn, times) / (1 if prediction == "x0" else 2)
        wanted = {"v": "the velocity between picture and noise", "epsilon": "the noise", "x0": "the clean picture"}
        captions = [f"t = {time:.2f}" for time in times.tolist()]
        yield illustration(recipe, [
            ("What the network sees: a real picture at any of these degrees of noise",
             to_uint8(path.add_noise(clean, drawn, times)), captions),
            (f"What it must say: {wanted[prediction]}", to_uint8(target), ()),
        ])  # fmt: skip

    def sample(self, context: JobContext, folder: Path, settings: DiffusionSampling, device: torch.device) -> Job:
        """Take noise away from nothing but noise."""
        return draw_pictures(context, load_diffusion(folder).to(device), settings)


FAMILY = DiffusionFamily()

__all__ = ["FAMILY", "DiffusionModel", "draw_pictures", "load_diffusion"]
