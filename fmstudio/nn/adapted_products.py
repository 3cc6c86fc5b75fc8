"""Products of adapted layers, whose gradients are put together here so that little is kept and nothing is done twice.

    y = W x + s B A x        dx = Wᵀ g + s Aᵀ Bᵀ g        dA = s (Bᵀ g) xᵀ        dB = s g (A x)ᵀ

- of each layer nothing is kept but A x, which has `rank` numbers a token; x is kept once for all that read it
- what the adapter adds goes into the base's result in place, as does each layer's part of dx into that of the others
- a feed-forward layer keeps what comes out of its gate and its up-projection, and works the rest out again
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from fmstudio.nn.packed_layers import PackedLinear


class AdaptedMatrix(NamedTuple):
    """A frozen layer and what is learnt beside it: down (rank, inputs), up (outputs, rank), scale: s."""

    base: nn.Linear | PackedLinear
    down: Tensor
    up: Tensor
    scale: float


def products(x: Tensor, matrices: Sequence[AdaptedMatrix]) -> tuple[Tensor, ...]:
    """What each layer makes of the same x: (..., inputs) → (..., outputs) each."""
    found: tuple[Tensor, ...] = _Products.apply(x, [(each.base, each.scale) for each in matrices], *_learnt(matrices))
    return found


def gated_product(x: Tensor, gate: AdaptedMatrix, up: AdaptedMatrix, down: AdaptedMatrix) -> Tensor:
    """down(silu(gate x) * up x), (..., width) → (..., width)."""
    matrices = (gate, up, down)
    found: Tensor = _Gated.apply(x, [(each.base, each.scale) for each in matrices], *_learnt(matrices))
    return found


class _Products(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, bases: Sequence[Any], *learnt: Tensor) -> tuple[Tensor, ...]:
        results, low = _forward(x.reshape(-1, x.shape[-1]), _matrices(bases, learnt))
        ctx.save_for_backward(x, low, *learnt)
        ctx.bases = bases
        return tuple(result.view(*x.shape[:-1], -1) for result in results)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        x, low, *learnt = ctx.saved_tensors
        flat, by_results = x.reshape(-1, x.shape[-1]), [each.reshape(-1, each.shape[-1]) for each in gradients]
        by_x, by_learnt = _backward(by_results, flat, low, _matrices(ctx.bases, learnt), ctx.needs_input_grad[0])
        return None if by_x is None else by_x.view(x.shape), None, *by_learnt


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, bases: Sequence[Any], *learnt: Tensor) -> Tensor:
        matrices = _matrices(bases, learnt)
        (gate, up), low = _forward(x.reshape(-1, x.shape[-1]), matrices[:2])
        (result,), low_inside = _forward(silu(gate).mul_(up), matrices[2:])
        ctx.save_for_backward(x, gate, up, low, low_inside, *learnt)
        ctx.bases = bases
        return result.view(*x.shape[:-1], -1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        x, gate, up, low, low_inside, *learnt = ctx.saved_tensors
        matrices = _matrices(ctx.bases, learnt)
        opened = silu(gate)
        inside, by_result = opened * up, gradient.reshape(-1, gradient.shape[-1])
        by_inside, by_last = _backward([by_result], inside, low_inside, matrices[2:], True)
        assert by_inside is not None
        by_up = opened.mul_(by_inside)
        by_gate = torch.ops.aten.silu_backward(by_inside.mul_(up), gate)
        flat = x.reshape(-1, x.shape[-1])
        by_x, by_learnt = _backward([by_gate, by_up], flat, low, matrices[:2], ctx.needs_input_grad[0])
        return None if by_x is None else by_x.view(x.shape), None, *by_learnt, *by_last


def _learnt(matrices: Sequence[AdaptedMatrix]) -> list[Tensor]:
    return [part for each in matrices for part in (each.down, each.up)]


def _matrices(bases: Sequence[Any], learnt: Sequence[Tensor]) -> list[AdaptedMatrix]:
    pairs = zip(bases, learnt[::2], learnt[1::2], strict=True)
    return [AdaptedMatrix(base, down, up, scale) for (base, scale), down, up in pairs]


def _forward(x: Tensor, matrices: Sequence[AdaptedMatrix]) -> tuple[list[Tensor], Tensor]:
    """The results for x (tokens, inputs), and A x of all matrices side by side, (tokens, ranks)."""
    low = linear(x, torch.cat([each.down for each in matrices]))
    parts = low.split([len(each.down) for each in matrices], dim=1)
    results = [each.base(x) for each in matrices]
    for each, result, part in zip(matrices, results, parts, strict=True):
        result.addmm_(part, each.up.t(), alpha=each.scale)
    return results, low


def _backward(
    by_results: Sequence[Tensor], x: Tensor, low: Tensor, matrices: Sequence[AdaptedMatrix], wanted: bool
) -> tuple[Tensor | None, list[Tensor]]:
    """The gradient of x, if it is wanted, and those of what is learnt, in the order of `_learnt`."""
    ranks = [len(each.down) for each in matrices]
    by_low = torch.cat(
        [by_result @ (each.up * each.scale) for by_result, each in zip(by_results, matrices, strict=True)], dim=1
    )
    by_down = (by_low.t() @ x).split(ranks)
    by_up = [
        (part.t() @ by_result).t().mul(each.scale)
        for by_result, part, each in zip(by_results, low.split(ranks, dim=1), matrices, strict=True)
    ]
    by_learnt = [part for pair in zip(by_down, by_up, strict=True) for part in pair]
    if not wanted:
        return None, by_learnt
    by_x = by_low @ torch.cat([each.down for each in matrices])
    for each, by_result in zip(matrices, by_results, strict=True):
        if isinstance(each.base, PackedLinear):
            each.base.matrix.add_matmul_backward(by_result, by_x)
        else:
            by_x.addmm_(by_result, each.base.weight)
    return by_x, by_learnt
