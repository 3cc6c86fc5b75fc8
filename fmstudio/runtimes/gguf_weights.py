"""Dequantises the weights of a GGUF file into our decoder, in float32."""

from pathlib import Path

import numpy as np
import torch
from gguf import dequantize

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader, TensorPlace
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


def gguf_name(name: str) -> str:
    """What GGUF calls a weight of our decoder: "model.layers.3.mlp.up_proj.weight" is "blk.3.ffn_up.weight"."""
    if name in _TOP:
        return _TOP[name]
    _, _, layer, inner = name.split(".", 3)
    part, _, kind = inner.rpartition(".")
    return f"blk.{layer}.{_IN_LAYER[part]}.{kind}"


def load_decoder(header: GgufHeader) -> Decoder:
    """A decoder with the file's weights; raises ModelError where one is missing or of another shape."""
    shape = gguf_shape(header)
    decoder = Decoder(shape, seed=None)
    with torch.no_grad():
        for name, weight in decoder.named_parameters():
            weight.copy_(_read(header, shape, name, tuple(weight.shape)))
    return decoder.eval()


def _read(header: GgufHeader, shape: DecoderShape, name: str, expected: tuple[int, ...]) -> torch.Tensor:
    place = header.tensors.get(gguf_name(name))
    if place is None or place.shape != expected:
        found = "is missing" if place is None else f"has the shape {place.shape}"
        raise ModelError(
            f"{header.path.name} does not fit its own header: {gguf_name(name)} {found} where {expected} is needed; "
            "convert it anew."
        )
    numbers = torch.from_numpy(dequantised(header.path, place))
    if header.architecture == "llama" and name.rpartition(".")[0].endswith(("q_proj", "k_proj")):
        return unpaired(numbers, shape.head_width)
    return numbers


def dequantised(path: Path, place: TensorPlace) -> np.ndarray:
    """One tensor's numbers as float32, in a new array of its own."""
    raw = np.memmap(path, np.uint8, "r", place.start, (place.bytes,)).reshape(*place.shape[:-1], -1)
    try:
        return np.array(dequantize(raw, place.kind), np.float32).reshape(place.shape)
    except NotImplementedError:
        raise ModelError(
            f"{path.name} stores weights as {place.kind.name}, which the torch decoder cannot unpack; use llama.cpp."
        ) from None


def unpaired(weight: torch.Tensor, head_width: int) -> torch.Tensor:
    """From the order in which llama.cpp keeps queries and keys of `llama` to Hugging Face's.

    llama.cpp turns neighbours (0, 1), (2, 3) …, Hugging Face turns i and i + head_width/2, so a converter interleaves
    the two halves of each head; this undoes it. weight: (heads · head_width, ...).
    """
    return weight.view(-1, head_width // 2, 2, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape)
