"""A learned prior over latent vectors: a flow from the standard normal to where the encoder really puts pictures.

The posteriors of all pictures together never fill N(0, I) evenly, so a vector drawn from it may lie where the decoder
has seen nothing. A second model of the latents alone mends that (Dai and Wipf 2019, "Diagnosing and Enhancing VAE
Models"); here it is trained by flow matching (Lipman et al. 2023), which for a vector takes a small network only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.nn.gaussian_vae import ConditionEmbedding
from fmstudio.nn.old_names import accept_old_names

FREQUENCIES = 16


class LatentFlow(nn.Module):
    """A velocity field v(z_t, t): from noise at t = 0 to latents at t = 1, along z_t = (1 - t) noise + t latent."""

    def __init__(self, latent: int, width: int, layers: int, condition_sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.latent = latent
        self.proj_in = nn.Linear(latent, width)
        self.time_proj = nn.Linear(2 * FREQUENCIES, width)
        self.conditions = ConditionEmbedding(condition_sizes, width) if condition_sizes else None
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.head = nn.Linear(width, latent)
        nn.init.zeros_(self.head.weight)
        accept_old_names(self, "LatentFlow")

    def forward(self, z: Tensor, time: Tensor, conditions: Tensor | None) -> Tensor:
        """z: (batch, latent), time: (batch,) in [0, 1], conditions: (batch, fields) → velocities (batch, latent)."""
        angles = time[:, None] * torch.pi * torch.arange(1, FREQUENCIES + 1, device=z.device, dtype=z.dtype)
        x = self.proj_in(z)
        embedding = self.time_proj(torch.cat([angles.sin(), angles.cos()], dim=1))
        if self.conditions is not None and conditions is not None:
            embedding = embedding + self.conditions(conditions)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            x = x + functional.silu(layer(norm(x) + embedding))
        velocity: Tensor = self.head(x)
        return velocity

    def loss(self, latents: Tensor, noise: Tensor, time: Tensor, conditions: Tensor | None) -> Tensor:
        """Mean squared error of the velocity, `latents - noise` all along the line (Lipman et al. 2023, eq. 23)."""
        z = torch.lerp(noise, latents, time[:, None])
        return functional.mse_loss(self(z, time, conditions), latents - noise)

    @torch.no_grad()
    def sample(self, noise: Tensor, conditions: Tensor | None, steps: int = 24) -> Tensor:
        """Latents of standard normal `noise` (batch, latent), by Heun's method in `steps` equal steps."""
        z, size = noise, 1 / steps
        for index in range(steps):
            here, there = (z.new_full((len(z),), time) for time in (index * size, (index + 1) * size))
            first = self(z, here, conditions)
            z = z + 0.5 * size * (first + self(z + size * first, there, conditions))
        return z
