"""Brings the weights of a GGUF file into our decoder: quantised matrices packed as they are, all else in float32."""

from pathlib import Path

import numpy as np
import torch
from gguf import dequantize
from torch import nn

from fmstudio.nn.decoder import Decoder, TokenEmbedding
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.nn.packed import PackedMatrix
from fmstudio.nn.packed_layers import PackedEmbedding, PackedLinear
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader, TensorPlace
from fmstudio.runtimes.gguf_packing import can_pack, pack, packed_bytes
from fmstudio.runtimes.gguf_shape import gguf_shape

_TOP = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_IN_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_TABLES = ("attn_rot_embd",)
"""Tables of the rotary frequencies, which old converters wrote and every runtime computes for itself."""


def gguf_name(name: str) -> str:
    """What GGUF calls a weight of our decoder: "model.layers.3.mlp.up_proj.weight" is "blk.3.ffn_up.weight"."""
    if name in _TOP:
        return _TOP[name]
    _, _, layer, inner = name.split(".", 3)
    part, _, kind = inner.rpartition(".")
    return f"blk.{layer}.{_IN_LAYER[part]}.{kind}"


def check_used(header: GgufHeader, shape: DecoderShape) -> None:
    """Raise ModelError for a tensor that a decoder of this shape would leave out, and so compute something else."""
    own = {of_file: of_decoder for of_decoder, of_file in _IN_LAYER.items()}
    top = {of_file: of_decoder for of_decoder, of_file in _TOP.items()}
    for name in header.tensors:
        layer, _, rest = name.removeprefix("blk.").partition(".")
        part, _, kind = rest.rpartition(".")
        known = top.get(name)
        if name.startswith("blk.") and part in own:
            known = f"model.layers.{layer}.{own[part]}.{kind}"
        if known is None and part in _TABLES:
            continue
        if known is None or not shape.has_weight(known):
            raise ModelError(
                f"{header.path.name} has the weights {name}, which the torch decoder lacks; use llama.cpp for it."
            )


def load_decoder(header: GgufHeader) -> Decoder:
    """A decoder with the file's weights; raises ModelError where one is missing, of another shape or left over."""
    shape = gguf_shape(header)
    check_used(header, shape)
    with torch.device("meta"):  # an outline without memory: the weights come one by one
        decoder = Decoder(shape, seed=None)
    for name, outline in list(decoder.named_parameters()):
        place = place_of(header, name, tuple(outline.shape))
        owner, _, kind = name.rpartition(".")
        order = None
        if header.architecture == "llama" and owner.endswith(("q_proj", "k_proj")):
            order = unpaired(torch.arange(place.shape[0]), shape.head_width)
        if stays_packed(place):
            decoder.set_submodule(owner, _packed(decoder.get_submodule(owner), _matrix(header.path, place, order)))
        else:
            numbers = _dequantised(header.path, place)
            setattr(decoder.get_submodule(owner), kind, nn.Parameter(numbers if order is None else numbers[order]))
    return decoder.eval()


def loaded_bytes(header: GgufHeader) -> int:
    """Memory that the weights take in our decoder."""
    return sum(
        packed_bytes(place.kind, place.parameters) if stays_packed(place) else 4 * place.parameters
        for place in header.tensors.values()
    )


def stays_packed(place: TensorPlace) -> bool:
    """Whether a tensor is kept in the file's whole numbers."""
    return len(place.shape) == 2 and can_pack(place.kind)


def _packed(part: nn.Module, matrix: PackedMatrix) -> nn.Module:
    if isinstance(part, TokenEmbedding):
        return PackedEmbedding(matrix)
    assert isinstance(part, nn.Linear)
    return PackedLinear(matrix, part.bias)


def place_of(header: GgufHeader, name: str, expected: tuple[int, ...]) -> TensorPlace:
    """Where a weight of our decoder stands in the file; raises ModelError where it is missing or of another shape."""
    place = header.tensors.get(gguf_name(name))
    if place is None or place.shape != expected:
        found = "is missing" if place is None else f"has the shape {place.shape}"
        raise ModelError(
            f"{header.path.name} does not fit its own header: {gguf_name(name)} {found} where {expected} is needed; "
            "convert it anew."
        )
    return place


def _matrix(path: Path, place: TensorPlace, order: torch.Tensor | None) -> PackedMatrix:
    """A quantised matrix as it is in the file, with its rows in another order where one is given."""
    raw = _raw(path, place).reshape(place.shape[0], -1)
    try:
        return pack(raw if order is None else raw[order.numpy()], place.kind)
    except ValueError as error:
        raise ModelError(f"{path.name} is damaged: {place.name} {error}; download it again.") from error


def _dequantised(path: Path, place: TensorPlace) -> torch.Tensor:
    """One tensor's numbers as float32, in memory of its own."""
    try:
        return torch.from_numpy(np.array(dequantize(_raw(path, place), place.kind), np.float32).reshape(place.shape))
    except NotImplementedError:
        raise ModelError(
            f"{path.name} stores weights as {place.kind.name}, which the torch decoder cannot unpack; use llama.cpp."
        ) from None


def _raw(path: Path, place: TensorPlace) -> np.ndarray:
    return np.memmap(path, np.uint8, "r", place.start, (place.bytes,))


def unpaired(weight: torch.Tensor, head_width: int) -> torch.Tensor:
    """From the order in which llama.cpp keeps queries and keys of `llama` to Hugging Face's.

    llama.cpp turns neighbours (0, 1), (2, 3) …, Hugging Face turns i and i + head_width/2, so a converter interleaves
    the two halves of each head; this undoes it. weight: (heads · head_width, ...).
    """
    return weight.view(-1, head_width // 2, 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)
