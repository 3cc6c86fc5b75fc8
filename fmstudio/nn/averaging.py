"""A running average of a network's weights: smoother than the last ones, and better to sample from."""

import copy

import torch
from torch import Tensor, nn


class WeightAverage(nn.Module):
    """Exponential moving average of a network's weights (Polyak averaging; Karras et al. 2024, appendix B.2).

    The average is short at first (decay at most (1 + step) / (10 + step)), so that the random first weights are soon
    forgotten. Buffers are copied, not averaged.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.module = copy.deepcopy(network).requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the network's present weights; `step` counts from 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages: list[Tensor] = list(self.module.parameters())
        torch._foreach_lerp_(averages, [weight.detach() for weight in network.parameters()], 1 - decay)
        for average, buffer in zip(self.module.buffers(), network.buffers(), strict=True):
            average.copy_(buffer)

    def forward(self, *inputs: Tensor) -> Tensor:
        """What the averaged network answers."""
        answer: Tensor = self.module(*inputs)
        return answer

    def train(self, mode: bool = True) -> "WeightAverage":
        """An average is never trained: it stays in evaluation mode."""
        return super().train(False)
