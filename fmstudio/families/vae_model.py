"""A variational autoencoder as one thing: how it is shaped, what it can do with pictures and latents, and its folder.

Both kinds answer the same questions. To the Gaussian kind a latent is the mean of a picture's posterior; to the
vector-quantised kind it is the codes of all places, one after the other, and what lies between codes is moved to the
nearest before it is decoded.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.families.chance import noise, uniform
from fmstudio.families.conditions import Conditions
from fmstudio.families.pictures import load_weights, read_config, save_model
from fmstudio.families.vae_settings import VaeSettings
from fmstudio.nn.code_prior import CodePrior
from fmstudio.nn.gaussian_vae import GaussianVae
from fmstudio.nn.latent_flow import LatentFlow
from fmstudio.nn.picture_codec import GridShape, halvings_to
from fmstudio.nn.quantized_vae import QuantizedVae
from fmstudio.recipe import RecipeError, build, values_of

FAMILY_NAME = "vae"
COARSEST = 4
"""Side of the grid that the Gaussian kind presses a picture into before it becomes one vector."""


class VaeModel(ABC):
    """An autoencoder with its prior.

    Pictures are (batch, channels, height, width) in [-1, 1], latents (batch, latent).
    """

    autoencoder: nn.Module
    prior: nn.Module | None
    latent: int
    """Numbers in a latent."""

    def __init__(self, picture: Sequence[int], settings: VaeSettings, conditions: Conditions) -> None:
        self.height, self.width, self.channels = picture
        self.settings, self.conditions = settings, conditions

    @property
    def kind(self) -> str:
        """ "gaussian" or "vector-quantised"."""
        return self.settings.kind

    @property
    def networks(self) -> dict[str, nn.Module]:
        """What is trained and saved, by name."""
        return {"autoencoder": self.autoencoder} | ({"prior": self.prior} if self.prior is not None else {})

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.autoencoder.parameters()).device

    def to(self, device: torch.device) -> "VaeModel":
        """Move all weights."""
        for network in self.networks.values():
            network.to(device)
        return self

    @abstractmethod
    def encode(self, pictures: Tensor) -> Tensor:
        """The latents of pictures."""

    @abstractmethod
    def decode(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """The pictures of latents; conditions: (batch, fields), all open where None."""

    @abstractmethod
    def draw(self, conditions: Tensor, numbers: Iterable[int], seed: int, temperature: float, learnt: bool) -> Tensor:
        """A latent for each row of conditions, from the learnt prior if there is one and it is wanted.

        Latent `number` of a seed is the same whatever is drawn beside it. Below a temperature of 1 it is more usual.
        """

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        config = {
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "conditions": self.conditions.to_json(),
            "model": values_of(self.settings),
        }
        save_model(folder, FAMILY_NAME, config, nn.ModuleDict(self.networks))


class GaussianModel(VaeModel):
    """One vector a picture."""

    autoencoder: GaussianVae
    prior: LatentFlow | None

    def __init__(self, picture: Sequence[int], settings: VaeSettings, conditions: Conditions) -> None:
        super().__init__(picture, settings, conditions)
        self.latent = settings.latent
        self.autoencoder = GaussianVae(_grid_shape(picture, settings), settings.latent, conditions.sizes)
        self.prior = None
        if settings.prior == "learnt":
            self.prior = LatentFlow(settings.latent, settings.prior_width, settings.prior_layers, conditions.sizes)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        return self.autoencoder.encode(pictures)[0]

    @torch.no_grad()
    def decode(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        return self.autoencoder.decode(latents, conditions)

    def draw(self, conditions: Tensor, numbers: Iterable[int], seed: int, temperature: float, learnt: bool) -> Tensor:
        drawn = torch.stack([noise((self.latent,), seed, number) for number in numbers])
        start = temperature * drawn.to(conditions.device)
        return self.prior.sample(start, conditions) if learnt and self.prior is not None else start


class QuantizedModel(VaeModel):
    """A grid of codes a picture; a latent is their vectors, row by row."""

    autoencoder: QuantizedVae
    prior: CodePrior | None

    def __init__(self, picture: Sequence[int], settings: VaeSettings, conditions: Conditions) -> None:
        super().__init__(picture, settings, conditions)
        self.autoencoder = QuantizedVae(_grid_shape(picture, settings), settings.codebook_size, settings.code_width)
        self.latent = self.autoencoder.places * settings.code_width
        self.prior = None
        if settings.prior == "learnt":
            self.prior = CodePrior(
                settings.codebook_size, self.autoencoder.places, settings.prior_width, settings.prior_layers,
                conditions.sizes,
            )  # fmt: skip

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        return self.vectors_of(self.codes(pictures))

    @torch.no_grad()
    def codes(self, pictures: Tensor) -> Tensor:
        """Code numbers (batch, places)."""
        return self.autoencoder.encode(pictures)

    def vectors_of(self, numbers: Tensor) -> Tensor:
        """The latents that these code numbers stand for."""
        return self.autoencoder.quantizer.look_up(numbers).flatten(1)

    @torch.no_grad()
    def decode(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        vectors = latents.unflatten(1, (self.autoencoder.places, -1))
        return self.autoencoder.decode(self.autoencoder.quantizer.nearest(vectors))

    def draw(self, conditions: Tensor, numbers: Iterable[int], seed: int, temperature: float, learnt: bool) -> Tensor:
        places = self.autoencoder.places
        chance = torch.stack([uniform(places, seed, number) for number in numbers]).to(conditions.device)
        if learnt and self.prior is not None:
            return self.vectors_of(self.prior.draw(conditions, chance, temperature))
        return self.vectors_of((chance * self.settings.codebook_size).long())


def make_model(picture: Sequence[int], settings: VaeSettings, conditions: Conditions, seed: int | None) -> VaeModel:
    """A new model for pictures of (height, width, channels), its weights drawn from `seed` and nothing else."""
    made = GaussianModel if settings.kind == "gaussian" else QuantizedModel
    if seed is None:
        return made(picture, settings, conditions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return made(picture, settings, conditions)


def load_vae(folder: Path) -> VaeModel:
    """Open a model folder, ready to be used; raises StudioError where it is damaged or of another family."""
    config = read_config(folder, FAMILY_NAME)
    try:
        picture = [int(config[name]) for name in ("height", "width", "channels")]
        settings: VaeSettings = build(VaeSettings, config["model"], "model.")
        model = make_model(picture, settings, Conditions.from_json(config["conditions"]), 0)
    except (KeyError, TypeError, ValueError, RecipeError) as error:
        raise StudioError(f"{folder / 'config.json'} is damaged ({error}); copy the folder again.") from error
    networks = nn.ModuleDict(model.networks)
    load_weights(folder, networks)
    networks.eval().requires_grad_(False)
    return model


def _grid_shape(picture: Sequence[int], settings: VaeSettings) -> GridShape:
    height, width, channels = picture
    side = COARSEST if settings.kind == "gaussian" else settings.grid
    return GridShape(
        height=height, width=width, channels=channels, halvings=halvings_to(height, width, side),
        base=settings.width, blocks=settings.blocks,
    )  # fmt: skip
