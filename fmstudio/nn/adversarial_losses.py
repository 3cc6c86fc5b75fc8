"""What the two players of a GAN minimise, and the gradient penalties that keep the game calm.

Scores are what the discriminator says, higher for "more like the real ones"; real and generated scores are paired.
Losses are functions of scores, penalties of the discriminator's slopes; `play` measures all of them on one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Judge = Callable[[Tensor, Tensor], tuple[Tensor, Sequence[Tensor]]]
"""From pictures (batch, channels, height, width) and conditions (batch, fields) to scores (batch,) and the features of
each level (batch, …), by which they were judged."""


def relativistic_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """A real picture shall score higher than a generated one (RpGAN, Jolicoeur-Martineau 2019).

    Only differences count, so the generated pictures cannot rest all together at one side of a fixed boundary: this
    is what keeps it from leaving out kinds of pictures (Sun et al. 2020).
    """
    return functional.softplus(generated - real).mean()


def relativistic_generator(real: Tensor, generated: Tensor) -> Tensor:
    """The same with the roles exchanged."""
    return functional.softplus(real - generated).mean()


def classic_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """Cross-entropy of two classes, real and generated (Goodfellow et al. 2014, equation 1)."""
    return functional.softplus(-real).mean() + functional.softplus(generated).mean()


def non_saturating_generator(real: Tensor, generated: Tensor) -> Tensor:
    """-log D(G(z)), whose gradient does not vanish while the discriminator wins (Goodfellow et al. 2014, section 3)."""
    return functional.softplus(-generated).mean()


def wasserstein_discriminator(real: Tensor, generated: Tensor) -> Tensor:
    """The negative of the estimated earth mover's distance (Arjovsky et al. 2017, equation 3)."""
    return generated.mean() - real.mean()


def wasserstein_generator(real: Tensor, generated: Tensor) -> Tensor:
    """Towards higher scores (Arjovsky et al. 2017, theorem 3)."""
    return -generated.mean()


@dataclass(frozen=True, slots=True)
class AdversarialLoss:
    """A game: what each player minimises, and where the discriminator's slope is penalised."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    penalised: tuple[str, ...]
    relativistic: bool = False
    """Whether the generator's loss depends on real scores too."""


LOSSES = {
    "relativistic": AdversarialLoss(
        relativistic_discriminator, relativistic_generator, ("real", "generated"), relativistic=True
    ),
    "non-saturating": AdversarialLoss(classic_discriminator, non_saturating_generator, ("real",)),
    "wasserstein": AdversarialLoss(wasserstein_discriminator, wasserstein_generator, ("between",)),
}
"""The games by the name that a recipe calls them."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of real and generated pictures, each (batch,), and the gradient penalties by where they were measured.

    features: of the real pictures by level, (batch, …) each, without their gradients.
    """

    real: Tensor
    generated: Tensor
    penalties: Mapping[str, Tensor]
    features: Sequence[Tensor]


def play(
    loss: AdversarialLoss,
    judge: Judge,
    real: Tensor,
    generated: Tensor,
    conditions: Tensor,
    places: Tensor,
    count: int,
) -> Scores:
    """Score a batch, and measure the penalties that the loss wants on its first `count` pictures.

    places: (batch,) in [0, 1), where between a real and a generated picture WGAN-GP looks.
    """
    few, many = slice(None, count), slice(count, None)
    if "between" in loss.penalised:
        line = torch.lerp(real[few], generated[few], places[few].view(-1, 1, 1, 1))
        _, _, slopes = judged_with_slopes(judge, line, conditions[few])
        scores, seen = judge(torch.cat([real, generated]), torch.cat([conditions, conditions]))
        scores = scores.float().view(2, -1)
        features = [level.detach()[: len(real)] for level in seen]
        return Scores(scores[0], scores[1], {"between": lipschitz_penalty(slopes)}, features)
    both = torch.stack([real, generated]), torch.stack([conditions, conditions])
    sloped, seen, slopes = judged_with_slopes(judge, *(part[:, few].flatten(0, 1) for part in both))
    scores = sloped.view(2, -1)
    features = [level.detach()[:count] for level in seen]
    if count < len(real):
        flat, seen = judge(*(part[:, many].flatten(0, 1) for part in both))
        scores = torch.cat([scores, flat.float().view(2, -1)], 1)
        rest = len(real) - count
        features = [
            torch.cat([few_of.float(), level.detach()[:rest].float()])
            for few_of, level in zip(features, seen, strict=True)
        ]
    squared = slopes.view(2, -1).mean(1)
    return Scores(scores[0], scores[1], {"real": squared[0], "generated": squared[1]}, features)


def judged_with_slopes(judge: Judge, pictures: Tensor, conditions: Tensor) -> tuple[Tensor, Sequence[Tensor], Tensor]:
    """What the judge says, and the squared length of each score's gradient with respect to its picture, (batch,).

    The slopes' mean on real pictures is R1 (Mescheder et al. 2018, equation 9), on generated ones R2. They can be
    differentiated again, and are computed in full precision whatever the rest is computed in.
    """
    pictures = pictures.detach().requires_grad_()
    with torch.autocast(pictures.device.type, enabled=False):
        scores, features = judge(pictures, conditions)
        (gradient,) = torch.autograd.grad(scores.sum(), pictures, create_graph=True)
    return scores, features, gradient.flatten(1).square().sum(1)


def lipschitz_penalty(slopes: Tensor) -> Tensor:
    """How far gradients are from length 1 (WGAN-GP, Gulrajani et al. 2017, equation 3); slopes: squared lengths."""
    return (slopes.clamp_min(1e-12).sqrt() - 1).square().mean()


def feature_distance(real: Sequence[Tensor], generated: Sequence[Tensor]) -> Tensor:
    """How differently a discriminator sees two batches of the same conditions: mean absolute difference of features.

    Averaged over levels (Wang et al. 2018, pix2pixHD, equation 4), each as a part of the real features' own size, so
    that it stays the same thing while the discriminator grows. real, generated: features by level, (batch, …) each.
    """
    parts = [
        (one.float() - other.float()).abs().mean() / one.float().abs().mean().clamp_min(1e-6)
        for one, other in zip(real, generated, strict=True)
    ]
    return torch.stack(parts).mean()
