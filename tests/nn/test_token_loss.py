"""Losses of tokens from hidden states, against torch's own."""

import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from fmstudio.nn import token_loss as losses
from fmstudio.nn.token_loss import IGNORED, divergences, token_log_probabilities, token_loss

TOKENS, WIDTH, WORDS = 300, 8, 50
"""More tokens than are computed at once."""


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_log_probabilities_and_their_gradient_are_those_of_cross_entropy() -> None:
    weight, targets = normal(WORDS, WIDTH, seed=1), torch.arange(TOKENS) % WORDS
    shares = normal(TOKENS, seed=2)
    found, expected = (normal(TOKENS, WIDTH, seed=0).requires_grad_() for _ in range(2))
    each = token_log_probabilities(found, weight, targets)
    reference = -cross_entropy(expected @ weight.T, targets, reduction="none")
    torch.testing.assert_close(each, reference)
    (each @ shares).backward()
    (reference @ shares).backward()
    torch.testing.assert_close(found.grad, expected.grad)


def test_the_loss_of_a_few_tokens_at_a_time_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "LOGITS_AT_ONCE", 1)
    targets = torch.where(torch.arange(TOKENS) % 3 == 0, IGNORED, torch.arange(TOKENS) % WORDS)
    found, expected = ([normal(TOKENS, WIDTH, seed=0), normal(WORDS, WIDTH, seed=1)] for _ in range(2))
    for each in (*found, *expected):
        each.requires_grad_()
    loss, reference = token_loss(*found, targets), cross_entropy(expected[0] @ expected[1].T, targets)
    torch.testing.assert_close(loss, reference)
    loss.backward()
    reference.backward()
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_the_divergence_is_that_of_the_whole_distributions() -> None:
    weight, one, other = normal(WORDS, WIDTH, seed=1), normal(TOKENS, WIDTH, seed=2), normal(TOKENS, WIDTH, seed=3)
    now, before = (log_softmax(each @ weight.T, -1) for each in (one, other))
    expected = kl_div(before, now, log_target=True, reduction="none").sum(-1)
    torch.testing.assert_close(divergences(one, other, weight), expected)
    assert divergences(one, one, weight).abs().max() == 0
