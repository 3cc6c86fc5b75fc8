"""Drawing tokens from a decoder, one at a time, with its keys and values kept.

A text may grow beyond what the decoder reads at once: when its cache is full, the newest half of the context is read
again into an empty one and the text goes on from there.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from fmstudio.nn.decoder import Decoder, DecoderCache
from fmstudio.nn.decoding_plan import BLOCK, DecodingPlan
from fmstudio.nn.decoding_weights import can_plan
from fmstudio.nn.lora import Adapter, adapter_of, at_strength
from fmstudio.nn.sampling_controls import SamplingControls, draw, next_token_probabilities

__all__ = ["Reader", "SamplingControls", "generate_steps", "generate_tokens", "next_token_probabilities", "reader_of"]


class Reader(Protocol):
    """A decoder with the text that it has read. Setting `length` to a smaller number forgets the tokens after it."""

    length: int
    capacity: int

    def read(self, tokens: list[int]) -> Tensor:
        """Reads on; returns the logits of the token that follows, (vocabulary,), valid until the next call."""


def reader_of(decoder: Decoder, capacity: int | None = None, strength: float = 1.0) -> Reader:
    """The fastest way to read with a decoder. capacity: the most tokens, all that it reads at once by default.
    strength: of its adapter, where it has one.

    A decoder that is frozen (`requires_grad_(False)`) is prepared for it; one that still learns, or has an adapter that
    learns lengths of its own, is read through its modules, which are left as they are.
    """
    reader = DecodingPlan(decoder, capacity) if can_plan(decoder) else _ModuleReader(decoder, capacity)
    adapter = adapter_of(decoder)
    return reader if adapter is None else _AdaptedReader(reader, adapter, strength)


class _AdaptedReader:
    """Reads with an adapter of one strength: others may read with the same adapter and another strength meanwhile."""

    def __init__(self, reader: Reader, adapter: Adapter, strength: float) -> None:
        self._reader, self._adapter, self._strength = reader, adapter, strength
        self.capacity = reader.capacity

    @property
    def length(self) -> int:
        return self._reader.length

    @length.setter
    def length(self, length: int) -> None:
        self._reader.length = length

    def read(self, tokens: list[int]) -> Tensor:
        with at_strength(self._adapter, self._strength):
            return self._reader.read(tokens)


class _ModuleReader:
    """Reads through the decoder's own `forward`."""

    def __init__(self, decoder: Decoder, capacity: int | None) -> None:
        weight = decoder.model.norm.weight
        self._decoder, self._device = decoder, weight.device
        self._cache = DecoderCache(decoder.shape, capacity=capacity, dtype=weight.dtype, device=weight.device)
        self.capacity = self._cache.capacity

    @property
    def length(self) -> int:
        return self._cache.length

    @length.setter
    def length(self, length: int) -> None:
        self._cache.length = length

    @torch.no_grad()
    def read(self, tokens: list[int]) -> Tensor:
        for block in torch.tensor([tokens], device=self._device).split(BLOCK, dim=1):
            logits: Tensor = self._decoder(block, self._cache, last_only=True)[0, -1]
        return logits


def generate_steps(
    decoder: Decoder, prompt: Sequence[int], controls: SamplingControls, seed: int = 0, strength: float = 1.0
) -> Iterator[tuple[int, Tensor]]:
    """Tokens that continue `prompt`, without end, each with the logits that it was drawn from, (vocabulary,).

    The logits are the decoder's own, before any control; they stand in a buffer that the next step writes over.
    strength: of the decoder's adapter, where it has one.
    """
    generator = torch.Generator().manual_seed(seed)
    reader = reader_of(decoder, strength=strength)
    text = list(prompt)
    unread = text
    while True:
        if reader.length + len(unread) > reader.capacity:
            reader.length = 0
            unread = text[-max(1, reader.capacity // 2) :]
        logits = reader.read(unread)
        token = draw(logits, controls, generator, text)
        text.append(token)
        unread = [token]
        yield token, logits


def generate_tokens(
    decoder: Decoder,
    prompt: Sequence[int],
    *,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    repetition_penalty: float = 1.0,
    seed: int = 0,
    strength: float = 1.0,
) -> Iterator[int]:
    """Tokens that continue `prompt` (at least one token, at most the decoder's context), without end.

    The same seed gives the same tokens. Whoever iterates decides when to stop. strength: of the decoder's adapter.
    """
    controls = SamplingControls(
        temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, repetition_penalty=repetition_penalty
    )
    for token, _ in generate_steps(decoder, prompt, controls, seed, strength):
        yield token
