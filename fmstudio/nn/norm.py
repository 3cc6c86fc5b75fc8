"""Root-mean-square normalisation (Zhang and Sennrich 2019) with a backward pass that is fast on a CPU."""

from typing import Any

import torch
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Scales the last dimension to a root mean square of one, then by a learned weight for each position."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight, self.epsilon)


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x²) + epsilon) * weight, over the last dimension; x: (..., width), weight: (width,).

    torch has a fused kernel for this forward pass but assembles the backward pass from a dozen small operations, which
    takes three times as long as this one where the tensors are small.
    """
    if not torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != weight.dtype:
        return nn.functional.rms_norm(x, weight.shape, weight, epsilon)
    normed: Tensor = _RMSNorm.apply(x, weight, epsilon)
    return normed


class _RMSNorm(torch.autograd.Function):
    """The gradient of layer normalisation with the mean set to zero, plus the term that centring would have removed."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_()
        scale = scale.div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, scale)
        return (x * scale).mul_(weight)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight, scale = ctx.saved_tensors
        width = x.shape[-1]
        rows, gradient, scale = x.reshape(-1, width), gradient.reshape(-1, width), scale.reshape(-1, 1)
        by_x, by_weight, _ = torch.ops.aten.native_layer_norm_backward(
            gradient, rows, [width], torch.zeros_like(scale), scale, weight, None, [True, True, False]
        )
        removed = torch.mv(gradient, weight).div_(width).unsqueeze_(1).mul_(scale)
        return by_x.add_(removed).view(x.shape), by_weight, None
