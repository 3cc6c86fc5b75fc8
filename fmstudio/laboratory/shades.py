"""Noise as something to look at."""

import numpy as np
from torch import Tensor

from fmstudio.families.pictures import to_uint8

NOISE_REACH = 3.0
"""Noise of so many standard deviations is shown black or white; 0 is the middle grey."""


def noise_shades(noise: Tensor) -> np.ndarray:
    """Noise (batch, channels, height, width) of standard deviation 1 as uint8 (batch, height, width, channels)."""
    return to_uint8(noise / NOISE_REACH)
