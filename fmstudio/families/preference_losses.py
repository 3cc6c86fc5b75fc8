"""What preferences teach, as short functions of log-probabilities.

    π, ρ    log-probability of a whole answer, its ending token included, under the model and under its base: (pairs,)
    r       β (π - ρ), the reward that a preference implies (Rafailov et al. 2023, equation 5)

All return one loss an example, (examples,), and are written in nats.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def dpo_loss(chosen: Tensor, rejected: Tensor, base_chosen: Tensor, base_rejected: Tensor, beta: float) -> Tensor:
    """Direct preference optimisation (Rafailov et al. 2023, equation 7): the chosen answer's reward is to be larger."""
    return -logsigmoid(beta * ((chosen - base_chosen) - (rejected - base_rejected)))


def kto_loss(
    answer: Tensor, base_answer: Tensor, good: Tensor, drift: Tensor, beta: float, bad_weight: float = 1.0
) -> Tensor:
    """Kahneman-Tversky optimisation (Ethayarajh et al. 2024, equation 8), for answers that were judged alone.

    good: which answers are, (answers,) of bool. drift: how far the model is from its base altogether, a scalar that is
    taken as given; see `kto_drift`. bad_weight: λ_U, with λ_D = 1.
    """
    reward = beta * (answer - base_answer - drift)
    return torch.where(good, 1.0 - torch.sigmoid(reward), bad_weight * (1.0 - torch.sigmoid(-reward)))


def kto_drift(answer: Tensor, base_answer: Tensor) -> Tensor:
    """KTO's estimate z₀ of the divergence from the base, in nats: from answers that belong to other prompts."""
    return (answer - base_answer).mean().clamp(min=0.0).detach()


def orpo_loss(chosen: Tensor, rejected: Tensor, beta: float) -> Tensor:
    """The odds ratio of ORPO (Hong et al. 2024, equations 6 and 7), which needs no base; its other term is the
    cross-entropy of the chosen answer.

    chosen, rejected: mean log-probability of an answer's tokens.
    """
    return -beta * logsigmoid(_log_odds(chosen) - _log_odds(rejected))


def _log_odds(log_probability: Tensor) -> Tensor:
    """log p / (1 - p), which stays finite where p is nearly 1."""
    return log_probability - torch.log(-torch.expm1(log_probability.clamp(max=-1e-6)))
