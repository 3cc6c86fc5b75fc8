"""A learned prior over grids of code numbers: a decoder that says each code from those before it, row by row.

The vector-quantised autoencoder learns codes, not how often they stand together; a second, autoregressive model learns
that (van den Oord et al. 2017, section 3.3). What is asked for comes first, as one token a field.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fmstudio.nn.decoder import Decoder, DecoderCache
from fmstudio.nn.decoder_shape import DecoderShape

HEAD_WIDTH = 32


class CodePrior(nn.Module):
    """p(codes | condition) over `places` codes of a codebook of `codes`."""

    def __init__(
        self, codes: int, places: int, width: int, layers: int, condition_sizes: Sequence[int] = (), seed: int = 0
    ) -> None:
        super().__init__()
        self.codes, self.places = codes, places
        # The tokens: all codes, one for "begin" and "not given", then the values of each field.
        starts = [codes + 1 + sum(condition_sizes[:field]) for field in range(len(condition_sizes))]
        self._field_starts = torch.tensor(starts, dtype=torch.int64)
        heads = max(1, width // HEAD_WIDTH)
        shape = DecoderShape(
            vocabulary_size=codes + 1 + sum(condition_sizes), layers=layers, width=width, heads=heads,
            key_value_heads=heads, head_width=HEAD_WIDTH, hidden_width=8 * width // 3,
            context=max(1, len(condition_sizes)) + places, query_key_norm=True, tied_embeddings=False,
        )  # fmt: skip
        self.decoder = Decoder(shape, seed)

    def loss(self, numbers: Tensor, conditions: Tensor) -> Tensor:
        """Mean cross-entropy in nats a code; numbers: (batch, places), conditions: (batch, fields)."""
        prefix = self._prefix(conditions)
        tokens = torch.cat([prefix, numbers[:, :-1]], dim=1)
        hidden = self.decoder.hidden_states(tokens)[:, prefix.shape[1] - 1 :]
        return functional.cross_entropy(self._logits(hidden).flatten(0, 1), numbers.flatten())

    @torch.no_grad()
    def draw(self, conditions: Tensor, chance: Tensor, temperature: float = 1.0) -> Tensor:
        """Code numbers (batch, places).

        chance: (batch, places) in [0, 1), which decides each code. At temperature 0 the likeliest is taken.
        """
        cache = DecoderCache(self.decoder.shape, len(chance), device=chance.device)
        tokens, drawn = self._prefix(conditions), []
        for place in range(self.places):
            logits = self._logits(self.decoder.hidden_states(tokens, cache)[:, -1])
            if temperature == 0:
                number = logits.argmax(1)
            else:
                # The first code whose cumulative probability passes the chance.
                reached = (logits.float() / temperature).softmax(1).cumsum(1)
                number = (reached <= chance[:, place, None]).sum(1).clamp_max(self.codes - 1)
            drawn.append(number)
            tokens = number[:, None]
        return torch.stack(drawn, dim=1)

    def _logits(self, hidden: Tensor) -> Tensor:
        """Of the codes alone: a condition is never answered."""
        return functional.linear(hidden, self.decoder.lm_head_weight[: self.codes])

    def _prefix(self, conditions: Tensor) -> Tensor:
        """(batch, fields) of values to tokens; without fields, one that only begins."""
        if not conditions.shape[1]:
            return conditions.new_full((len(conditions), 1), self.codes)
        starts = self._field_starts.to(conditions.device)
        return torch.where(conditions < 0, self.codes, conditions + starts)
