"""A frozen decoder prepared for writing: reads a prompt at once, then one token at a time with hardly any overhead.

What a token costs is the reading of all weights from memory once, and the calls that ask for it. So here

- what reads the same is one product (`nn.decoding_weights`), and packed weights (`nn.packed`) are read as they are
- for single tokens every buffer and every view of it is made beforehand; the residual stream is added to in place
- keys and values stay where they are put, in the half-rotation order of the weights (`nn.rotary`)
"""

import torch
from torch import Tensor
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder, TokenEmbedding
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.nn.decoding_weights import LayerWeights, layer_weights, matrix_of
from fmstudio.nn.packed_layers import PackedEmbedding

BLOCK = 128
"""Tokens that share a product, counted from where a reading begins: what is read in multiples of so many gives the same
numbers to the last bit, however many are read at once."""


class DecodingPlan:
    """A decoder with its text so far. `length` tokens are read; a smaller number set there forgets the rest.

    capacity: the most tokens it can hold; None takes all that the decoder reads.
    """

    def __init__(self, decoder: Decoder, capacity: int | None = None) -> None:
        shape = self.shape = decoder.shape
        self.capacity = min(capacity or shape.context, shape.context)
        self.length = 0
        self._table: TokenEmbedding | PackedEmbedding = decoder.model.embed_tokens
        self._lm_head = matrix_of(self._table if decoder.lm_head is None else decoder.lm_head)
        self._layers = [layer_weights(layer, shape) for layer in decoder.model.layers]
        self._norm = decoder.model.norm.weight.data
        room = (shape.layers, 2, shape.key_value_heads, self.capacity, shape.head_width)
        self._cache = self._norm.new_empty(room)
        self._cos, self._sin = _cos_sin(shape, self.capacity, self._norm)
        self._single = _SingleToken(self)

    @torch.inference_mode()
    def read(self, tokens: list[int]) -> Tensor:
        """Reads tokens after those it has; returns the logits of what follows the last one, (vocabulary,).

        The logits of a single token stand in a buffer that the next call writes over.
        """
        if self.length + len(tokens) > self.capacity:
            raise StudioError(
                f"{self.length + len(tokens)} tokens do not fit into a cache for {self.capacity}; shorten the text."
            )
        logits = self._single.read(tokens[0]) if len(tokens) == 1 else self._read_several(tokens)
        self.length += len(tokens)
        return logits

    def _read_several(self, tokens: list[int]) -> Tensor:
        shape, epsilon = self.shape, self.shape.norm_epsilon
        x = self._table(torch.tensor(tokens, device=self._norm.device))
        blocks = list(x.split(BLOCK))
        starts = range(self.length, self.length + len(tokens), BLOCK)
        for number, layer in enumerate(self._layers):
            projected = layer.qkv.matmuls(self._normed(blocks, layer.input_norm))
            found = [self._attention(number, layer, *each) for each in zip(projected, starts, strict=True)]
            _add(blocks, layer.o_proj.matmuls(found))
            hidden = layer.gate_up.matmuls(self._normed(blocks, layer.mlp_norm))
            gates = (each.chunk(2, dim=-1) for each in hidden)
            _add(blocks, layer.down_proj.matmuls([silu(gate) * up for gate, up in gates]))
        logits = x.new_empty(shape.vocabulary_size)
        self._lm_head.matvec(rms_norm(x[-1], (shape.width,), self._norm, epsilon), logits)
        return logits

    def _normed(self, blocks: list[Tensor], weight: Tensor) -> list[Tensor]:
        return [rms_norm(each, (self.shape.width,), weight, self.shape.norm_epsilon) for each in blocks]

    def _attention(self, number: int, layer: LayerWeights, projected: Tensor, start: int) -> Tensor:
        """What each token gathers from itself and those before it: (time, heads * head_width).

        projected: queries, keys and values of the tokens from `start` on.
        """
        shape, stop = self.shape, start + len(projected)
        if layer.bias is not None:
            projected += layer.bias
        projected = projected.view(len(projected), -1, shape.head_width)
        together = projected[:, : shape.heads + shape.key_value_heads]
        if layer.head_norm is not None:
            together.copy_(rms_norm(together, (shape.head_width,), None, shape.norm_epsilon).mul_(layer.head_norm))
        swapped = together.roll(shape.head_width // 2, -1).mul_(self._sin[start:stop, None])
        together.mul_(self._cos[start:stop, None]).add_(swapped)
        projected = projected.transpose(0, 1)
        cache = self._cache[number, :, :, :stop]
        cache[:, :, start:] = projected[shape.heads :].unflatten(0, (2, -1))
        visible = None if start == 0 else _visible(stop - start, stop, projected.device)
        found = scaled_dot_product_attention(
            projected[None, : shape.heads], cache[None, 0], cache[None, 1], visible, is_causal=start == 0,
            enable_gqa=shape.heads != shape.key_value_heads,
        )  # fmt: skip
        return found[0].transpose(0, 1).flatten(1)


class _SingleToken:
    """One token through a plan, in buffers that are made once."""

    def __init__(self, plan: DecodingPlan) -> None:
        shape, new = plan.shape, plan._norm.new_empty
        both, width = shape.heads + shape.key_value_heads, shape.head_width
        self._plan, self._eps = plan, shape.norm_epsilon
        self._widths, self._head_width = (shape.width,), (width,)
        self._x = new(shape.width)
        self._projected = new((both + shape.key_value_heads) * width)
        heads = self._projected.view(-1, width)
        self._together = heads[:both]
        self._queries = heads[: shape.heads].view(1, shape.key_value_heads, -1, width)
        self._news = heads[shape.heads :].view(2, shape.key_value_heads, width)
        self._hidden = new(2 * shape.hidden_width)
        self._gate, self._up = self._hidden.chunk(2)
        self._logits = new(shape.vocabulary_size)

    def read(self, token: int) -> Tensor:
        plan, x, epsilon, width = self._plan, self._x, self._eps, self._widths
        position, stop = plan.length, plan.length + 1
        cos, sin = plan._cos[position], plan._sin[position]
        places = plan._cache.select(3, position)
        seen = plan._cache.narrow(3, 0, stop)
        x.copy_(plan._table.row(token))
        for number, layer in enumerate(plan._layers):
            self._project(layer, torch.rms_norm(x, width, layer.input_norm, epsilon), cos, sin)
            places[number].copy_(self._news)
            found = scaled_dot_product_attention(self._queries, seen[number, :1], seen[number, 1:])
            layer.o_proj.matvec(found.view(-1), x, add=True)
            layer.gate_up.matvec(torch.rms_norm(x, width, layer.mlp_norm, epsilon), self._hidden)
            layer.down_proj.matvec(silu(self._gate, inplace=True).mul_(self._up), x, add=True)
        plan._lm_head.matvec(torch.rms_norm(x, width, plan._norm, epsilon), self._logits)
        return self._logits

    def _project(self, layer: LayerWeights, x: Tensor, cos: Tensor, sin: Tensor) -> None:
        """Queries, keys and values of the token, the first two turned to its position."""
        layer.qkv.matvec(x, self._projected)
        if layer.bias is not None:
            self._projected.add_(layer.bias)
        together = self._together
        if layer.head_norm is not None:
            normed = torch.rms_norm(together, self._head_width, None, self._eps)
            torch.mul(normed, layer.head_norm, out=together)
        swapped = together.roll(self._head_width[0] // 2, -1).mul_(sin)
        torch.addcmul(swapped, together, cos, out=together)


def _add(blocks: list[Tensor], more: list[Tensor]) -> None:
    for block, each in zip(blocks, more, strict=True):
        block += each


def _cos_sin(shape: DecoderShape, positions: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines, and sines that the swapped halves are multiplied by: both (positions, head_width)."""
    exponents = torch.arange(0, shape.head_width, 2, dtype=torch.float32) / shape.head_width
    angles = torch.outer(torch.arange(positions, dtype=torch.float32), 1.0 / shape.rope_base**exponents)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], 1).to(like), torch.cat([-sin, sin], 1).to(like)


def _visible(time: int, total: int, device: torch.device) -> Tensor:
    """Which of `total` tokens each of the last `time` may see: (time, total), true where it may."""
    return torch.ones(time, total, dtype=torch.bool, device=device).tril(total - time)
