"""Drawing tokens from a decoder, one at a time, with its keys and values kept.

A text may grow beyond what the decoder reads at once: when its cache is full, the newest half of the context is read
again into an empty one and the text goes on from there.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from fmstudio.nn.decoder import Decoder, DecoderCache


def next_token_probabilities(logits: Tensor, temperature: float, top_k: int = 0, top_p: float = 1.0) -> Tensor:
    """Probabilities that a token is drawn with; logits: (vocabulary,), temperature above 0.

    top_k keeps that many likeliest tokens (0: all). top_p keeps the fewest likeliest tokens whose probabilities sum to
    at least top_p (nucleus sampling, Holtzman et al. 2020), at least one.
    """
    logits = logits.float() / temperature
    if 0 < top_k < len(logits):
        logits = logits.masked_fill(logits < logits.topk(top_k).values[-1], -torch.inf)
    probabilities = logits.softmax(-1)
    if top_p < 1.0:
        sorted_probabilities, order = probabilities.sort(descending=True)
        # A token is dropped when those before it already reach top_p.
        dropped = order[sorted_probabilities.cumsum(-1) - sorted_probabilities >= top_p]
        probabilities[dropped] = 0.0
        probabilities /= probabilities.sum()
    return probabilities


def draw(logits: Tensor, temperature: float, top_k: int, top_p: float, generator: torch.Generator) -> int:
    """One token from the logits of its position; the likeliest at temperature 0."""
    if temperature == 0:
        return int(logits.argmax())
    probabilities = next_token_probabilities(logits, temperature, top_k, top_p).cpu()
    return int(torch.multinomial(probabilities, 1, generator=generator))


@torch.no_grad()
def generate_tokens(
    decoder: Decoder,
    prompt: Sequence[int],
    *,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
) -> Iterator[int]:
    """Tokens that continue `prompt` (at least one token, at most the decoder's context), without end.

    The same seed gives the same tokens. Whoever iterates decides when to stop.
    """
    device = decoder.read_out_weight.device
    generator = torch.Generator().manual_seed(seed)
    cache = DecoderCache(decoder.shape, dtype=decoder.read_out_weight.dtype, device=device)
    text = list(prompt)
    unread = text
    while True:
        if cache.length + len(unread) > cache.capacity:
            cache.length = 0
            unread = text[-max(1, cache.capacity // 2) :]
        logits = decoder(torch.tensor([unread], device=device), cache, last_only=True)[0, -1]
        token = draw(logits, temperature, top_k, top_p, generator)
        text.append(token)
        unread = [token]
        yield token
