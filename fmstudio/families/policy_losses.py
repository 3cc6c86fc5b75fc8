"""What rewards teach, as short functions of log-probabilities, in nats.

π, ρ, β    log-probability of each token of an answer under the model, under the model that wrote the answer, and
           under the base: (answers, tokens)
A          advantage of an answer over the others to its prompt: (answers,)
"""

import torch
from torch import Tensor

_LEAST_DEVIATION = 1e-4


def group_advantages(rewards: Tensor, normalised: bool) -> Tensor:
    """How much better each answer is than the others to its prompt; rewards: (prompts, answers), as is the result.

    normalised: by the group's standard deviation (Shao et al. 2024, "DeepSeekMath", section 4.1.2). Without, as Dr.
    GRPO has it (Liu et al. 2025, "Understanding R1-Zero-like training", equation 3): prompts whose answers are nearly
    all alike do not count more. A group whose answers are equally good teaches nothing.
    """
    advantages = rewards - rewards.mean(dim=1, keepdim=True)
    return advantages / (rewards.std(dim=1, keepdim=True) + _LEAST_DEVIATION) if normalised else advantages


def clipped_gain(now: Tensor, then: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """What each token gains (Schulman et al. 2017, equation 7; Shao et al. 2024, equation 3), (answers, tokens).

    now, then: π and ρ. Beyond a ratio of 1 ± clip nothing is gained any more. At the first update after the answers
    were written the ratio is 1 and the gradient is that of A log π.
    """
    ratio, each = (now - then).exp(), advantages[:, None]
    return torch.minimum(ratio * each, ratio.clamp(1.0 - clip, 1.0 + clip) * each)


def base_divergence(now: Tensor, base: Tensor) -> Tensor:
    """An estimate of the divergence from the base at each token that is unbiased and never negative, (answers, tokens).

    Schulman 2020, "Approximating KL divergence", the estimator k3; Shao et al. 2024, equation 4. now, base: π and β.
    """
    difference = base - now
    return difference.exp() - difference - 1.0


def mean_of_answers(values: Tensor, written: Tensor, longest: int = 0) -> Tensor:
    """One number an answer from one a token, (answers,).

    written: which tokens there are, (answers, tokens) of bool. longest: 0 divides by the tokens of each answer, as GRPO
    does; otherwise by this number for all, so that a long wrong answer is not spared (Dr. GRPO, equation 3).
    """
    sums = (values * written).sum(dim=1)
    return sums / longest if longest else sums / written.sum(dim=1).clamp(min=1)
