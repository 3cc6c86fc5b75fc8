"""Causal self-attention with grouped queries and rotary positions, in the weight layout of Llama, Qwen2 and Qwen3."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, scaled_dot_product_attention

from fmstudio.nn.decoder_cache import DecoderCache
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.nn.lora import together
from fmstudio.nn.norm import RMSNorm, rms_norm
from fmstudio.nn.rotary import paired, rotate, rotate_halves
from fmstudio.nn.text_attention import attention_of_texts


def empty_linear(inputs: int, outputs: int, *, bias: bool = False) -> nn.Linear:
    """A linear layer whose numbers are not set yet: the decoder draws all of them from one seed, or loads them."""
    return nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias, device=torch.get_default_device())


class Attention(nn.Module):
    """Every token gathers values from itself and those before it, weighted by how well their keys match its query."""

    def __init__(self, shape: DecoderShape, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.key_value_heads, self.head_width = shape.heads, shape.key_value_heads, shape.head_width
        queries, keys = shape.heads * shape.head_width, shape.key_value_heads * shape.head_width
        bias = shape.query_key_value_bias
        self.q_proj = empty_linear(shape.width, queries, bias=bias)
        self.k_proj = empty_linear(shape.width, keys, bias=bias)
        self.v_proj = empty_linear(shape.width, keys, bias=bias)
        self.o_proj = empty_linear(queries, shape.width)
        self.q_norm = RMSNorm(shape.head_width, shape.norm_epsilon) if shape.query_key_norm else None
        self.k_norm = RMSNorm(shape.head_width, shape.norm_epsilon) if shape.query_key_norm else None

    def forward(
        self, x: Tensor, cos_sin: Tensor, cache: DecoderCache | None = None, lengths: Sequence[int] = ()
    ) -> Tensor:
        """x: (batch, time, width), normalised; cos_sin: of its positions (`RotaryTable`). Returns x's shape.

        lengths: of the texts that stand one after the other in each row and do not see each other; none for one text.
        """
        if lengths:
            return self._of_texts(x, cos_sin, lengths)
        query, key, value = self.qkv(x, cos_sin)
        if cache is None:
            mixed = causal_attention(query, key, value)
        else:
            mixed = continued_attention(query, *cache.store(self.layer, key, value))
        output: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return output

    def _of_texts(self, x: Tensor, cos_sin: Tensor, lengths: Sequence[int]) -> Tensor:
        """`forward` for several texts in a row, which is how adapters learn."""
        layers = (self.q_proj, self.k_proj, self.v_proj)
        query, key, value = (part.unflatten(-1, (-1, self.head_width)) for part in together(x, *layers))
        if self.q_norm is not None and self.k_norm is not None:
            query, key = self.q_norm(query), self.k_norm(key)
        query, key = rotate_halves(query, cos_sin), rotate_halves(key, cos_sin)
        output: Tensor = self.o_proj(attention_of_texts(query, key, value, lengths).flatten(2))
        return output

    def qkv(self, x: Tensor, cos_sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries (batch, heads, time, head_width), rotated keys and values (batch, key_value_heads, ...)."""
        if torch.is_grad_enabled() and all(type(part) is nn.Linear for part in (self.q_proj, self.k_proj, self.v_proj)):
            projected = self._project_at_once(x)
        else:
            projected = self._project_one_by_one(x)
        together, value = projected.split([self.heads + self.key_value_heads, self.key_value_heads], dim=2)
        if self.q_norm is None or self.k_norm is None:
            query, key = rotate(together, cos_sin).split([self.heads, self.key_value_heads], dim=2)
        else:
            query, key = together.split([self.heads, self.key_value_heads], dim=2)
            query = rotate(self._normalise(query, self.q_norm), cos_sin)
            key = rotate(self._normalise(key, self.k_norm), cos_sin)
        return query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)

    def _project_at_once(self, x: Tensor) -> Tensor:
        """For training: one product with the joined weights, (batch, time, heads + 2 key_value_heads, head_width).

        Joining copies the weights, which costs little beside the thousands of tokens of a training step and saves two
        products forward and four backward.
        """
        parts, width = (self.q_proj, self.k_proj, self.v_proj), self.head_width
        weight = torch.cat([paired(part.weight, width) for part in parts[:2]] + [self.v_proj.weight])
        bias = None
        if self.q_proj.bias is not None:
            bias = torch.cat([paired(part.bias, width) for part in parts[:2]] + [self.v_proj.bias])
        return linear(x, weight, bias).unflatten(-1, (-1, width))

    def _project_one_by_one(self, x: Tensor) -> Tensor:
        """The same through the three layers themselves: for single tokens, and where adapters have replaced a layer."""
        batch, time, _ = x.shape
        halves = torch.cat([self.q_proj(x), self.k_proj(x)], dim=-1).view(batch, time, -1, 2, self.head_width // 2)
        value = self.v_proj(x).view(batch, time, -1, self.head_width)
        return torch.cat([halves.transpose(3, 4).flatten(3), value], dim=2)

    def _normalise(self, x: Tensor, norm: RMSNorm) -> Tensor:
        return rms_norm(x, paired(norm.weight, self.head_width), norm.epsilon)

    def pattern(self, x: Tensor, cos_sin: Tensor) -> Tensor:
        """The attention weights for a picture, (batch, heads, time, time): row t shows where token t looks."""
        query, key, _ = self.qkv(x, cos_sin)
        key = key.repeat_interleave(self.heads // self.key_value_heads, dim=1)
        scores = query @ key.transpose(2, 3) * self.head_width**-0.5
        return scores.masked_fill(~_visible(query.shape[2], key.shape[2], x.device), float("-inf")).softmax(-1)


def causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention among tokens that all start together; fewer key and value heads than query heads are shared."""
    grouped = query.shape[1] != key.shape[1]
    return scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=grouped)


def continued_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of the newest tokens (query) to all tokens so far (key, value).

    One new token sees everything, so the query heads that share a key head can be handed over as if they were
    further moments in time: no key is copied and no mask is needed.
    """
    batch, heads, time, width = query.shape
    total = key.shape[2]
    if time == total:
        return causal_attention(query, key, value)
    if time == 1:
        together = query.reshape(batch, key.shape[1], -1, width)
        return scaled_dot_product_attention(together, key, value).reshape(batch, heads, 1, width)
    mask = _visible(time, total, query.device)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, enable_gqa=heads != key.shape[1])


def _visible(time: int, total: int, device: torch.device) -> Tensor:
    """Which of `total` tokens each of the last `time` may see: (time, total), true where it may."""
    return torch.ones(time, total, dtype=torch.bool, device=device).tril(total - time)
