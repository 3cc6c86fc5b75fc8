"""Cross-entropy from hidden states, computed together with its gradient so that each logit is touched as rarely as
possible: where vocabularies are large and layers narrow, this is a good part of a training step."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

IGNORED = -100
"""The target of positions that do not count: padding, or a prompt that is not to be learnt."""


def token_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean negative log-likelihood in nats of `targets` under softmax(hidden weightᵀ), over targets that count.

    hidden: (tokens, width); weight: (vocabulary, width); targets: (tokens,), IGNORED where they do not count.
    """
    if torch.is_grad_enabled() and hidden.device.type == "cpu":
        loss: Tensor = _TokenLoss.apply(hidden, weight, targets)
        return loss
    return cross_entropy((hidden @ weight.T).float(), targets, ignore_index=IGNORED)


class _TokenLoss(torch.autograd.Function):
    """d loss / d logits = (softmax - one-hot) / count needs no more than the forward pass has at hand, so it is
    computed there, in place of the logits, which are then forgotten."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        log_probabilities = torch.log_softmax(hidden @ weight.T, dim=-1)
        counts = targets != IGNORED
        places = targets.masked_fill(~counts, 0).unsqueeze(1)
        share = counts.to(hidden.dtype).div_(counts.sum()).unsqueeze(1)
        loss = -log_probabilities.gather(1, places).mul_(share).sum()
        by_logits = log_probabilities.exp_().scatter_add_(1, places, torch.full_like(share, -1.0)).mul_(share)
        by_weight = by_logits.T @ hidden if ctx.needs_input_grad[1] else None
        ctx.save_for_backward(by_logits @ weight, by_weight)
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None]:
        by_hidden, by_weight = ctx.saved_tensors
        return by_hidden * gradient, None if by_weight is None else by_weight * gradient, None
