"""The weights of a frozen decoder as `nn.decoding_plan` multiplies with them: one matrix for what reads the same.

Queries, keys and values come from one product, and so do the gate and the values of the feed-forward layer. Their
weights are joined once, and the decoder's own layers become views of the joined ones, so that nothing is kept twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from fmstudio.nn.decoder import Decoder, DecoderLayer, TokenEmbedding
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.nn.lora import AdaptedLinear, Adapter, LowRank
from fmstudio.nn.packed import can_join
from fmstudio.nn.packed import joined as packed_joined
from fmstudio.nn.packed_layers import PackedLinear


def can_plan(decoder: Decoder) -> bool:
    """Whether a decoder can be prepared: it is frozen, and its layers are known; of adapters, those without lengths
    of their own are."""
    frozen = not any(parameter.requires_grad for parameter in decoder.parameters())
    projections = (part for name, part in decoder.named_modules() if name.endswith(("_proj", "lm_head")))
    return frozen and all(_is_known(part) for part in projections)


def _is_known(part: nn.Module) -> bool:
    if isinstance(part, AdaptedLinear):
        return part.attached is None or part.attached[1].magnitude is None
    return type(part) in (nn.Linear, PackedLinear)


def _groups(layer: nn.Module) -> tuple[list[nn.Module], list[nn.Module]]:
    """The layers that read the same: those of the attention, and those of the feed-forward layer."""
    assert isinstance(layer, DecoderLayer)
    attention, feed = layer.self_attn, layer.mlp
    return [attention.q_proj, attention.k_proj, attention.v_proj], [feed.gate_proj, feed.up_proj]


class Matrix(Protocol):
    """What a plan multiplies with."""

    @property
    def rows(self) -> int:
        """How many numbers a product has."""

    def matvec(self, x: Tensor, out: Tensor, *, add: bool = False) -> None:
        """out = W x, or out += W x; x: (columns,), out: (rows,)."""

    def matmuls(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """x Wᵀ for each part, (time, columns) → (time, rows)."""


@dataclass(frozen=True, slots=True)
class _Dense:
    """A matrix as torch has it."""

    weight: Tensor

    @property
    def rows(self) -> int:
        return len(self.weight)

    def matvec(self, x: Tensor, out: Tensor, *, add: bool = False) -> None:
        if add:
            out.addmv_(self.weight, x)
        else:
            torch.mv(self.weight, x, out=out)

    def matmuls(self, parts: Sequence[Tensor]) -> list[Tensor]:
        return [linear(part, self.weight) for part in parts]


class _Stacked:
    """Matrices one below the other that cannot be joined, as some are packed and others not."""

    def __init__(self, parts: Sequence[Matrix]) -> None:
        self._parts, self._each = parts, [part.rows for part in parts]

    @property
    def rows(self) -> int:
        return sum(self._each)

    def matvec(self, x: Tensor, out: Tensor, *, add: bool = False) -> None:
        for part, piece in zip(self._parts, out.split(self._each), strict=True):
            part.matvec(x, piece, add=add)

    def matmuls(self, parts: Sequence[Tensor]) -> list[Tensor]:
        results = [matrix.matmuls(parts) for matrix in self._parts]
        return [torch.cat(pieces, dim=-1) for pieces in zip(*results, strict=True)]


class _Adapted:
    """A matrix, and what adapters add to ranges of its rows, as strong as they are when they are asked."""

    def __init__(self, matrix: Matrix, parts: Sequence[tuple[slice, Adapter, LowRank]]) -> None:
        self._matrix, self._parts = matrix, parts

    @property
    def rows(self) -> int:
        return self._matrix.rows

    def matvec(self, x: Tensor, out: Tensor, *, add: bool = False) -> None:
        self._matrix.matvec(x, out, add=add)
        for rows, adapter, part in self._parts:
            scale = adapter.strength * part.shape.scale
            out[rows].addmv_(part.lora_B.data, torch.mv(part.lora_A.data, x), alpha=scale)

    def matmuls(self, parts: Sequence[Tensor]) -> list[Tensor]:
        results = self._matrix.matmuls(parts)
        for rows, adapter, low_rank in self._parts:
            for x, result in zip(parts, results, strict=True):
                result[..., rows] += low_rank(x, adapter.strength)
        return results


def _adapted(matrix: Matrix, layers: Sequence[nn.Module]) -> Matrix:
    """The matrix of these layers, one below the other, with what is attached to them."""
    parts, first = [], 0
    for layer in layers:
        rows = slice(first, first + matrix_of(_base(layer)).rows)
        first = rows.stop
        if isinstance(layer, AdaptedLinear) and layer.attached is not None:
            parts.append((rows, *layer.attached))
    return _Adapted(matrix, parts) if parts else matrix


def _base(layer: nn.Module) -> nn.Module:
    return layer.base if isinstance(layer, AdaptedLinear) else layer


def _product(layers: Sequence[nn.Module]) -> Matrix:
    """One matrix for layers that read the same, with what is attached to them.

    Layers that are joined already are left as they are, so that a decoder can be prepared again at no cost.
    """
    return _adapted(_base_product([_base(layer) for layer in layers]), layers)


def _base_product(layers: Sequence[nn.Module]) -> Matrix:
    packed = [layer.matrix for layer in layers if isinstance(layer, PackedLinear)]
    if not packed:
        return _Dense(_joined([layer.weight for layer in layers if isinstance(layer, nn.Linear)]))
    if len(packed) == len(layers) and can_join(packed):
        return packed_joined(packed)
    return _Stacked([matrix_of(layer) for layer in layers])


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Parameters one below the other; their own memory becomes views of it."""
    rows = [len(part) for part in parts]
    if _adjacent(parts):
        first = parts[0].data
        whole = first.as_strided((sum(rows), *first.shape[1:]), first.stride(), first.storage_offset())
    else:
        whole = torch.cat([part.data for part in parts])
    for part, piece in zip(parts, whole.split(rows), strict=True):
        part.data = piece
    return whole


