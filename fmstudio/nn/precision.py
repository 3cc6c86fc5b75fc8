"""In which number format convolutions are fastest without loss."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


def convolution_autocast(device: torch.device, wanted: str = "auto") -> AbstractContextManager[Any]:
    """The context in which a convolutional network trains fastest on a device, where nobody wants another format.

    Processors with matrix units (Intel's AMX) convolve five times as fast in bfloat16 as in float32, and the weights
    and the optimiser stay in float32. Other processors would emulate bfloat16 and be slower; a GPU's format is chosen
    by the training loop.
    """
    if wanted == "auto" and device.type == "cpu" and has_matrix_units():
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def has_matrix_units() -> bool:
    """Whether products in bfloat16 go to matrix units (Intel's AMX); not where torch was told to do without AVX-512."""
    present = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    return present and torch.backends.cpu.get_cpu_capability().startswith("AVX512")
