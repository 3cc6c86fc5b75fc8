"""The U-Net that looks at a noisy picture, the time and a condition, and answers in the picture's shape.

Down through ever smaller and wider features, and up again with what each resolution knew added back (Ronneberger et
al. 2015; for diffusion, Ho et al. 2020). What makes it fast on a CPU:

- 2 × 2 pixels are folded into channels first, so that no convolution runs at full resolution
- features lie channels-last, and every width is a multiple of 16, which is what vector units take at once
- skips are added instead of concatenated, and time and condition enter each block as one sum
- the widest blocks work at the lowest resolution, where a parameter costs least

Residual branches and the output begin at zero, so that an untrained network answers zero whatever it is shown.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.errors import StudioError
from fmstudio.nn.old_names import accept_old_names

CHANNELS_A_GROUP = 16
TIME_FEATURES = 64


@dataclass(frozen=True, slots=True)
class UNetShape:
    """Everything that a U-Net is built from; it works for every picture size that `check_size` allows."""

    channels: int = 3
    width: int = 64
    """Channels at the highest resolution; each halving of the sides adds as many."""

    levels: int = 2
    blocks: int = 2
    """Residual blocks at each resolution but the lowest, on the way down and again on the way up."""

    middle: int = 2
    """Residual blocks at the lowest resolution."""

    patch: int = 2
    attention: bool = False
    embedding: int = 48
    conditions: tuple[int, ...] = ()
    """Number of values of each field that a picture can be asked for."""

    def __post_init__(self) -> None:
        if self.width % CHANNELS_A_GROUP:
            below = max(CHANNELS_A_GROUP, self.width // CHANNELS_A_GROUP * CHANNELS_A_GROUP)
            raise StudioError(
                f"model.width is {self.width}, but it must be a multiple of {CHANNELS_A_GROUP}, such as {below}."
            )

    @property
    def widths(self) -> list[int]:
        """Channels at each resolution, the highest first."""
        return [self.width * (level + 1) for level in range(self.levels)]

    def check_size(self, height: int, width: int) -> None:
        """Raises StudioError for pictures whose sides the network cannot halve as often as it has to."""
        unit = self.patch * 2 ** (self.levels - 1)
        if height % unit or width % unit:
            raise StudioError(
                f"The pictures are {width} × {height}, but model.levels = {self.levels} and model.patch = {self.patch} "
                f"need sides that are multiples of {unit}; lower one, or add the pictures again in another size."
            )

    def to_json(self) -> dict[str, Any]:
        """As a model's config.json keeps it."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "UNetShape":
        """The opposite of `to_json`."""
        return UNetShape(**{**values, "conditions": tuple(values["conditions"])})


