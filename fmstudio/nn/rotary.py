"""Rotary positions (Su et al. 2021) in the half-rotation convention of Hugging Face checkpoints.

A head's coordinates i and i + head_width/2 form a point in the plane that turns by (position * frequency i). Read as
one complex number, the turn is one multiplication. For that the two must lie side by side in memory, so queries and
keys are kept in *paired order*: coordinate i, then its partner. Attention compares queries with keys by a dot product,
which does not mind the order as long as both have the same.
"""

from typing import Any

import torch
from torch import Tensor


def paired(x: Tensor, head_width: int) -> Tensor:
    """Brings dimension 0 from Hugging Face's order (first halves, second halves) to paired order, head by head.

    x: (heads * head_width, ...), a projection's weight or bias; the result is a view's copy of the same shape.
    """
    return x.view(-1, 2, head_width // 2, *x.shape[1:]).transpose(1, 2).reshape(x.shape)


class RotaryTable:
    """The turns of all positions so far needed, as unit complex numbers, on the device where they are needed."""

    def __init__(self, head_width: int, base: float) -> None:
        self.head_width = head_width
        self.base = base
        self._turns: dict[torch.device, Tensor] = {}

    def turns(self, start: int, stop: int, device: torch.device) -> Tensor:
        """The turns of positions start..stop: complex, (stop - start, 1, head_width / 2), for any number of heads."""
        known = self._turns.get(device)
        if known is None or len(known) < stop:
            known = self._turns[device] = self._compute(1 << (stop - 1).bit_length(), device)
        return known[start:stop]

    @torch.inference_mode(False)  # a table that generation computed must serve training as well
    def _compute(self, length: int, device: torch.device) -> Tensor:
        exponents = torch.arange(0, self.head_width, 2, dtype=torch.float32, device=device) / self.head_width
        angles = torch.outer(torch.arange(length, dtype=torch.float32, device=device), 1.0 / self.base**exponents)
        return torch.polar(torch.ones_like(angles), angles).unsqueeze(1)


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Turns the pairs of coordinates of x, (batch, time, heads, head_width) in paired order, by their positions."""
    rotated: Tensor = _Rotate.apply(x, turns)
    return rotated


def _multiply(x: Tensor, turns: Tensor) -> Tensor:
    points = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(points * turns).flatten(-2).to(x.dtype)


class _Rotate(torch.autograd.Function):
    """A turn's gradient is the turn back, so nothing of x needs to be kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, turns: Tensor) -> Tensor:
        ctx.save_for_backward(turns)
        return _multiply(x, turns)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (turns,) = ctx.saved_tensors
        return _multiply(gradient, turns.conj()), None
