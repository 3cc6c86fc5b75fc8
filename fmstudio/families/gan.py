"""The family of generative adversarial networks: two networks play against each other until one of them can draw.

`gan_learner` explains the game, `gan_model` what can be done with the one who draws.
"""

from collections.abc import Generator
from pathlib import Path

import torch
from torch import nn

from fmstudio.errors import StudioError
from fmstudio.families.chance import noise
from fmstudio.families.conditions import Conditions
from fmstudio.families.family import Learner, Network, Plot, Recipe
from fmstudio.families.gan_learner import FIXED, GanLearner, GanNetwork
from fmstudio.families.gan_model import NAME, GanModel, load_gan, read_shape, sample_gan
from fmstudio.families.gan_settings import GameSettings, GanSampling, GanSettings
from fmstudio.families.pictures import (
    PictureData,
    PictureFamily,
    PictureMixture,
    illustration,
    open_pictures,
    read_config,
    to_uint8,
)
from fmstudio.jobs import Event, JobContext, Progress
from fmstudio.jobs.context import Job
from fmstudio.nn.adversarial import AdversarialShape, PictureDiscriminator, PictureGenerator
from fmstudio.recipe import values_of
from fmstudio.workspace import Workspace

ILLUSTRATED, KEPT_ROWS = 8, 2048
"""Pictures that show the objective, and conditions of real pictures that a model remembers."""


def _size(learning_rate: float, blocks: int = 1, **model: int) -> dict[str, float]:
    """A named size by dotted path; the larger the networks, the smaller the steps that keep their game in balance."""
    shape = {f"model.{name}": value for name, value in {**model, "blocks": blocks}.items()}
    return shape | {"training.learning_rate": learning_rate}


class GanFamily(PictureFamily):
    """Pictures from a game of two networks."""

    name = NAME
    title = "Generative adversarial network"
    description = (
        "Two networks play against each other: one draws pictures from random numbers, the other tells them from real "
        "ones. Drawing takes a single pass."
    )
    objective = (
        "The discriminator learns to score real pictures above drawn ones, and the generator learns from those scores "
        "what to draw. Nobody labels anything."
    )
    order = 30
    can_continue = True
    sections = {"data": PictureData, "model": GanSettings, "game": GameSettings}
    training_defaults = {
        "steps": 5000, "batch_size": 16, "optimiser": "adamw", "learning_rate": 0.0006, "adam_beta1": 0.0,
        "adam_beta2": 0.99, "warmup_steps": 20, "gradient_clip": 0.0, "keep": "last", "evaluate_every": 250,
        "checkpoint_every": 500,
    }  # fmt: skip
    sizes = {
        "Tiny": _size(latent=32, features=16, maximum_features=64, learning_rate=0.0006),
        "Small": _size(latent=64, features=32, maximum_features=128, learning_rate=0.0006),
        "Medium": _size(latent=128, features=64, maximum_features=256, learning_rate=0.0005),
        "Large": _size(latent=256, features=96, maximum_features=384, blocks=2, learning_rate=0.0003),
        "GPU": _size(latent=512, features=192, maximum_features=768, blocks=2, learning_rate=0.0002),
    }
    plots = (
        Plot("loss", "Loss", ""),
        Plot("score", "Discriminator's scores", "", tab="Scores"),
        Plot("gradient_penalty", "Gradient penalty", "squared slope", tab="Penalty"),
        Plot("diversity", "Diversity", "difference to the nearest picture"),
        Plot("distance", "Distance to held-back pictures", "sliced Wasserstein", tab="Distance"),
        *PictureFamily.small_plots,
    )
    sampling = GanSampling

    def learner(
        self, context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device
    ) -> Generator[Event, None, Learner]:
        """Open the pictures, and build both players or load those to continue from."""
        data = open_pictures(workspace, recipe)
        yield Progress(0, recipe.training.steps, "steps", "opening the pictures")
        shape = _shape(recipe, data)
        if recipe.init:
            model = load_gan(workspace.model_folder(recipe.init))
            _check_continued(model, shape, data.conditions, recipe.init)
        else:
            seed = recipe.training.seed
            players = PictureGenerator(shape, seed), PictureDiscriminator(shape, seed)
            model = GanModel(*players, data.conditions, data.batch(seed, 0, KEPT_ROWS)[1])
        return GanLearner(model, recipe, data, device)

    def network(self, recipe: Recipe, folder: Path) -> Network:
        """Both players, and the generator's average."""
        return GanNetwork(load_gan(folder), recipe)

    def continued(self, workspace: Workspace, recipe: Recipe) -> Recipe:
        """The recipe with the networks' shape of the model that it begins from."""
        workspace.model(recipe.init)
        shape = read_shape(read_config(workspace.model_folder(recipe.init), NAME))
        return recipe.with_values("model", **{name: getattr(shape, name) for name in values_of(recipe.model)})

    def outline(self, workspace: Workspace, recipe: Recipe) -> nn.Module:
        """Both players' shapes."""
        shape = _planned_shape(workspace, recipe)
        with torch.device("meta"):
            return nn.ModuleList([PictureGenerator(shape, None), PictureDiscriminator(shape, None)])

    def activation_bytes(self, workspace: Workspace, recipe: Recipe) -> int:
        """About eight numbers for each feature of each level and block, in the larger of the two updates."""
        shape = _planned_shape(workspace, recipe)
        levels = zip(shape.sides, shape.widths, strict=True)
        features = sum(height * width * channels for (height, width), channels in levels) * shape.blocks
        features += shape.height * shape.width * shape.features // 2
        return 4 * 8 * 2 * features * self.units_per_step(recipe) // int(recipe.training.accumulation)

    def illustrate(self, context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
        """Real pictures, and what the generator draws before it has learnt anything."""
        data = open_pictures(workspace, recipe)
        real, conditions = data.validation(ILLUSTRATED)
        generator = PictureGenerator(_shape(recipe, data), recipe.training.seed)
        with torch.no_grad():
            drawn = generator(noise((len(real), recipe.model.latent), recipe.training.seed, 0, FIXED), conditions)
        yield illustration(recipe, [
            ("Real pictures, which the discriminator learns to score high", to_uint8(real), ()),
            ("What the generator draws before its first step: scored low, until it knows better", to_uint8(drawn), ()),
        ])  # fmt: skip

    def sample(self, context: JobContext, folder: Path, settings: GanSampling, device: torch.device) -> Job:
        """Draw pictures, each in one pass."""
        return sample_gan(context, load_gan(folder).to(device), settings)


def _shape(recipe: Recipe, data: PictureMixture) -> AdversarialShape:
    chosen: GanSettings = recipe.model
    return AdversarialShape(
        data.height, data.width, data.channels, **values_of(chosen), conditions=tuple(data.conditions.sizes)
    )


def _planned_shape(workspace: Workspace, recipe: Recipe) -> AdversarialShape:
    return _shape(recipe, open_pictures(workspace, recipe))


def _check_continued(model: GanModel, shape: AdversarialShape, conditions: Conditions, name: str) -> None:
    """Raise StudioError where the pictures are not such as the model to continue from knows."""
    if model.shape != shape or model.conditions != conditions:
        known = model.shape
        raise StudioError(
            f"Model {name!r} draws pictures of {known.width} × {known.height} with {known.channels} channels and "
            f"{len(model.conditions.fields)} conditions, which these datasets do not have; choose those that it was "
            "trained on, or leave init empty."
        )


FAMILY = GanFamily()

__all__ = ["FAMILY", "GanLearner", "GanModel", "load_gan"]
