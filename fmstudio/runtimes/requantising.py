"""What a model becomes when its matrices are rounded to the numbers of a GGUF kind: the same decoder with the rounded
numbers in float32, so that one can measure what quantising costs before anything is written."""

from collections.abc import Callable

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from torch import Tensor, nn

from fmstudio.nn.decoder import Decoder
from fmstudio.runtimes.gguf_header import GgufHeader
from fmstudio.runtimes.gguf_weights import gguf_name
from fmstudio.runtimes.text import LanguageModel

KindOf = Callable[[str], Kind]
"""The kind of a weight, by the decoder's own name for it."""

BLOCK = 32
"""Neighbours that share a scale; a matrix of other widths stays as it is."""

_CAN = (Kind.Q4_0, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1, Kind.Q8_0)
_NEAREST = {Kind.Q4_K: Kind.Q4_1, Kind.Q5_K: Kind.Q5_1, Kind.Q6_K: Kind.Q8_0}
"""Kinds that `gguf` reads and cannot round to, each with one of about as many bits."""


def as_in(header: GgufHeader) -> KindOf:
    """Each weight as the file of another model of this shape has it, or as near as can be."""

    def kind_of(name: str) -> Kind:
        kind = header.tensors[gguf_name(name)].kind
        return _NEAREST.get(kind, kind)

    return kind_of


def kinds_in(header: GgufHeader) -> list[str]:
    """What most of a file's numbers are kept in, and as what they can be rounded again where that is another."""
    sizes: dict[Kind, int] = {}
    for place in header.tensors.values():
        sizes[place.kind] = sizes.get(place.kind, 0) + place.parameters
    most = max(sizes, key=lambda kind: sizes[kind])
    return list(dict.fromkeys((most.name, _NEAREST.get(most, most).name)))


@torch.no_grad()
def rounded(model: LanguageModel, kind_of: KindOf) -> LanguageModel:
    """A model whose weights are all in float32, with its matrices rounded to a kind and back."""
    with torch.device("meta"):
        whole = Decoder(model.decoder.shape, seed=None)
    for name, weight in model.decoder.named_parameters():
        owner, _, kind = name.rpartition(".")
        numbers = _rounded(weight.detach(), kind_of(name)) if weight.dim() == 2 else weight.detach()
        setattr(whole.get_submodule(owner), kind, nn.Parameter(numbers, requires_grad=False))
    return LanguageModel(whole.eval(), model.tokenizer)


def _rounded(weight: Tensor, kind: Kind) -> Tensor:
    if kind in (Kind.F16, Kind.BF16):
        return weight.to(torch.float16 if kind == Kind.F16 else torch.bfloat16).float()
    if kind not in _CAN or weight.shape[1] % BLOCK:
        return weight
    stored = gguf.quantize(np.ascontiguousarray(weight.numpy(), np.float32), kind)
    return torch.from_numpy(np.array(gguf.dequantize(stored, kind), np.float32))
