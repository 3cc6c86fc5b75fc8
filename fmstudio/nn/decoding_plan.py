"""A frozen decoder prepared for writing: reads a prompt at once, then one token at a time with hardly any overhead.

What a token costs is the reading of all weights from memory once, and the calls that ask for it. So here

- queries, keys and values come from one product, and so do the gate and the values of the feed-forward layer: their
  weights are joined once, and the decoder's own parameters become views of the joined ones, so that nothing is kept
  twice
- for single tokens every buffer and every view of it is made beforehand; the residual stream is added to in place
- keys and values stay where they are put, in the half-rotation order of the weights (`nn.rotary`)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder, DecoderLayer
from fmstudio.nn.decoder_shape import DecoderShape


def can_plan(decoder: Decoder) -> bool:
    """Whether a decoder can be prepared: it is frozen, and nobody has put an adapter in place of a layer."""
    frozen = not any(parameter.requires_grad for parameter in decoder.parameters())
    projections = (part for name, part in decoder.named_modules() if name.endswith(("_proj", "lm_head")))
    return frozen and all(type(part) is nn.Linear for part in projections)


def joined(*layers: nn.Linear) -> tuple[Tensor, Tensor | None]:
    """The weights and biases of layers that read the same, one below the other; the layers' own become views of them.

    Layers that are joined already are left as they are, so that a decoder can be prepared again at no cost.
    """
    weight = _joined([layer.weight for layer in layers])
    return weight, None if layers[0].bias is None else _joined([layer.bias for layer in layers])


def _joined(parts: Sequence[Tensor]) -> Tensor:
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
class _Layer:
    """The weights of one layer, joined where they read the same."""

    input_norm: Tensor
    queries_keys_values: Tensor
    bias: Tensor | None
    head_norm: Tensor | None
    """Weights that queries and keys are normalised with: (heads + key_value_heads, head_width)."""
    attended: Tensor
    feed_norm: Tensor
    gate_up: Tensor
    down: Tensor


def _layer(layer: nn.Module, shape: DecoderShape) -> _Layer:
    assert isinstance(layer, DecoderLayer)
    attention, feed = layer.self_attn, layer.mlp
    weight, bias = joined(attention.q_proj, attention.k_proj, attention.v_proj)
    head_norm = None
    if attention.q_norm is not None and attention.k_norm is not None:
        norms = [attention.q_norm.weight.data] * shape.heads + [attention.k_norm.weight.data] * shape.key_value_heads
        head_norm = torch.stack(norms)
    return _Layer(
        layer.input_layernorm.weight.data,
        weight,
        bias,
        head_norm,
        attention.o_proj.weight.data,
        layer.post_attention_layernorm.weight.data,
        joined(feed.gate_proj, feed.up_proj)[0],
        feed.down_proj.weight.data,
    )


class DecodingPlan:
    """A decoder with its text so far. `length` tokens are read; a smaller number set there forgets the rest.

    capacity: the most tokens it can hold; None takes all that the decoder reads.
    """

    def __init__(self, decoder: Decoder, capacity: int | None = None) -> None:
        shape = self.shape = decoder.shape
        self.capacity = min(capacity or shape.context, shape.context)
        self.length = 0
        self._embeddings, self._read_out = decoder.model.embed_tokens.weight.data, decoder.read_out_weight.data
        self._layers = [_layer(layer, shape) for layer in decoder.model.layers]
        self._norm = decoder.model.norm.weight.data
        room = (shape.layers, 2, shape.key_value_heads, self.capacity, shape.head_width)
        self._cache = self._embeddings.new_empty(room)
        self._cos, self._sin = _turns(shape, self.capacity, self._embeddings)
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
        x = self._embeddings[torch.tensor(tokens, device=self._embeddings.device)]
        for number, layer in enumerate(self._layers):
            normed = rms_norm(x, (shape.width,), layer.input_norm, epsilon)
            x = torch.addmm(x, self._attention(number, layer, normed), layer.attended.t())
            normed = rms_norm(x, (shape.width,), layer.feed_norm, epsilon)
            gate, up = linear(normed, layer.gate_up).chunk(2, dim=-1)
            x = torch.addmm(x, silu(gate) * up, layer.down.t())
        return torch.mv(self._read_out, rms_norm(x[-1], (shape.width,), self._norm, epsilon))

    def _attention(self, number: int, layer: _Layer, x: Tensor) -> Tensor:
        """What each token gathers from itself and those before it: (time, heads * head_width)."""
        shape, start, stop = self.shape, self.length, self.length + len(x)
        projected = linear(x, layer.queries_keys_values, layer.bias).view(len(x), -1, shape.head_width)
        together = projected[:, : shape.heads + shape.key_value_heads]
        if layer.head_norm is not None:
            together.copy_(rms_norm(together, (shape.head_width,), None, shape.norm_epsilon).mul_(layer.head_norm))
        swapped = together.roll(shape.head_width // 2, -1).mul_(self._sin[start:stop, None])
        together.mul_(self._cos[start:stop, None]).add_(swapped)
        projected = projected.transpose(0, 1)
        cache = self._cache[number, :, :, :stop]
        cache[:, :, start:] = projected[shape.heads :].unflatten(0, (2, -1))
        visible = None if start == 0 else _visible(len(x), stop, x.device)
        found = scaled_dot_product_attention(
            projected[None, : shape.heads], cache[None, 0], cache[None, 1], visible, is_causal=start == 0,
            enable_gqa=shape.heads != shape.key_value_heads,
        )  # fmt: skip
        return found[0].transpose(0, 1).flatten(1)


class _SingleToken:
    """One token through a plan, in buffers that are made once."""

    def __init__(self, plan: DecodingPlan) -> None:
        shape, new = plan.shape, plan._embeddings.new_empty
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
        x.copy_(plan._embeddings[token])
        for number, layer in enumerate(plan._layers):
            self._project(layer, torch.rms_norm(x, width, layer.input_norm, epsilon), cos, sin)
            places[number].copy_(self._news)
            found = scaled_dot_product_attention(self._queries, seen[number, :1], seen[number, 1:])
            x.addmv_(layer.attended, found.view(-1))
            torch.mv(layer.gate_up, torch.rms_norm(x, width, layer.feed_norm, epsilon), out=self._hidden)
            x.addmv_(layer.down, silu(self._gate, inplace=True).mul_(self._up))
        return torch.mv(plan._read_out, torch.rms_norm(x, width, plan._norm, epsilon), out=self._logits)

    def _project(self, layer: _Layer, x: Tensor, cos: Tensor, sin: Tensor) -> None:
        """Queries, keys and values of the token, the first two turned to its position."""
        if layer.bias is None:
            torch.mv(layer.queries_keys_values, x, out=self._projected)
        else:
            torch.addmv(layer.bias, layer.queries_keys_values, x, out=self._projected)
        together = self._together
        if layer.head_norm is not None:
            normed = torch.rms_norm(together, self._head_width, None, self._eps)
            torch.mul(normed, layer.head_norm, out=together)
        swapped = together.roll(self._head_width[0] // 2, -1).mul_(sin)
        torch.addcmul(swapped, together, cos, out=together)


def _turns(shape: DecoderShape, positions: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines, and sines that the swapped halves are multiplied by: both (positions, head_width)."""
    exponents = torch.arange(0, shape.head_width, 2, dtype=torch.float32) / shape.head_width
    angles = torch.outer(torch.arange(positions, dtype=torch.float32), 1.0 / shape.rope_base**exponents)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], 1).to(like), torch.cat([-sin, sin], 1).to(like)


def _visible(time: int, total: int, device: torch.device) -> Tensor:
    """Which of `total` tokens each of the last `time` may see: (time, total), true where it may."""
    return torch.ones(time, total, dtype=torch.bool, device=device).tril(total - time)
