"""Layers of a decoder whose weights stay packed."""

from typing import Any

import torch
from torch import Tensor, nn

from fmstudio.nn.packed import PackedMatrix


class PackedLinear(nn.Module):
    """What `nn.Linear` computes, with a packed matrix. Its weight cannot be trained; `state_dict` has it in float32."""

    def __init__(self, matrix: PackedMatrix, bias: nn.Parameter | None = None) -> None:
        super().__init__()
        self.matrix, self.bias = matrix, bias

    @property
    def weight(self) -> Tensor:
        """The matrix in float32, unpacked anew each time: (outputs, inputs)."""
        return self.matrix.unpacked()

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) → (..., outputs)."""
        result = self.matrix.matmul(x)
        return result if self.bias is None else result + self.bias

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "weight"] = self.weight


class PackedEmbedding(PackedLinear):
    """What `nn.decoder.TokenEmbedding` computes, with a packed matrix: a row for each token."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(...) → (..., width)."""
        result = torch.empty(*tokens.shape, self.matrix.columns)
        for place, token in enumerate(tokens.flatten().tolist()):
            result.view(-1, self.matrix.columns)[place] = self.row(token)
        return result

    def row(self, token: int) -> Tensor:
        """One token's embedding, (width,)."""
        return self.matrix.row(token)

    def lengths(self) -> Tensor:
        """Euclidean lengths of all rows, (vocabulary,)."""
        return torch.cat([chunk.norm(dim=0) for _, chunk in self.matrix.chunks()])

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., width) → (..., vocabulary)."""
        return self.matrix.matmul(hidden)
