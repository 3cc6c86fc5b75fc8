"""How likely a picture is under its reconstruction, in nats, with the noise level set to what fits best.

A fixed noise level hides a weight between reconstruction and KL. The best one has a closed form in each batch, which
leaves the logarithm of the mean error (Rybkin et al. 2021, "Simple and Effective VAE Training with Calibrated
Decoders", eq. 8), so that a KL weight of 1 is the true evidence bound.
"""

import math

from torch import Tensor

SMALLEST_ERROR = 1e-4
"""Errors below a hundredth of a grey level no longer count: a density without bound would drown the KL."""

LIKELIHOODS = {"laplace": "Laplace (absolute error)", "gaussian": "Gaussian (squared error)"}


def negative_log_likelihood(pictures: Tensor, reconstructions: Tensor, kind: str) -> Tensor:
    """Nats a picture, averaged over the batch; both (batch, channels, height, width) in [-1, 1].

    "gaussian": ½ log(2πe σ²) a number, σ² the mean squared error. "laplace": log(2e b), b the mean absolute error.
    """
    difference = pictures - reconstructions
    size = difference[0].numel()
    if kind == "gaussian":
        variance = difference.square().mean() + SMALLEST_ERROR**2
        return 0.5 * size * (variance.log() + math.log(2 * math.pi * math.e))
    scale = difference.abs().mean() + SMALLEST_ERROR
    return size * (scale.log() + math.log(2 * math.e))
