"""BERT as an encoder of sentences (Devlin et al. 2019; Reimers and Gurevych 2019), with the weights of a Hugging Face
`BertModel`, made for reading very many short texts on a CPU.

Nothing is ever padded. The sequences of a batch lie one behind the other in one long matrix; only attention needs to
know where each begins, and sequences of equal length attend together. Processors with matrix units (Intel's AMX)
multiply in bfloat16, three times as fast; what is added up from layer to layer stays in float32, which keeps the
vectors within a cosine of 0.9999 of those in float32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from fmstudio.errors import StudioError
from fmstudio.nn.precision import has_matrix_units

Run = tuple[int, int, int]
"""Sequences of one length that follow each other: where they begin, how many they are, and their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """The numbers of a `config.json` that decide what an encoder computes."""

    layers: int
    width: int
    heads: int
    positions: int
    """The longest sequence in tokens, the two special ones included."""
    norm_epsilon: float


def from_bert_config(config: Mapping[str, Any]) -> BertShape:
    """The shape that a `config.json` describes; raises StudioError for anything that would be computed differently."""
    architecture = str((config.get("architectures") or [config.get("model_type", "(none)")])[0])
    if config.get("model_type") != "bert":
        raise StudioError(f"The architecture is {architecture}, but sentences are encoded by BertModel only.")
    if config.get("hidden_act", "gelu") != "gelu":
        raise StudioError(f"The hidden_act is {config['hidden_act']}, but this encoder computes gelu only.")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise StudioError(f"Its positions are {config['position_embedding_type']}, but this encoder has absolute only.")
    return BertShape(
        layers=int(config["num_hidden_layers"]),
        width=int(config["hidden_size"]),
        heads=int(config["num_attention_heads"]),
        positions=int(config["max_position_embeddings"]),
        norm_epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )


def matrix_dtype() -> torch.dtype:
    """The number format in which this processor multiplies large matrices fastest without harm to the vectors."""
    return torch.bfloat16 if has_matrix_units() else torch.float32


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Linear:
    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return linear(x.to(self.weight.dtype), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Attention among the tokens of each sequence, then a feed-forward layer; each is added and normalised after."""

    qkv: _Linear
    o_proj: _Linear
    attention_norm: _Norm
    up: _Linear
    down: _Linear
    output_norm: _Norm
    heads: int

    def __call__(self, x: Tensor, runs: Sequence[Run]) -> Tensor:
        x = self.attention_norm(x + self.o_proj(self._attention(x, runs)))
        return self.output_norm(x + self.down(gelu(self.up(x))))

    def _attention(self, x: Tensor, runs: Sequence[Run]) -> Tensor:
        projected = self.qkv(x)
        mixed = projected.new_empty(x.shape)
        for start, count, length in runs:
            piece = slice(start, start + count * length)
            parts = projected[piece].view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            found = scaled_dot_product_attention(parts[0], parts[1], parts[2])
            mixed[piece].view(count, length, self.heads, -1).copy_(found.transpose(1, 2))
        return mixed


class BertEncoder:
    """A `BertModel` for reading only.

    weights: by the names of Hugging Face, with or without the prefix `bert.`; raises StudioError where one is missing.
    dtype: the format of the large matrices.
    """

    def __init__(self, shape: BertShape, weights: Mapping[str, Tensor], dtype: torch.dtype | None = None) -> None:
        self.shape = shape
        self._weights = {name.removeprefix("bert."): weight for name, weight in weights.items()}
        self._dtype = matrix_dtype() if dtype is None else dtype
        self._words = self._weight("embeddings.word_embeddings.weight")
        kind = self._weight("embeddings.token_type_embeddings.weight")[0]  # every token is of the first sentence
        self._places = self._weight("embeddings.position_embeddings.weight") + kind
        self._norm = self._norm_of("embeddings.LayerNorm")
        self._layers = [self._layer(f"encoder.layer.{number}.") for number in range(shape.layers)]
        self._weights = {}

    @torch.inference_mode()
    def encode(self, sequences: Sequence[Sequence[int]], pooling: str = "mean") -> Tensor:
        """A vector of length one for each sequence of token numbers, (sequences, width) in float32.

        pooling: "mean" of the tokens' vectors, or "cls", the first token's. Sequences of equal length should be
        neighbours: they attend together.
        """
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        hidden = self._hidden_states(sequences)
        starts = lengths.cumsum(0) - lengths
        if pooling == "cls":
            return normalize(hidden[starts], dim=1)
        owners = torch.repeat_interleave(torch.arange(len(sequences)), lengths)
        return normalize(hidden.new_zeros(len(sequences), self.shape.width).index_add_(0, owners, hidden), dim=1)

    def _hidden_states(self, sequences: Sequence[Sequence[int]]) -> Tensor:
        """The last layer's vectors of all tokens, one sequence behind the other: (tokens, width)."""
        tokens = torch.tensor([token for sequence in sequences for token in sequence])
        places = torch.cat([torch.arange(len(sequence)) for sequence in sequences])
        x = self._norm(self._words[tokens] + self._places[places])
        runs = list(_runs(sequences))
        for layer in self._layers:
            x = layer(x, runs)
        return x

    def _layer(self, prefix: str) -> _Layer:
        parts = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
        return _Layer(
            self._linear_of(*parts),
            self._linear_of(f"{prefix}attention.output.dense"),
            self._norm_of(f"{prefix}attention.output.LayerNorm"),
            self._linear_of(f"{prefix}intermediate.dense"),
            self._linear_of(f"{prefix}output.dense"),
            self._norm_of(f"{prefix}output.LayerNorm"),
            self.shape.heads,
        )

    def _linear_of(self, *names: str) -> _Linear:
        """One product in place of several that read the same."""
        weight, bias = (torch.cat([self._weight(f"{name}.{part}") for name in names]) for part in ("weight", "bias"))
        return _Linear(weight.to(self._dtype), bias.to(self._dtype))

    def _norm_of(self, name: str) -> _Norm:
        return _Norm(self._weight(f"{name}.weight"), self._weight(f"{name}.bias"), self.shape.norm_epsilon)

    def _weight(self, name: str) -> Tensor:
        if name not in self._weights:
            raise StudioError(
                f"The weights have no {name}, so they are not those of a BertModel; copy the model again."
            )
        return self._weights[name].float()


def _runs(sequences: Sequence[Sequence[int]]) -> "list[Run]":
    runs, start = [], 0
    for length, group in groupby(len(sequence) for sequence in sequences):
        count = sum(1 for _ in group)
        runs.append((start, count, length))
        start += count * length
    return runs
