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
    """cos θ + i sin θ of all positions so far needed, on the device where they are needed."""

    def __init__(self, head_width: int, base: float) -> None:
        self.head_width = head_width
        self.base = base
        self._cos_sin: dict[torch.device, Tensor] = {}

    def cos_sin(self, start: int, stop: int, device: torch.device) -> Tensor:
        """cos θ + i sin θ of positions start..stop: complex, (stop - start, 1, head_width / 2), for all heads."""
        known = self._cos_sin.get(device)
        if known is None or len(known) < stop:
            known = self._cos_sin[device] = self._compute(1 << (stop - 1).bit_length(), device)
        return known[start:stop]

    @torch.inference_mode(False)  # a table that generation computed must serve training as well
    def _compute(self, length: int, device: torch.device) -> Tensor:
        exponents = torch.arange(0, self.head_width, 2, dtype=torch.float32, device=device) / self.head_width
        angles = torch.outer(torch.arange(length, dtype=torch.float32, device=device), 1.0 / self.base**exponents)
        return torch.polar(torch.ones_like(angles), angles).unsqueeze(1)


def rotate(x: Tensor, cos_sin: Tensor) -> Tensor:
    """Turns the pairs of coordinates of x, (batch, time, heads, head_width) in paired order, by their positions."""
    rotated: Tensor = _Rotate.apply(x, cos_sin)
    return rotated


def rotate_halves(x: Tensor, cos_sin: Tensor) -> Tensor:
    """`rotate` for x in Hugging Face's order: a coordinate of the first half and its partner in the second. For
    training through layers whose weights cannot be brought to paired order at every step."""
    rotated: Tensor = _RotateHalves.apply(x, cos_sin)
    return rotated


def _turn_halves(x: Tensor, cos_sin: Tensor, way: float) -> Tensor:
    numbers = x if x.dtype == torch.float64 else x.float()
    cos, sin = torch.view_as_real(cos_sin).movedim(-1, 0).contiguous()
    first, second = numbers.chunk(2, dim=-1)
    result = torch.empty_like(numbers, memory_format=torch.contiguous_format)
    one, other = result.chunk(2, dim=-1)
    torch.mul(first, cos, out=one).addcmul_(second, sin, value=-way)
    torch.mul(second, cos, out=other).addcmul_(first, sin, value=way)
    return result.to(x.dtype)


class _RotateHalves(torch.autograd.Function):
    """As `_Rotate`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos_sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos_sin)
        return _turn_halves(x, cos_sin, 1.0)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (cos_sin,) = ctx.saved_tensors
        return _turn_halves(gradient, cos_sin, -1.0), None


def _multiply(x: Tensor, cos_sin: Tensor) -> Tensor:
    numbers = x if x.dtype == torch.float64 else x.float()  # bfloat16 has no complex numbers
    points = torch.view_as_complex(numbers.unflatten(-1, (-1, 2)))
    return torch.view_as_real(points * cos_sin).flatten(-2).to(x.dtype)


class _Rotate(torch.autograd.Function):
    """A turn's gradient is the turn back, so nothing of x needs to be kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos_sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos_sin)
        return _multiply(x, cos_sin)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (cos_sin,) = ctx.saved_tensors
        return _multiply(gradient, cos_sin.conj()), None