def _adjacent(parts: Sequence[Tensor]) -> bool:
    place = parts[0].data_ptr()
    for part in parts:
        same = part.untyped_storage().data_ptr() == parts[0].untyped_storage().data_ptr()
        if not (same and part.is_contiguous() and part.data_ptr() == place):
            return False
        place += part.numel() * part.element_size()
    return True


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """The weights of one layer, joined where they read the same."""

    input_norm: Tensor
    qkv: Matrix
    bias: Tensor | None
    head_norm: Tensor | None
    """Weights that queries and keys are normalised with: (heads + key_value_heads, head_width)."""
    o_proj: Matrix
    mlp_norm: Tensor
    gate_up: Matrix
    down_proj: Matrix


def layer_weights(layer: nn.Module, shape: DecoderShape) -> LayerWeights:
    """The weights of a decoder's layer."""
    assert isinstance(layer, DecoderLayer)
    attention, (reading, feeding) = layer.self_attn, _groups(layer)
    biases = [part.bias for part in reading if isinstance(part.bias, nn.Parameter)]
    head_norm = None
    if attention.q_norm is not None and attention.k_norm is not None:
        norms = [attention.q_norm.weight.data] * shape.heads + [attention.k_norm.weight.data] * shape.key_value_heads
        head_norm = torch.stack(norms)
    return LayerWeights(
        layer.input_layernorm.weight.data,
        _product(reading),
        _joined(biases) if biases else None,
        head_norm,
        matrix_of(attention.o_proj),
        layer.post_attention_layernorm.weight.data,
        _product(feeding),
        matrix_of(layer.mlp.down_proj),
    )


def matrix_of(layer: nn.Module) -> Matrix:
    """The matrix of a single layer, or of the token table read the other way round."""
    if isinstance(layer, AdaptedLinear):
        return _adapted(matrix_of(layer.base), [layer])
    if isinstance(layer, PackedLinear):
        return layer.matrix
    assert isinstance(layer, (nn.Linear, TokenEmbedding))
    return _Dense(layer.weight.data)
