"""Answers that a model has written while it learns, as a part of its checkpoints.

The weights that wrote them are other ones a step later, so a run that goes on could not write them again.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fmstudio.nn.answers import Answer


class KeptAnswers(nn.Module):
    """A fixed number of answers, each with the token that ended it where that came.

    tokens: (answers, most), zeros beyond their lengths, (answers,).
    """

    step: Tensor
    tokens: Tensor
    lengths: Tensor

    def __init__(self, answers: int, most: int) -> None:
        """most: tokens of an answer, its end counted."""
        super().__init__()
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        self.register_buffer("tokens", torch.zeros(answers, most, dtype=torch.int64))
        self.register_buffer("lengths", torch.zeros(answers, dtype=torch.int64))

    def of(self, step: int) -> bool:
        """Whether these are the answers that were written for a step."""
        return int(self.step) == step

    def keep(self, step: int, answers: Sequence[Answer]) -> None:
        """Hold the answers that were written for a step instead of those before."""
        self.step.fill_(step)
        self.put(range(len(answers)), answers)

    def put(self, places: Sequence[int], answers: Sequence[Answer]) -> None:
        """Hold some answers instead of those that were at these places."""
        for place, answer in zip(places, answers, strict=True):
            text = answer.tokens + ([] if answer.end is None else [answer.end])
            self.tokens[place] = 0
            self.tokens[place, : len(text)] = torch.tensor(text, dtype=torch.int64)
            self.lengths[place] = len(text)
