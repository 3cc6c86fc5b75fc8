"""Learning old text again beside what is new, so that it is not forgotten (Ibrahim et al. 2024, arXiv 2403.08763)."""

import numpy as np
import torch
from torch import Tensor

from fmstudio.families.chance import philox
from fmstudio.families.example_rows import TokenRow

STREAM = 24
"""The stream of chance that draws old text."""

WINDOW = 256
"""Tokens of a text that are learnt together at most."""


class Replay:
    """Old texts, and how much of them each step learns."""

    def __init__(self, texts: list[np.ndarray], share: float) -> None:
        """texts: each the numbers of its tokens. share: tokens of them for each token of the examples."""
        self._texts = [text for text in texts if len(text) > 1]
        self.share = share if self._texts else 0.0

    def drawn(self, seed: int, step: int, rows: int, tokens: int) -> Tensor:
        """The windows of a step whose examples have so many tokens: (rows, 4), of which row by row are learnt together
        with an example's. Each is (text, first token, tokens, predicted tokens of all windows by all rows).

        A pure function of seed and step. Rows without a window have one of no token.
        """
        wanted = round(self.share * tokens)
        found = torch.zeros(rows, 4, dtype=torch.float64)
        count = min(rows, -(-wanted // WINDOW))
        if wanted < 2:
            return found
        chance = philox(seed, step, STREAM)
        for row in range(count):
            text = int(chance.integers(len(self._texts)))
            length = min(-(-wanted // count), WINDOW, len(self._texts[text]))
            start = int(chance.integers(len(self._texts[text]) - length + 1))
            found[row, :3] = torch.tensor([text, start, length])
        found[:, 3] = (found[:, 2] - 1).clamp_min(0).sum() / rows
        return found

    def rows(self, drawn: Tensor) -> list[TokenRow]:
        """The windows of some rows of what was drawn, of which every token but the first is learnt."""
        places = drawn[:, :3].long().tolist()
        return [TokenRow(self._texts[text][start : start + length], np.arange(length) > 0)
                for text, start, length in places if length > 1]  # fmt: skip
