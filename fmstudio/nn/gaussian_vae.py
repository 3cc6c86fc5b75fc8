"""The variational autoencoder's network: a picture becomes a Gaussian over a short vector, and a vector a picture.

Kingma and Welling 2014, "Auto-Encoding Variational Bayes".
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fmstudio.nn.picture_codec import GridDecoder, GridEncoder, GridShape

LOG_VARIANCE_RANGE = (-12.0, 6.0)
"""Outside of it exp() has no use: a deviation of 0.0025 is a point, one of 20 covers the prior many times."""


class ConditionEmbedding(nn.Module):
    """A learned vector for each value of each categorical field, and one for "not given"; fields are added up."""

    def __init__(self, sizes: Sequence[int], width: int) -> None:
        super().__init__()
        self.fields = nn.ModuleList(nn.Embedding(size + 1, width) for size in sizes)
        for field in self.fields:
            assert isinstance(field, nn.Embedding)
            nn.init.normal_(field.weight, std=0.5)

    def forward(self, conditions: Tensor) -> Tensor:
        """conditions: (batch, fields), -1 where not given → (batch, width)."""
        total: Tensor = sum(field(conditions[:, index] + 1) for index, field in enumerate(self.fields))
        return total


class GaussianVae(nn.Module):
    """Encoder q(z|x), a diagonal Gaussian of `latent` dimensions, and decoder p(x|z, condition)."""

    def __init__(self, shape: GridShape, latent: int, condition_sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.shape, self.latent = shape, latent
        rows, columns = shape.grid
        features = shape.widths[-1] * rows * columns
        self.encoder = GridEncoder(shape)
        self.to_posterior = nn.Linear(features, 2 * latent)
        self.from_latent = nn.Linear(latent, features)
        self.decoder = GridDecoder(shape)
        self.conditions = ConditionEmbedding(condition_sizes, features) if condition_sizes else None

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), each (batch, latent)."""
        mean, log_variance = self.to_posterior(self.encoder(pictures).flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)

    def decode(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Pictures (batch, channels, height, width) of latents (batch, latent)."""
        features = self.from_latent(latents)
        if self.conditions is not None:
            if conditions is None:
                conditions = latents.new_full((len(latents), len(self.conditions.fields)), -1, dtype=torch.long)
            features = features + self.conditions(conditions)
        return self.decoder(features.unflatten(1, (-1, *self.shape.grid)))

    def forward(self, pictures: Tensor, noise: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstructions through latents drawn with standard normal `noise`, those latents, means, log variances."""
        mean, log_variance = self.encode(pictures)
        latents = mean + noise * torch.exp(0.5 * log_variance)
        return self.decode(latents, conditions), latents, mean, log_variance


def kl_per_dimension(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z|x) || N(0, I)) in nats, of the inputs' shape: ½(μ² + σ² - log σ² - 1) (Kingma and Welling 2014, B)."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


ACTIVE_VARIANCE = 0.01
"""A dimension is active if the mean of its posterior varies at least so much from picture to picture (Burda et al.
2016, "Importance Weighted Autoencoders", section 4)."""


class PosteriorMeter:
    """What each latent dimension is used for, over many pictures."""

    def __init__(self) -> None:
        self._means: list[Tensor] = []
        self._kl: list[Tensor] = []

    def add(self, mean: Tensor, log_variance: Tensor) -> None:
        """The posteriors of some more pictures, each (batch, latent)."""
        self._means.append(mean.detach().cpu())
        self._kl.append(kl_per_dimension(mean, log_variance).detach().cpu())

    @property
    def means(self) -> Tensor:
        """(pictures, latent)."""
        return torch.cat(self._means)

    @property
    def kl(self) -> Tensor:
        """Mean KL divergence of each dimension in nats, (latent,)."""
        return torch.cat(self._kl).mean(0)

    @property
    def deviations(self) -> Tensor:
        """Standard deviation of the means from picture to picture, (latent,)."""
        return self.means.std(0, correction=0)

    @property
    def active(self) -> int:
        """How many dimensions tell pictures apart."""
        return int((self.deviations.square() > ACTIVE_VARIANCE).sum())
