"""Measures of many pictures at once that need no other network: how varied they are, how far two sets lie apart.

Pictures are (count, channels, height, width) in [-1, 1]; both measures look at them made smaller, where a pixel's
noise counts little.
"""

import torch
from torch import Tensor
from torch.nn import functional

DIVERSITY_SIDE = 8
DISTANCE_SIDE = 16
DIRECTIONS = 256


def diversity(pictures: Tensor) -> Tensor:
    """How far a picture is from the one most like it among the others: the mean over all, a scalar.

    The distance is the root mean square difference of the pictures averaged down to 8 × 8, so 0 means that every
    picture has a double (or is alone). Nearest neighbours tell of a collapse on a few pictures as well, where the mean
    distance of all pairs stays high. It falls with the number of pictures: compare only sets of equal size.
    """
    small = _small(pictures, DIVERSITY_SIDE)
    if len(small) < 2:
        return small.new_zeros(())
    distances = torch.cdist(small, small, compute_mode="donot_use_mm_for_euclid_dist")
    distances = distances + torch.diag(distances.new_full((len(small),), torch.inf))
    return distances.min(1).values.mean() / small.shape[1] ** 0.5


def sliced_wasserstein(first: Tensor, second: Tensor, directions: int = DIRECTIONS, seed: int = 0) -> Tensor:
    """Sliced Wasserstein distance of two sets of pictures of equal number (Rabin et al. 2012; Bonneel et al. 2015).

    Along one direction, optimal transport is sorting; the squared distances are averaged over random directions in
    the space of pictures averaged down to 16 × 16, always the same ones. In units of a pixel's difference.
    """
    a, b = _small(first, DISTANCE_SIDE), _small(second, DISTANCE_SIDE)
    chance = torch.Generator().manual_seed(seed)
    axes = functional.normalize(torch.randn(a.shape[1], directions, generator=chance), dim=0).to(a.device)
    gaps = (a @ axes).sort(0).values - (b @ axes).sort(0).values
    return gaps.square().mean().sqrt()


def _small(pictures: Tensor, side: int) -> Tensor:
    """Averaged down to at most `side` pixels a side, a row for each."""
    height, width = min(side, pictures.shape[2]), min(side, pictures.shape[3])
    return functional.adaptive_avg_pool2d(pictures.float(), (height, width)).flatten(1)
