"""How the next token is chosen from the logits: pure functions, in the order in which llama.cpp is asked to apply them.

repetition penalty → temperature → top-k → top-p → min-p → one draw. Each step works on what the one before has left, so
a small top-k makes all that follow cheap, whatever the size of the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LIKELIEST = 512
"""So many tokens are sorted first; all of them only where these do not reach top-p together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingControls:
    """The controls; as they stand here they change nothing."""

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0


def penalised(logits: Tensor, text: Sequence[int] | Tensor, penalty: float) -> Tensor:
    """Logits, (vocabulary,), with every token of the text made less likely (Keskar et al. 2019, section 4.1).

    A positive logit is divided by the penalty, a negative one multiplied; however often a token stands there, once.
    """
    if penalty == 1.0 or len(text) == 0:
        return logits
    seen = torch.as_tensor(text, device=logits.device).unique()
    found = logits[seen]
    return logits.index_copy(0, seen, torch.where(found > 0, found / penalty, found * penalty))


def candidates(logits: Tensor, controls: SamplingControls) -> tuple[Tensor | None, Tensor]:
    """The tokens that can be drawn and their probabilities, which sum to one; temperature above 0, no penalty applied.

    Returns (tokens, probabilities), likeliest first, or (None, probabilities) with one for each token of the vocabulary
    where neither top-k nor top-p asked for an order.
    """
    logits = logits.float() / controls.temperature
    tokens: Tensor | None = None
    if 0 < controls.top_k < len(logits):
        logits, tokens = logits.topk(controls.top_k)
    probabilities = logits.softmax(-1)
    if controls.top_p < 1.0:
        if tokens is None:
            probabilities, tokens = _likeliest(probabilities, controls.top_p)
        # A token is dropped when those before it already reach top_p: nucleus sampling, Holtzman et al. 2020.
        kept = max(1, int((probabilities.cumsum(-1) - probabilities < controls.top_p).sum()))
        probabilities, tokens = probabilities[:kept], tokens[:kept]
    if controls.min_p > 0.0:  # Nguyen et al. 2024, equation 2
        probabilities = probabilities.masked_fill(probabilities < controls.min_p * probabilities.max(), 0.0)
    return tokens, probabilities / probabilities.sum()


def _likeliest(probabilities: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    """The likeliest tokens in order: enough of them to reach top_p."""
    first, tokens = probabilities.topk(min(LIKELIEST, len(probabilities)))
    if float(first.sum()) >= top_p:
        return first, tokens
    ordered, tokens = probabilities.sort(descending=True)
    return ordered, tokens


def next_token_probabilities(
    logits: Tensor, temperature: float, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0
) -> Tensor:
    """The probability that each token is drawn with, (vocabulary,); logits: (vocabulary,), temperature above 0.

    top_k keeps that many likeliest tokens (0: all). top_p keeps the fewest likeliest of these whose probabilities sum
    to at least top_p. min_p drops those less likely than that fraction of the likeliest. At least one token is kept.
    """
    controls = SamplingControls(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    tokens, probabilities = candidates(logits, controls)
    if tokens is None:
        return probabilities
    return probabilities.new_zeros(len(logits)).index_copy_(0, tokens, probabilities)


def draw(
    logits: Tensor, controls: SamplingControls, generator: torch.Generator, text: Sequence[int] | Tensor = ()
) -> int:
    """One token from the logits of its position; the likeliest at temperature 0. text: what the penalty applies to."""
    logits = penalised(logits, text, controls.repetition_penalty)
    if controls.temperature == 0:
        return int(logits.argmax())
    tokens, probabilities = candidates(logits, controls)
    # Inverse transform: where a uniform number falls among the sums; float64 tells 150,000 of them apart.
    sums = probabilities.cpu().double().cumsum(0)
    uniform = torch.rand(1, dtype=torch.float64, generator=generator) * sums[-1]
    place = min(int(torch.searchsorted(sums, uniform, right=True)), len(sums) - 1)
    return place if tokens is None else int(tokens[place])