class UNet(nn.Module):
    """network(x, t, conditions) -> a tensor of x's shape, (batch, channels, height, width).

    t: (batch,), from 0 to 1. conditions: (batch, fields) of int64, the index of each field's value, -1 where it is
    open.
    """

    def __init__(self, shape: UNetShape) -> None:
        super().__init__()
        self.shape, widths = shape, shape.widths
        pixels, embedding = shape.channels * shape.patch**2, shape.embedding
        self.time_embedding = nn.Sequential(
            nn.Linear(TIME_FEATURES, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        # One row more than there are values: the last is for a field that nothing is known of.
        self.condition_embeddings = nn.ModuleList(nn.Embedding(count + 1, embedding) for count in shape.conditions)
        self.stem = nn.Conv2d(pixels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(_blocks(width, embedding, shape.blocks) for width in widths[:-1])
        self.downsample = nn.ModuleList(nn.Conv2d(width, width + shape.width, 2, stride=2) for width in widths[:-1])
        self.middle = _blocks(widths[-1], embedding, shape.middle)
        self.attention = Attention(widths[-1]) if shape.attention else nn.Identity()
        self.upsample = nn.ModuleList(nn.Conv2d(width + shape.width, 4 * width, 1) for width in widths[:-1])
        self.up = nn.ModuleList(_blocks(width, embedding, shape.blocks) for width in widths[:-1])
        self.norm = _norm(widths[0])
        self.head = zero_init(nn.Conv2d(widths[0], pixels, 3, padding=1))
        for table in self.condition_embeddings.parameters():
            nn.init.zeros_(table)
        accept_old_names(self, "UNet")
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, t: Tensor, conditions: Tensor) -> Tensor:
        embedding = functional.silu(self._embed(t, conditions))
        h = functional.pixel_unshuffle(x, self.shape.patch).contiguous(memory_format=torch.channels_last)
        h, skips = self.stem(h), []
        for blocks, downsample in zip(self.down, self.downsample, strict=True):
            h = _run(blocks, h, embedding)
            skips.append(h)
            h = downsample(h)
        half = len(self.middle) // 2
        h = self.attention(_run(self.middle[:half], h, embedding))
        h = _run(self.middle[half:], h, embedding)
        for blocks, upsample in zip(reversed(self.up), reversed(self.upsample), strict=True):
            upsampled = functional.pixel_shuffle(upsample(h), 2).contiguous(memory_format=torch.channels_last)
            h = _run(blocks, upsampled + skips.pop(), embedding)
        return functional.pixel_shuffle(self.head(functional.silu(self.norm(h))), self.shape.patch)

    def _embed(self, t: Tensor, conditions: Tensor) -> Tensor:
        """Time and conditions as one vector, (batch, embedding)."""
        embedding: Tensor = self.time_embedding(time_features(t))
        for values, count, table in zip(
            conditions.unbind(1), self.shape.conditions, self.condition_embeddings, strict=True
        ):
            embedding = embedding + table(torch.where(values < 0, count, values))
        return embedding


class ResidualBlock(nn.Module):
    """x plus two convolutions of it, told the time and the condition between them (Ho et al. 2020, appendix B)."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.norm_in = _norm(width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.time_proj = zero_init(nn.Linear(embedding, width))
        self.norm_out = _norm(width)
        self.conv_out = zero_init(nn.Conv2d(width, width, 3, padding=1))
        accept_old_names(self, "unet.ResidualBlock")

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv_in(functional.silu(self.norm_in(x)))
        h = self.norm_out(h + self.time_proj(embedding)[:, :, None, None])
        return x + self.conv_out(functional.silu(h))


class Attention(nn.Module):
    """Every place looks at every other: x plus multi-head self-attention over all places of the picture."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // (32 if width % 32 == 0 else 16)
        self.norm = _norm(width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.proj = zero_init(nn.Conv2d(width, width, 1))
        accept_old_names(self, "unet.Attention")

    def forward(self, x: Tensor) -> Tensor:
        batch, width, rows, columns = x.shape
        qkv = self.qkv(self.norm(x)).permute(0, 2, 3, 1)
        split = qkv.reshape(batch, rows * columns, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        return x + self.proj(mixed.reshape(batch, rows, columns, width).permute(0, 3, 1, 2))


def time_features(t: Tensor) -> Tensor:
    """Cosines and sines of 1000 t at wavelengths from 2π to 2π · 10,000 (Vaswani et al. 2017), (batch, 64)."""
    half = TIME_FEATURES // 2
    rates = torch.exp(torch.arange(half, device=t.device) * (-math.log(10_000.0) / half))
    angles = 1000.0 * t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], 1)


def _blocks(width: int, embedding: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(ResidualBlock(width, embedding) for _ in range(count))


def _run(blocks: nn.Module, x: Tensor, embedding: Tensor) -> Tensor:
    for block in blocks.children():
        x = block(x, embedding)
    return x


def _norm(width: int) -> nn.GroupNorm:
    """Group normalisation (Wu and He 2018) with as many channels a group at any width."""
    return nn.GroupNorm(width // CHANNELS_A_GROUP, width)


def zero_init(layer: Any) -> Any:
    """The layer with all its numbers at zero, so that its branch begins as nothing."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
