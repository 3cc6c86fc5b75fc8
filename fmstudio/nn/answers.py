"""Answers to many prompts at once, by the modules of a decoder as they are: adapters and packed weights included.

What writing a single token costs is reading all weights; here they are read once for the next token of every answer.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from fmstudio.nn.attention import causal_attention
from fmstudio.nn.decoder import Decoder, DecoderLayer

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""Attention in a layer of the given number: queries, keys, values → what the queries find, (1, heads, tokens, ...)."""

GROWTH = 64
"""Tokens by which the room for keys and values grows."""


@dataclass(slots=True)
class Answer:
    """What was written after a prompt, without the token that ends it. end: that token, once it has come."""

    tokens: list[int] = field(default_factory=list)
    end: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self.end is not None


def write_answers(
    decoder: Decoder,
    prompts: Sequence[Sequence[int]],
    ends: Collection[int],
    most: int,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    each: int = 1,
) -> Iterator[list[Answer]]:
    """Continue each prompt until a token of `ends`, `most` tokens or the end of the context.

    Yields the answers as they stand after each token; the last is what came of it. temperature: 0 for the likeliest
    token each time; otherwise tokens are drawn, and the same seed draws the same. each: answers to a prompt, which is
    read once for all of them; they stand side by side.
    """
    answers = [Answer() for _ in range(each * len(prompts))]
    if not prompts:
        return
    chance = torch.Generator().manual_seed(seed)
    texts = _Texts(decoder, prompts)
    logits = texts.begin().repeat_interleave(each, dim=0)
    texts.repeat(each)
    going = list(range(len(answers)))
    for _ in range(most):
        tokens = _draw(logits, temperature, chance)
        kept = []
        for place, token in enumerate(tokens):
            answer = answers[going[place]]
            if token in ends:
                answer.end = token
                continue
            answer.tokens.append(token)
            if texts.lengths[place] < decoder.shape.context:
                kept.append(place)
        yield answers
        going = [going[place] for place in kept]
        if not going:
            return
        logits = texts.read(kept, [tokens[place] for place in kept])


def _draw(logits: Tensor, temperature: float, chance: torch.Generator) -> list[int]:
    if temperature == 0:
        found: list[int] = logits.argmax(-1).tolist()
        return found
    probabilities = (logits.float() / temperature).softmax(-1).cpu()
    drawn: list[int] = torch.multinomial(probabilities, 1, generator=chance).squeeze(1).tolist()
    return drawn


class _Texts:
    """Texts with their keys and values, each of its own length; those that are over are dropped."""

    def __init__(self, decoder: Decoder, prompts: Sequence[Sequence[int]]) -> None:
        self._decoder, self._prompts = decoder, prompts
        self._device = decoder.model.norm.weight.device
        self.lengths = [len(prompt) for prompt in prompts]
        shape = decoder.shape
        room = (2, len(prompts), shape.key_value_heads, max(self.lengths) + GROWTH, shape.head_width)
        self._kept = [torch.zeros(room, device=self._device) for _ in range(shape.layers)]

    @torch.no_grad()
    def begin(self) -> Tensor:
        """Read all prompts; returns the logits of what follows each, (prompts, vocabulary)."""
        tokens = [token for prompt in self._prompts for token in prompt]
        cos_sin = torch.cat([self._cos_sin(0, length) for length in self.lengths])

        def attend(number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            found = []
            parts = zip(*(each.split(self.lengths, dim=2) for each in (query, key, value)), strict=True)
            for place, (its_query, its_key, its_value) in enumerate(parts):
                length = self.lengths[place]
                self._kept[number][0, place, :, :length] = its_key[0]
                self._kept[number][1, place, :, :length] = its_value[0]
                found.append(causal_attention(its_query, its_key, its_value))
            return torch.cat(found, dim=2)

        ends = torch.tensor(self.lengths, device=self._device).cumsum(0) - 1
        return self._logits(tokens, cos_sin, attend, ends)

    def repeat(self, count: int) -> None:
        """Go on with each text so many times."""
        if count > 1:
            self._kept = [each.repeat_interleave(count, dim=1) for each in self._kept]
            self.lengths = [length for length in self.lengths for _ in range(count)]

    @torch.no_grad()
    def read(self, places: Sequence[int], tokens: Sequence[int]) -> Tensor:
        """Go on with the texts at some places, each with one more token; the others are dropped.

        Returns the logits of what follows each, (places, vocabulary).
        """
        if len(places) < len(self.lengths):
            self._kept = [each[:, list(places)] for each in self._kept]
            self.lengths = [self.lengths[place] for place in places]
        if max(self.lengths) == self._kept[0].shape[3]:
            self._kept = [torch.nn.functional.pad(each, (0, 0, 0, GROWTH)) for each in self._kept]
        lengths = torch.tensor(self.lengths, device=self._device)
        rows = torch.arange(len(lengths), device=self._device)
        longest = max(self.lengths) + 1
        seen = (torch.arange(longest, device=self._device) <= lengths[:, None])[:, None, None]
        cos_sin = torch.cat([self._cos_sin(length, length + 1) for length in self.lengths])

        def attend(number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            kept = self._kept[number]
            kept[0, rows, :, lengths], kept[1, rows, :, lengths] = key[0].transpose(0, 1), value[0].transpose(0, 1)
            keys, values = kept[:, :, :, :longest]
            one_each = query[0].transpose(0, 1).unsqueeze(2)  # (texts, heads, 1, head_width)
            grouped = query.shape[1] != key.shape[1]
            mixed = scaled_dot_product_attention(one_each, keys, values, attn_mask=seen, enable_gqa=grouped)
            return mixed.squeeze(2).transpose(0, 1).unsqueeze(0)

        logits = self._logits(tokens, cos_sin, attend, rows)
        self.lengths = [length + 1 for length in self.lengths]
        return logits

    def _logits(self, tokens: Sequence[int], cos_sin: Tensor, attend: Attend, last: Tensor) -> Tensor:
        """Run the layers over tokens that stand in one row, with attention of their own."""
        model = self._decoder.model
        x: Tensor = model.embed_tokens(torch.tensor([list(tokens)], device=self._device))
        for number, module in enumerate(model.layers):
            layer = cast(DecoderLayer, module)
            mixed = attend(number, *layer.self_attn.qkv(layer.input_layernorm(x), cos_sin))
            x = x + layer.self_attn.o_proj(mixed.transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.post_attention_layernorm(x))
        return self._decoder.logits(model.norm(x[0, last]))

    def _cos_sin(self, start: int, stop: int) -> Tensor:
        return self._decoder.rotations(start, stop, self._device)
