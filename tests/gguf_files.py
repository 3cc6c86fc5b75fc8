"""Makes a GGUF file of a tiny decoder, so that llama.cpp and our torch decoder can be compared without a download.

    model = tiny_language_model()                      # random weights, 300 tokens, llama (or qwen2, qwen3)
    path = write_gguf(tmp_path / "tiny.gguf", model)   # a whole file that llama.cpp opens
    path = write_gguf(tmp_path / "chat.gguf", model, template=CHAT)
    copy = truncated(path, tmp_path / "short.gguf")

`fields` replaces or adds metadata: {"general.architecture": "unheard-of"}; None leaves a field out.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer

from fmstudio.data.tokenizer import END_OF_TEXT, train_bpe
from fmstudio.nn.decoder import Decoder, DecoderShape
from fmstudio.runtimes.gguf_weights import gguf_name
from fmstudio.runtimes.text import LanguageModel

CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXTS = ["The cat sat on the mat, and the dog sat on the cat.", "How long does it last? It lasts three years.\n"] * 40


def tiny_tokenizer(size: int = 300) -> Tokenizer:
    """A byte-level vocabulary with the tokens that begin and end a turn."""
    tokenizer = train_bpe(iter(TEXTS), size - 2)
    turns = [AddedToken(text, normalized=False, special=True) for text in ("<|im_start|>", "<|im_end|>")]
    tokenizer.add_special_tokens(turns)
    return tokenizer


def tiny_language_model(seed: int = 0, context: int = 512, vocabulary: int = 300, **shape: Any) -> LanguageModel:
    """A decoder of some ten thousand random numbers that are large enough for distinct guesses."""
    tokenizer = tiny_tokenizer(vocabulary)
    sizes = {"layers": 2, "width": 64, "heads": 4, "key_value_heads": 2, "head_width": 16, "hidden_width": 96}
    whole = DecoderShape(vocabulary_size=vocabulary, context=context, **{**sizes, **shape})
    decoder = Decoder(whole, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in decoder.named_parameters():
            scale = 1.0 if weight.dim() == 1 and "norm" in name else 0.0
            weight.copy_(scale + torch.randn(weight.shape, generator=generator) * (0.15 if scale else 0.2))
        # Bytes that are no letters stay unlikely, so that what it writes is text.
        odd = [number for letter, number in tokenizer.get_vocab().items() if not letter.strip("Ġ").isascii()]
        decoder.lm_head_weight[odd] *= 0.01
    return LanguageModel(decoder.eval(), tokenizer)


def write_gguf(
    path: Path,
    model: LanguageModel,
    *,
    template: str = "",
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    fields: Mapping[str, Any] | None = None,
    tensors: Mapping[str, np.ndarray] | None = None,
    in_parts_of: int = 0,
) -> Path:
    """Write the model as llama.cpp's own converter would; returns the path.

    tensors: further ones. in_parts_of: so many tensors to a file, named NAME-00001-of-00003.gguf and so on.
    """
    shape = model.decoder.shape
    name = "qwen3" if shape.query_key_norm else "qwen2" if shape.query_key_value_bias else "llama"
    metadata = {**_metadata(shape, name), **_vocabulary(model), **(fields or {})}
    if template:
        metadata["tokenizer.chat_template"] = template
    architecture = str(metadata.pop("general.architecture", name))
    writer = gguf.GGUFWriter(str(path), architecture, split_max_tensors=in_parts_of)
    for key, value in metadata.items():
        _add(writer, key, value)
    for weight_name, weight in model.decoder.named_parameters():
        _add_weight(writer, weight_name, weight, shape, name, kind)
    for extra, numbers in (tensors or {}).items():
        writer.add_tensor(extra, numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def truncated(path: Path, to: Path, share: float = 0.6) -> Path:
    """The beginning of a file, as a download leaves it that broke off."""
    content = path.read_bytes()
    to.write_bytes(content[: int(len(content) * share)])
    return to


def _metadata(shape: DecoderShape, name: str) -> dict[str, Any]:
    return {
        "general.name": "Tiny",
        "general.license": "mit",
        f"{name}.context_length": shape.context,
        f"{name}.embedding_length": shape.width,
        f"{name}.block_count": shape.layers,
        f"{name}.feed_forward_length": shape.hidden_width,
        f"{name}.attention.head_count": shape.heads,
        f"{name}.attention.head_count_kv": shape.key_value_heads,
        f"{name}.attention.key_length": shape.head_width,
        f"{name}.attention.value_length": shape.head_width,
        f"{name}.attention.layer_norm_rms_epsilon": float(shape.norm_epsilon),
        f"{name}.rope.freq_base": float(shape.rope_base),
        f"{name}.rope.dimension_count": shape.head_width,
    }


def _vocabulary(model: LanguageModel) -> dict[str, Any]:
    content = json.loads(model.tokenizer.to_str())
    special = set(model.tokenizer.get_added_tokens_decoder())
    tokens = [model.tokenizer.id_to_token(number) for number in range(model.decoder.shape.vocabulary_size)]
    end = model.tokenizer.token_to_id("<|im_end|>")
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if number in special else 1 for number in range(len(tokens))],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in content["model"]["merges"]],
        "tokenizer.ggml.eos_token_id": end if end is not None else model.tokenizer.token_to_id(END_OF_TEXT),
        "tokenizer.ggml.add_bos_token": False,
    }


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, list):
        writer.add_array(key, value)
    elif isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_string(key, value)


def _add_weight(
    writer: gguf.GGUFWriter, name: str, weight: torch.Tensor, shape: DecoderShape, architecture: str,
    kind: gguf.GGMLQuantizationType,
) -> None:  # fmt: skip
    numbers = weight.detach()
    if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
        halves = numbers.view(-1, 2, shape.head_width // 2, numbers.shape[1])  # llama.cpp turns neighbours
        numbers = halves.transpose(1, 2).reshape(numbers.shape)
    array = np.ascontiguousarray(numbers.numpy(), np.float32)
    if kind == gguf.GGMLQuantizationType.F32 or array.ndim == 1:
        writer.add_tensor(gguf_name(name), array)
    else:
        writer.add_tensor(gguf_name(name), gguf.quantize(array, kind), raw_dtype=kind)
