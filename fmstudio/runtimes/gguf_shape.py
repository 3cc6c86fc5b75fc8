"""From a GGUF header to the shape of our decoder, or the sentence why our decoder would compute something else."""

from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader

ARCHITECTURES = ("llama", "qwen2", "qwen3")
"""Architectures that our torch decoder computes; llama.cpp knows many more."""
_KNOWN = frozenset(
    ["context_length", "embedding_length", "block_count", "feed_forward_length", "vocab_size", "tensor_data_layout",
     "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
     "attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "attention.causal",
     "attention.sliding_window", "rope.freq_base", "rope.dimension_count", "rope.scaling.type", "rope.scaling.factor",
     "rope.scaling.attn_factor", "rope.scaling.original_context_length", "rope.scaling.finetuned", "rope.scale_linear",
     "expert_count", "expert_used_count"]
)  # fmt: skip
"""What is computed with, checked above, or only told."""


def gguf_shape(header: GgufHeader) -> DecoderShape:
    """The shape of the decoder in a GGUF file; raises ModelError for anything that it would compute differently."""
    if header.architecture not in ARCHITECTURES:
        raise ModelError(
            f"{header.path.name} holds a network of the architecture {header.architecture or '(none)'!r}; the torch "
            f"decoder opens {', '.join(ARCHITECTURES[:-1])} and {ARCHITECTURES[-1]}."
        )
    _refuse_variants(header)
    width, heads = _whole(header, "embedding_length"), _whole(header, "attention.head_count")
    return DecoderShape(
        vocabulary_size=_embedding_rows(header),
        layers=_whole(header, "block_count"),
        width=width,
        heads=heads,
        key_value_heads=_whole(header, "attention.head_count_kv", heads),
        head_width=_whole(header, "attention.key_length", max(1, width // heads)),
        hidden_width=_whole(header, "feed_forward_length"),
        context=_whole(header, "context_length"),
        rope_base=_real(header, "rope.freq_base", 10_000.0),
        norm_epsilon=_real(header, "attention.layer_norm_rms_epsilon", 1e-5),
        query_key_norm=header.architecture == "qwen3",
        query_key_value_bias=header.architecture == "qwen2",
        tied_embeddings="output.weight" not in header.tensors,
    )


def is_split(header: GgufHeader) -> bool:
    """Whether the model's other tensors are in more files beside this one."""
    return header.metadata.get("split.count", 1) not in (0, 1)


def _whole(header: GgufHeader, key: str, default: int | None = None) -> int:
    if header.counts(key) is not None:
        named = f"{header.path.name} gives its {header.architecture}.{key} layer by layer"
        raise ModelError(f"{named}, which the torch decoder lacks; use llama.cpp for it.")
    value = header.count(key)
    value = default if value is None else value
    if not value:
        raise ModelError(
            f"{header.path.name} does not say its {header.architecture}.{key}, so it cannot be opened; convert it anew."
        )
    return value


def _real(header: GgufHeader, key: str, default: float) -> float:
    """The file has it in 32 bits: what was written as 1e-5 comes back as 9.99999975e-06, and is 1e-5 again here."""
    return float(f"{header.number(key) or default:.7g}")


def _embedding_rows(header: GgufHeader) -> int:
    embedding = header.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise ModelError(
            f"{header.path.name} has no token embeddings, so it is no language model; choose another file."
        )
    return embedding.shape[0]


def _refuse_variants(header: GgufHeader) -> None:
    """What llama.cpp computes for the same architecture names but our decoder does not."""
    name = header.path.name
    if is_split(header):
        raise ModelError(f"{name} is one part of several, which the torch decoder cannot join; use llama.cpp for it.")
    if header.number("expert_count"):
        raise ModelError(f"{name} mixes experts in its layers, which the torch decoder lacks; use llama.cpp for it.")
    if _rescales(header):
        raise ModelError(f"{name} rescales its rotary positions, which the torch decoder lacks; use llama.cpp for it.")
    width, heads = header.count("embedding_length") or 0, header.count("attention.head_count") or 1
    turned = header.count("rope.dimension_count")
    if turned and turned != (header.count("attention.key_length") or width // heads):
        raise ModelError(f"{name} rotates a part of each head only, which the torch decoder lacks; use llama.cpp.")
    if header.number("attention.sliding_window"):
        raise ModelError(f"{name} attends through a window, which the torch decoder lacks; use llama.cpp for it.")
    if header.count("attention.value_length") not in (None, header.count("attention.key_length") or width // heads):
        raise ModelError(f"{name} has values of another width than keys, which the torch decoder lacks; use llama.cpp.")
    _refuse_unknown_keys(header)


def _rescales(header: GgufHeader) -> bool:
    """As llama.cpp takes it: a factor without a type, which older converters wrote, stretches all positions."""
    kind = header.metadata.get(f"{header.architecture}.rope.scaling.type")
    if kind is not None and kind not in ("none", ""):
        return True
    factors = [header.number(key) for key in ("rope.scaling.factor", "rope.scale_linear", "rope.scaling.attn_factor")]
    is_stretched = kind is None and any(factor not in (None, 0, 1) for factor in factors)
    return is_stretched or any(name.startswith("rope_") for name in header.tensors)


def _refuse_unknown_keys(header: GgufHeader) -> None:
    """What the file says of its network beyond what is read here may change what it computes, unless it says no."""
    start = header.architecture + "."
    for key, value in header.metadata.items():
        if key.startswith(start) and key.removeprefix(start) not in _KNOWN and value not in (0, "", [], "none"):
            raise ModelError(
                f"{header.path.name} sets {key}, which the torch decoder does not know; use llama.cpp for it."
            )
    if header.metadata.get(start + "attention.causal") is False:
        raise ModelError(f"{header.path.name} reads its text both ways, which the torch decoder does not.")
