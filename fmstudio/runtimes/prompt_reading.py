"""Reads prompts with our decoder in blocks, and keeps the blocks that the next prompt begins with.

As in `llama_requests`: numbers that were computed in another grouping of tokens differ in their last digits, so only
whole blocks of an earlier prompt are used again, and the same prompt gives the same text whatever was read before it.
"""

from collections.abc import Generator

from torch import Tensor

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoding_plan import BLOCK
from fmstudio.nn.generation import reader_of
from fmstudio.nn.threads import make_way_for_torch
from fmstudio.runtimes.memory import tokens_at_once

MOST_AT_ONCE = 4 * BLOCK
"""Tokens read at once where the model is small; between two such pieces whoever waits can stop it."""


class PromptReading:
    """One decoder's keys and values, for one text at a time. strength: of its adapter, where it has one."""

    def __init__(self, decoder: Decoder, capacity: int, strength: float = 1.0) -> None:
        self.decoder, self.strength = decoder, strength
        self._reader = reader_of(decoder, capacity, strength)
        self._at_once = tokens_at_once(decoder.shape.parameters, BLOCK, MOST_AT_ONCE)
        self._kept: list[int] = []

    def read(self, prompt: list[int]) -> Generator[list[str], None, Tensor]:
        """Read a prompt from its beginning; yields an empty list before each piece, returns the last logits."""
        place = self._shared(prompt)
        self._kept, self._reader.length = [], place
        while True:
            yield []
            make_way_for_torch()
            logits = self._reader.read(prompt[place : place + self._at_once])
            place += self._at_once
            if place >= len(prompt):
                self._kept = prompt
                return logits

    def go_on(self, token: int) -> Tensor:
        """Read one more token; returns the logits after it."""
        make_way_for_torch()  # another runtime may have been too busy to let go when this text began
        return self._reader.read([token])

    def _shared(self, prompt: list[int]) -> int:
        """Tokens of the whole blocks that the prompt shares with the one before; at least one token is left to read."""
        blocks = min(len(prompt) - 1, len(self._kept)) // BLOCK
        while blocks and prompt[: blocks * BLOCK] != self._kept[: blocks * BLOCK]:
            blocks -= 1
        return blocks * BLOCK
