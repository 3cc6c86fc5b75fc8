"""Generator and discriminator: two plain residual networks that mirror each other.

They follow R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!"): no normalisation anywhere, leaky ReLU,
bilinear resampling, residual blocks that begin as the identity (fix-up initialisation, Zhang et al. 2019). The
networks are scaled to two CPU cores: the discriminator folds each square of four pixels into channels and so begins
with half the sides; the generator has only few channels at full size, or none where it is folded too.

- a condition (a class, or several attributes) is embedded once per field: the generator adds it to the latent or is
  given it beside the latent, the discriminator projects its features on it (Miyato and Koyama 2018)
- with a spatial shift the condition also reaches each place of each level directly, in the spirit of
  spatially-adaptive normalisation (Park et al. 2019): convolutions need not carry there what has to be there
- every operation of the discriminator can be differentiated twice, as the gradient penalties need
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.errors import StudioError

SLOPE = 0.2
"""Of the leaky ReLU where its input is negative."""


@dataclass(frozen=True, slots=True)
class AdversarialShape:
    """The shape of both networks. `conditions` holds the number of values of each condition field."""

    height: int
    width: int
    channels: int
    latent: int = 64
    features: int = 32
    """Channels where the blocks' pictures are largest; each halving of the sides doubles them."""
    maximum_features: int = 128
    blocks: int = 1
    """Residual blocks at each size."""
    conditions: tuple[int, ...] = ()
    condition_width: int = 0
    """Numbers that the embedded conditions add beside the latent's; with 0 they are added onto the latent itself."""
    folded: bool = False
    """Whether the generator, too, works on squares of four pixels: it ends at half the sides and unfolds."""
    spatial_shift: bool = False
    """Whether the condition (or the latent, where there is none) shifts each level of the generator place by place."""

    def __post_init__(self) -> None:
        for side, title in ((self.height, "height"), (self.width, "width")):
            if side < 8 or side % 4:
                raise StudioError(
                    f"The pictures' {title} is {side}, but a GAN needs at least 8 and a multiple of 4; add the "
                    "dataset again at such a size, for example 32."
                )

    @property
    def sides(self) -> list[tuple[int, int]]:
        """Height and width of the features of each level, largest first: halved down to about 4."""
        sides = [(self.height // 2, self.width // 2)]
        while min(sides[-1]) >= 8 and sides[-1][0] % 2 == 0 and sides[-1][1] % 2 == 0:
            sides.append((sides[-1][0] // 2, sides[-1][1] // 2))
        return sides

    @property
    def widths(self) -> list[int]:
        """Channels of each level, in the same order."""
        return [min(self.features * 2**level, self.maximum_features) for level in range(len(self.sides))]

    @property
    def embedded(self) -> int:
        """Numbers of an embedded condition: as many as the latent has, where one is added onto the other."""
        return (self.condition_width if self.conditions else 0) or self.latent

    @property
    def given(self) -> int:
        """Numbers that a picture is made from: the latent, and beside it perhaps the condition."""
        return self.latent + (self.condition_width if self.conditions else 0)


class ResidualBlock(nn.Module):
    """x + conv(leaky(conv(leaky(x)))), which is x itself before training.

    Fix-up: with `blocks` of them in a row, an update of all moves the output about as much as that of one would.
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, width, 3, padding=1)
        self.scale = (2 / (1 + SLOPE**2) / blocks) ** 0.5  # leaky ReLU loses part of the variance

    def initialise(self, chance: torch.Generator) -> None:
        """Set the weights that the block begins with."""
        _spread(self.first, chance, self.scale)
        _nothing(self.last)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, width, height, width of the picture), and so is what is returned."""
        answer: Tensor = x + self.last(functional.leaky_relu(self.first(functional.leaky_relu(x, SLOPE)), SLOPE))
        return answer


class StyledBlock(ResidualBlock):
    """A residual block that is told the latent again: it scales and shifts the hidden channels.

    So each level can decide its own part of a picture (as in StyleGAN, Karras et al. 2019, but without normalising).
    """

    def __init__(self, width: int, blocks: int, given: int) -> None:
        super().__init__(width, blocks)
        self.style = nn.Linear(given, 2 * width)

    def initialise(self, chance: torch.Generator) -> None:
        """Set the weights that the block begins with."""
        super().initialise(chance)
        _spread(self.style, chance, 0.5)

    def forward(self, x: Tensor, latents: Tensor) -> Tensor:  # type: ignore[override]
        """latents: (batch, given), with the condition beside the latent where it is."""
        scale, shift = self.style(latents)[..., None, None].chunk(2, 1)
        hidden = torch.addcmul(shift, self.first(functional.leaky_relu(x, SLOPE)), 1 + scale)
        answer: Tensor = x + self.last(functional.leaky_relu(hidden, SLOPE))
        return answer


class Embeddings(nn.Module):
    """The sum of one vector a condition field; a field that is not given (-1) adds a vector of its own."""

    def __init__(self, sizes: Sequence[int], width: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size + 1, width) for size in sizes)

    def forward(self, conditions: Tensor) -> Tensor:
        """conditions: (batch, fields), int64. Returns (batch, width)."""
        parts = [table(column + 1) for table, column in zip(self.tables, conditions.unbind(1), strict=True)]
        return torch.stack(parts).sum(0) / math.sqrt(len(parts))


class PictureGenerator(nn.Module):
    """From a latent, and perhaps a condition, to a picture.

    seed: where the initial weights come from; None leaves them unset for loading.
    """

    def __init__(self, shape: AdversarialShape, seed: int | None = 0) -> None:
        super().__init__()
        self.shape = shape
        sides, widths = shape.sides[::-1], shape.widths[::-1]
        if not shape.folded:
            # Half the channels at the pictures' full size: blocks there cost most and have the least left to decide.
            widths = [*widths, max(4, shape.features // 2)]
        total = shape.blocks * len(widths)
        self.embeddings = Embeddings(shape.conditions, shape.embedded) if shape.conditions else None
        self.begin = nn.Linear(shape.given, widths[0] * sides[0][0] * sides[0][1])
        self.levels = nn.ModuleList(
            nn.ModuleList(StyledBlock(width, total, shape.given) for _ in range(shape.blocks)) for width in widths
        )
        self.changes = _changes(widths)
        self.end = nn.Conv2d(widths[-1], shape.channels * (4 if shape.folded else 1), 3, padding=1)
        if seed is not None:
            _initialise(self, torch.Generator().manual_seed(seed))
        self.shifts = nn.ModuleList(
            _nothing(nn.Linear(shape.embedded, width * height * across))
            for width, (height, across) in zip(widths[1:], sides[1:], strict=False)
            if shape.spatial_shift
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def embed(self, conditions: Tensor) -> Tensor:
        """Conditions (batch, fields) as `draw` takes them, (batch, embedded): what a walk can blend."""
        if self.embeddings is None:
            return self.begin.weight.new_zeros(len(conditions), self.shape.embedded)
        embedded: Tensor = self.embeddings(conditions)
        return embedded

    def draw(self, latents: Tensor, embedded: Tensor) -> Tensor:
        """The pictures of latents (batch, latent) and embedded conditions (batch, embedded)."""
        # What a condition says can be put in its place; a latent there would only be noise that has to be unlearnt.
        placed = latents if self.embeddings is None else embedded
        if self.embeddings is not None:
            beside = self.shape.condition_width > 0
            latents = torch.cat([latents, embedded], 1) if beside else (latents + embedded) * 0.5**0.5
        height, width = self.shape.sides[-1]
        x = self.begin(latents).unflatten(1, (-1, height, width)).contiguous(memory_format=torch.channels_last)
        for number, blocks in enumerate(cast("Iterable[nn.ModuleList]", self.levels)):
            if number > 0:
                # Resampling commutes with a 1 × 1 convolution, so channels change where there are fewer pixels.
                x = self.changes[number - 1](x)
                x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            if 0 < number <= len(self.shifts):
                shift = self.shifts[number - 1](placed).unflatten(1, (*x.shape[2:], x.shape[1]))
                x = x + shift.permute(0, 3, 1, 2)
            for block in blocks:
                x = block(x, latents)
        pictures: Tensor = self.end(functional.leaky_relu(x, SLOPE))
        return functional.pixel_shuffle(pictures, 2) if self.shape.folded else pictures

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        """latents: (batch, latent), standard normal. conditions: (batch, fields). Returns pictures, about [-1, 1]."""
        return self.draw(latents, self.embed(conditions))


class PictureDiscriminator(nn.Module):
    """From a picture, and perhaps its condition, to a score: higher is more like the real ones.

    seed: where the initial weights come from; None leaves them unset for loading.
    """

    def __init__(self, shape: AdversarialShape, seed: int | None = 0) -> None:
        super().__init__()
        sides, widths = shape.sides, shape.widths
        total = shape.blocks * len(widths)
        self.begin = nn.Conv2d(4 * shape.channels, widths[0], 3, padding=1)
        self.levels = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width, total) for _ in range(shape.blocks))) for width in widths
        )
        self.changes = _changes(widths)
        self.gather = nn.Linear(widths[-1] * sides[-1][0] * sides[-1][1], widths[-1])
        self.head = nn.Linear(widths[-1], 1)
        self.embeddings = Embeddings(shape.conditions, widths[-1]) if shape.conditions else None
        if seed is not None:
            _initialise(self, torch.Generator().manual_seed(seed))
            self._open_mind()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _open_mind(self) -> None:
        """Begin with scores that ask for no condition: chance opinions on it would drown what can be seen."""
        for parameter in self.embeddings.parameters() if self.embeddings is not None else ():
            nn.init.zeros_(parameter)

    def forward(self, pictures: Tensor, conditions: Tensor) -> Tensor:
        """pictures: (batch, channels, height, width). conditions: (batch, fields). Returns scores, (batch,)."""
        return self.judge(pictures, conditions)[0]

    def judge(self, pictures: Tensor, conditions: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores (batch,), and what each level saw: features (batch, channels, height, width), largest first."""
        x = self.begin(functional.pixel_unshuffle(pictures, 2).contiguous(memory_format=torch.channels_last))
        seen = []
        for number, blocks in enumerate(self.levels):
            if number > 0:
                x = self.changes[number - 1](functional.avg_pool2d(x, 2))  # by two, averaging is bilinear resampling
            x = blocks(x)
            seen.append(x)
        features = functional.leaky_relu(self.gather(functional.leaky_relu(x, SLOPE).flatten(1)), SLOPE)
        scores: Tensor = self.head(features).squeeze(1)
        if self.embeddings is not None:
            scores = scores + (features * self.embeddings(conditions)).sum(1) / math.sqrt(features.shape[1])
        return scores, seen


def _changes(widths: Sequence[int]) -> nn.ModuleList:
    """Between levels a 1 × 1 convolution to the next number of channels, or nothing where they are the same."""
    return nn.ModuleList(
        nn.Identity() if before == after else nn.Conv2d(before, after, 1) for before, after in pairwise(widths)
    )


def _initialise(network: nn.Module, chance: torch.Generator) -> None:
    """Set all weights from one source of chance: first everything plainly, then the blocks in their own way."""
    for part in network.modules():
        if isinstance(part, (nn.Conv2d, nn.Linear)):
            _spread(part, chance)
        elif isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, generator=chance)
    for part in network.modules():
        if isinstance(part, ResidualBlock):
            part.initialise(chance)


Part = TypeVar("Part", nn.Conv2d, nn.Linear)


def _spread(part: nn.Conv2d | nn.Linear, chance: torch.Generator, scale: float = 1.0) -> None:
    """Weights that keep the variance of what goes in, times `scale` squared; no bias."""
    nn.init.normal_(part.weight, std=scale * part.weight[0].numel() ** -0.5, generator=chance)
    _no_bias(part)


def _nothing(part: Part) -> Part:
    """The part, so set that it adds nothing before it has learnt."""
    nn.init.zeros_(part.weight)
    _no_bias(part)
    return part


def _no_bias(part: nn.Conv2d | nn.Linear) -> None:
    if part.bias is not None:
        nn.init.zeros_(part.bias)
