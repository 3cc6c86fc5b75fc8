"""Convolutions that press a picture into a small grid of vectors and unfold such a grid into a picture again.

Written for speed on a CPU: pictures first lose half their height and width to channels (pixel unshuffle, Shi et al.
2016), so that no convolution runs at full size; memory is laid out with the channels last; and the channels double
where the grid halves, so that every level costs about the same.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.nn.old_names import accept_old_names

WIDEST = 4
"""The coarsest grids have at most this many times the channels of the finest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridShape:
    """A picture's size, how often it is halved, and the channels at half its size."""

    height: int
    width: int
    channels: int
    halvings: int
    base: int
    blocks: int

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width rounded up to what can be halved so often."""
        step = 2**self.halvings
        return math.ceil(self.height / step) * step, math.ceil(self.width / step) * step

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the coarsest grid."""
        height, width = self.padded
        return height >> self.halvings, width >> self.halvings

    @property
    def widths(self) -> list[int]:
        """Channels of each level, the finest first."""
        return [self.base * min(2**level, WIDEST) for level in range(self.halvings)]

    @property
    def values_per_picture(self) -> int:
        """How many numbers one block's output has, over all levels: what a backward pass must keep, many times."""
        height, width = self.padded
        return sum(
            channels * (height >> level + 1) * (width >> level + 1) for level, channels in enumerate(self.widths)
        )


def halvings_to(height: int, width: int, side: int) -> int:
    """How often a picture must be halved for its shorter side to come nearest to `side`; at least once."""
    return max(1, round(math.log2(max(1, min(height, width)) / side)))


class ResidualBlock(nn.Module):
    """x + two convolutions of it (He et al. 2016), the second zero at first: a block begins as nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(math.gcd(8, channels), channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        accept_old_names(self, "picture_codec.ResidualBlock")

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.silu(self.conv1(functional.silu(self.norm(x))))
        return x + self.conv2(inner)


class GridEncoder(nn.Module):
    """Pictures (batch, channels, height, width) → features (batch, widths[-1], rows, columns)."""

    def __init__(self, shape: GridShape) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(4 * shape.channels, shape.base, 3, padding=1)]
        for level, channels in enumerate(shape.widths):
            if level:
                layers += [nn.PixelUnshuffle(2), nn.Conv2d(4 * shape.widths[level - 1], channels, 1)]
            layers += [ResidualBlock(channels) for _ in range(shape.blocks)]
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        height, width = self.shape.padded
        missing = (0, width - self.shape.width, 0, height - self.shape.height)
        if any(missing):
            pictures = functional.pad(pictures, missing, mode="replicate")
        features: Tensor = self.layers(pictures.contiguous(memory_format=torch.channels_last))
        return features


class GridDecoder(nn.Module):
    """Features (batch, widths[-1], rows, columns) → pictures (batch, channels, height, width)."""

    def __init__(self, shape: GridShape) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        for level in reversed(range(shape.halvings)):
            channels = shape.widths[level]
            layers += [ResidualBlock(channels) for _ in range(shape.blocks)]
            if level:
                layers += [nn.Conv2d(channels, 4 * shape.widths[level - 1], 1), nn.PixelShuffle(2)]
        self.layers = nn.Sequential(*layers, nn.SiLU())
        self.head = nn.Conv2d(shape.base, 4 * shape.channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        features = self.layers(features.contiguous(memory_format=torch.channels_last))
        pictures = functional.pixel_shuffle(self.head(features), 2)
        return pictures[..., : self.shape.height, : self.shape.width]
