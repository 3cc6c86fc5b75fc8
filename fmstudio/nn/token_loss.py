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


LOGITS_AT_ONCE = 1 << 24
"""Logits that are in memory at once, as far as 256 tokens have no more: 64 MB."""


class _TokenLoss(torch.autograd.Function):
    """d loss / d logits = (softmax - one-hot) / count needs no more than the forward pass has at hand, so it is
    computed there, in place of the logits, which are then forgotten: a few hundred tokens at a time. The count divides
    the gradients of what is narrow, not those of the logits."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        counts = (targets != IGNORED).unsqueeze(1)
        share = counts.to(hidden.dtype).div_(counts.sum())
        places = targets.unsqueeze(1).masked_fill(~counts, 0)
        at_once = max(256, LOGITS_AT_ONCE // len(weight))
        room = hidden.new_empty(min(at_once, len(hidden)), len(weight))
        loss = hidden.new_zeros(())
        by_hidden, by_weight = torch.empty_like(hidden), None
        if ctx.needs_input_grad[1]:
            by_weight = torch.zeros_like(weight)
        for first in range(0, len(hidden), at_once):
            part = slice(first, first + at_once)
            logits = torch.mm(hidden[part], weight.T, out=room[: len(hidden[part])])
            log_probabilities = torch.log_softmax(logits, dim=-1, out=logits)
            loss -= log_probabilities.gather(1, places[part]).mul_(share[part]).sum()
            by_logits = log_probabilities.exp_()
            by_logits.scatter_add_(1, places[part], torch.full_like(share[part], -1.0))
            torch.mm(by_logits, weight, out=by_hidden[part])
            if by_weight is not None:
                by_weight.addmm_(by_logits.T, hidden[part] * share[part])
        ctx.save_for_backward(by_hidden.mul_(share), by_weight)
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None]:
        by_hidden, by_weight = ctx.saved_tensors
        return by_hidden * gradient, None if by_weight is None else by_weight * gradient, None


def token_log_probabilities(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The log-probability of each target under softmax(hidden weightᵀ), (tokens,), with gradients to `hidden` alone.

    hidden: (tokens, width); weight: (vocabulary, width); targets: (tokens,). Logits are never kept: those of a few
    tokens at a time are computed, and computed again for the gradient.
    """
    found: Tensor = _TokenLogProbabilities.apply(hidden, weight, targets)
    return found


_AT_ONCE = 256
"""Tokens whose logits are in memory at once."""


class _TokenLogProbabilities(torch.autograd.Function):
    """d log p(target) / d logits = one-hot - softmax."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        ctx.save_for_backward(hidden, weight, targets)
        found = [
            torch.log_softmax(part @ weight.T, dim=-1).gather(1, places.unsqueeze(1)).squeeze(1)
            for part, places in zip(hidden.split(_AT_ONCE), targets.split(_AT_ONCE), strict=True)
        ]
        return torch.cat(found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        hidden, weight, targets = ctx.saved_tensors
        by_hidden = torch.empty_like(hidden)
        for first in range(0, len(hidden), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            by_logits = torch.softmax(hidden[part] @ weight.T, dim=-1).neg_()
            by_logits.scatter_add_(1, targets[part].unsqueeze(1), torch.ones_like(by_logits[:, :1]))
            by_hidden[part] = by_logits.mul_(gradient[part].unsqueeze(1)) @ weight
        return by_hidden, None, None


def divergences_of(hidden: Tensor, weight: Tensor, wanted: Tensor, wanted_weight: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of softmax(hidden weightᵀ) from softmax(wanted wanted_weightᵀ) at each token, in
    nats, (tokens,): the expectation is over what is wanted (forward KL). Gradients go to `hidden` alone.

    hidden: (tokens, width); weight: (vocabulary, width); the others likewise, of a width of their own.
    """
    found: Tensor = _Divergences.apply(hidden, weight, wanted, wanted_weight)
    return found


class _Divergences(torch.autograd.Function):
    """d KL(p‖q) / d logits of q = q - p."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, wanted: Tensor, wanted_weight: Tensor) -> Tensor:
        ctx.save_for_backward(hidden, weight, wanted, wanted_weight)
        found = []
        for part, other in zip(hidden.split(_AT_ONCE), wanted.split(_AT_ONCE), strict=True):
            now, there = torch.log_softmax(part @ weight.T, dim=-1), torch.log_softmax(other @ wanted_weight.T, dim=-1)
            found.append((there.exp() * (there - now)).sum(-1))
        return torch.cat(found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        hidden, weight, wanted, wanted_weight = ctx.saved_tensors
        by_hidden = torch.empty_like(hidden)
        for first in range(0, len(hidden), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            by_logits = torch.softmax(hidden[part] @ weight.T, dim=-1)
            by_logits.sub_(torch.softmax(wanted[part] @ wanted_weight.T, dim=-1))
            by_hidden[part] = by_logits.mul_(gradient[part].unsqueeze(1)) @ weight
        return by_hidden, None, None, None


@torch.no_grad()
def divergences(hidden: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of softmax(hidden weightᵀ) from softmax(other weightᵀ) at each token, in nats,
    (tokens,); hidden and other: (tokens, width)."""
    found = []
    for one, two in zip(hidden.split(_AT_ONCE), other.split(_AT_ONCE), strict=True):
        first, second = (torch.log_softmax(part @ weight.T, dim=-1) for part in (one, two))
        found.append((first.exp() * (first - second)).sum(-1))
    return torch.cat(found)
