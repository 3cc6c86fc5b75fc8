"""Noise on embeddings while a model is fine-tuned (NEFTune, Jain et al. 2023, arXiv 2310.05914)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def embedding_noise(lengths: Sequence[int], width: int, alpha: float, chance: torch.Generator) -> Tensor:
    """What is added to the embeddings of texts of these lengths, one after the other: (tokens, width).

    Uniform in [-1, 1] times α / √(L d) for a text of L tokens and embeddings of d numbers (algorithm 1), so that a
    text's noise is about α / √3 long whatever its length. Texts are drawn one by one: in parts they get the same.
    """
    parts = [torch.rand(length, width, generator=chance).mul_(2).sub_(1).mul_(alpha * (length * width) ** -0.5)
             for length in lengths]  # fmt: skip
    return torch.cat(parts)
