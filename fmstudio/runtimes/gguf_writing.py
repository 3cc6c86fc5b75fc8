"""Writes what llama.cpp reads: adapters, and decoders in float32 for comparing it with ours.

llama.cpp keeps queries and keys of `llama` with neighbours beside each other where Hugging Face has halves
(see `gguf_weights.unpaired`), so their rows, and the rows of what an adapter adds to them, are put in its order.
"""

from pathlib import Path

import gguf
import numpy as np
import torch
from torch import Tensor

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.nn.lora import Adapter
from fmstudio.runtimes.gguf_weights import gguf_name

LORA_ALPHA = gguf.Keys.Adapter.LORA_ALPHA


def architecture_of(shape: DecoderShape) -> str:
    """What GGUF calls a decoder of this shape."""
    return "qwen3" if shape.query_key_norm else "qwen2" if shape.query_key_value_bias else "llama"


def write_adapter(adapter: Adapter, shape: DecoderShape, to: Path, name: str, base: str, template: str = "") -> None:
    """Write an adapter of linear layers without lengths of their own for a base of this shape, with the chat template
    that it was taught with.

    llama.cpp adds alpha / rank · B A, so alpha is written such that this is the adapter's own scale, rsLoRA or not.
    """
    kind = architecture_of(shape)
    writer = gguf.GGUFWriter(to, kind)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(LORA_ALPHA, adapter.shape.scale * adapter.shape.rank)
    writer.add_name(name)
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, base)
    if template:
        writer.add_chat_template(template)
    for path, part in adapter.parts():
        target = gguf_name(f"{path}.weight")
        writer.add_tensor(f"{target}.lora_a", _array(part.lora_A))
        writer.add_tensor(f"{target}.lora_b", _array(_in_its_order(part.lora_B, path, shape, kind)))
    _finish(writer)


def write_decoder(decoder: Decoder, to: Path) -> None:
    """Write a decoder's weights in float32, with a vocabulary of made-up words: it is to be given tokens, not text."""
    shape = decoder.shape
    kind = architecture_of(shape)
    writer = gguf.GGUFWriter(to, kind)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden_width)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_value_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"<{number}>" for number in range(shape.vocabulary_size)])
    writer.add_token_types([gguf.TokenType.NORMAL] * shape.vocabulary_size)
    writer.add_array("tokenizer.ggml.merges", ["< 0"])
    writer.add_add_bos_token(False)
    for name, weight in decoder.named_parameters():
        owner, _, _ = name.rpartition(".")
        writer.add_tensor(gguf_name(name), _array(_in_its_order(weight, owner, shape, kind)))
    _finish(writer)


def _in_its_order(weight: Tensor, path: str, shape: DecoderShape, kind: str) -> Tensor:
    """Rows as llama.cpp wants them; the other way round than `unpaired`. weight: (heads · head_width, ...)."""
    if kind != "llama" or not path.endswith(("q_proj", "k_proj")):
        return weight
    halves = weight.view(-1, 2, shape.head_width // 2, *weight.shape[1:])
    return halves.transpose(1, 2).reshape(weight.shape)


def _array(weight: Tensor) -> np.ndarray:
    numbers: np.ndarray = weight.detach().to("cpu", torch.float32).contiguous().numpy()
    return numbers


def _finish(writer: gguf.GGUFWriter) -> None:
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
