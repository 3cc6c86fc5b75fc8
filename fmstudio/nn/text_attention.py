"""Causal attention of several texts that stand one after the other in a row and do not see each other."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


def attention_of_texts(query: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int]) -> Tensor:
    """What each token gathers from those of its own text before it, (batch, time, heads, head_width).

    query: (batch, time, heads, head_width); key, value: the same with as many or fewer heads, each of which serves
    several of the queries'. lengths: of the texts; together they are the time.
    """
    if query.device.type == "cpu" and query.dtype == torch.float32:
        result: Tensor = _Texts.apply(query, key, value, lengths)
        return result
    grouped = query.shape[2] != key.shape[2]
    each = zip(*(part.transpose(1, 2).split(list(lengths), dim=2) for part in (query, key, value)), strict=True)
    mixed = [scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped) for q, k, v in each]
    return torch.cat([part.transpose(1, 2) for part in mixed], dim=1)


class _Texts(torch.autograd.Function):
    """torch's own kernel for processors, text by text into one result. Autograd would keep each text's result apart,
    and copy all of them together and back."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int]) -> Tensor:
        result, sums = torch.empty_like(query, memory_format=torch.contiguous_format), []
        for text in _places(lengths):
            parts = (part[:, text].transpose(1, 2) for part in (query, key, value))
            mixed, logarithm = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*parts, 0.0, True)
            result[:, text] = mixed.transpose(1, 2)
            sums.append(logarithm)
        ctx.save_for_backward(query, key, value, result, *sums)
        ctx.lengths = lengths
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, result, *sums = ctx.saved_tensors
        found = [torch.empty_like(part, memory_format=torch.contiguous_format) for part in (query, key, value)]
        for text, logarithm in zip(_places(ctx.lengths), sums, strict=True):
            parts = [part[:, text].transpose(1, 2) for part in (gradient, query, key, value, result)]
            by_parts = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(*parts, logarithm, 0.0, True)
            for whole, part in zip(found, by_parts, strict=True):
                whole[:, text] = part.transpose(1, 2)
        return *found, None


def _places(lengths: Sequence[int]) -> Iterator[slice]:
    """Where each text stands."""
    for length, stop in zip(lengths, accumulate(lengths), strict=True):
        yield slice(stop - length, stop)
