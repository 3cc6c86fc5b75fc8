"""The numbers that fix a decoder's size, and their translation from and to a Hugging Face `config.json`.

Nothing here needs torch, so a window can show the size of a model before torch is loaded.
"""

import re
import reprlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fmstudio.errors import StudioError

T = TypeVar("T")

MOST = 10**9
"""No size of a decoder is above this; a file that names a larger one is damaged."""

_IN_LAYER = re.compile(r"model\.layers\.(\d{1,9})\.(.+)\.(weight|bias)")
_PARTS = frozenset(
    ["input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
     "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderShape:
    """Every number that decides which weights a decoder has and what it computes with them."""

    vocabulary_size: int
    layers: int
    width: int
    """Numbers in a token's vector between the layers (`hidden_size`)."""
    heads: int
    key_value_heads: int
    """Key and value heads, each shared by `heads / key_value_heads` query heads (Ainslie et al. 2023)."""
    head_width: int
    hidden_width: int
    """Width inside the feed-forward layer (`intermediate_size`)."""
    context: int
    """The longest sequence in tokens."""
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-6
    query_key_norm: bool = False
    """Normalise each head's queries and keys before they are compared, as Qwen3 does."""
    query_key_value_bias: bool = False
    """Biases on the query, key and value projections, as Qwen2 has."""
    tied_embeddings: bool = True
    """Read tokens out with the same matrix that reads them in."""

    def __post_init__(self) -> None:
        if self.heads % self.key_value_heads:
            raise StudioError(
                f"key_value_heads is {self.key_value_heads}, which does not divide heads, {self.heads}; use a divisor."
            )
        if self.head_width % 2:
            raise StudioError(f"head_width is {self.head_width}; rotary positions need an even number.")
        if self.query_key_norm and self.query_key_value_bias:
            raise StudioError("query_key_norm and query_key_value_bias exclude each other: no known layout has both.")

    @property
    def parameters(self) -> int:
        """How many numbers training adjusts, embeddings included."""
        queries, keys = self.heads * self.head_width, self.key_value_heads * self.head_width
        layer = 2 * self.width * (queries + keys) + 3 * self.width * self.hidden_width + 2 * self.width
        layer += 2 * self.head_width * self.query_key_norm + (queries + 2 * keys) * self.query_key_value_bias
        embeddings = self.vocabulary_size * self.width * (1 if self.tied_embeddings else 2)
        return self.layers * layer + embeddings + self.width

    @property
    def signature_weights(self) -> dict[str, tuple[int, ...]]:
        """Weights whose names and shapes tell whether a file holds this decoder: the outermost, and a whole last layer.

        However many layers there are said to be, these are few.
        """
        last = f"model.layers.{self.layers - 1}."
        queries, keys = self.heads * self.head_width, self.key_value_heads * self.head_width
        weights: dict[str, tuple[int, ...]] = {
            "model.embed_tokens.weight": (self.vocabulary_size, self.width),
            last + "input_layernorm.weight": (self.width,),
            last + "self_attn.q_proj.weight": (queries, self.width),
            last + "self_attn.k_proj.weight": (keys, self.width),
            last + "self_attn.v_proj.weight": (keys, self.width),
            last + "self_attn.o_proj.weight": (self.width, queries),
            last + "mlp.gate_proj.weight": (self.hidden_width, self.width),
            last + "mlp.up_proj.weight": (self.hidden_width, self.width),
            last + "mlp.down_proj.weight": (self.width, self.hidden_width),
            "model.norm.weight": (self.width,),
        }
        return weights if self.tied_embeddings else weights | {"lm_head.weight": (self.vocabulary_size, self.width)}

    def has_weight(self, name: str) -> bool:
        """Whether this decoder has a weight of that name: one that it lacks would change what it computes."""
        if name == "lm_head.weight":
            return not self.tied_embeddings
        found = _IN_LAYER.fullmatch(name)
        if found is None:
            return name in ("model.embed_tokens.weight", "model.norm.weight")
        part, kind = found[2], found[3]
        if part in ("self_attn.q_norm", "self_attn.k_norm"):
            has = self.query_key_norm and kind == "weight"
        elif kind == "bias":
            has = self.query_key_value_bias and part in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
        else:
            has = part in _PARTS
        return has and int(found[1]) < self.layers


def to_hf_config(
    shape: DecoderShape,
    *,
    dtype: str = "float32",
    bos_token_id: int | None = None,
    eos_token_id: int | None = None,
    pad_token_id: int | None = None,
) -> dict[str, Any]:
    """The `config.json` with which Hugging Face transformers rebuilds this decoder."""
    architecture, model_type = "LlamaForCausalLM", "llama"
    if shape.query_key_norm:
        architecture, model_type = "Qwen3ForCausalLM", "qwen3"
    elif shape.query_key_value_bias:
        architecture, model_type = "Qwen2ForCausalLM", "qwen2"
    return {
        "architectures": [architecture],
        "model_type": model_type,
        "vocab_size": shape.vocabulary_size,
        "num_hidden_layers": shape.layers,
        "hidden_size": shape.width,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_value_heads,
        "head_dim": shape.head_width,
        "intermediate_size": shape.hidden_width,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.norm_epsilon,
        "hidden_act": "silu",
        "tie_word_embeddings": shape.tied_embeddings,
        # Version 5 of transformers reads `rope_parameters`; version 4, vLLM and llama.cpp read `rope_theta`.
        "rope_theta": shape.rope_base,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.rope_base},
        "dtype": dtype,
        "torch_dtype": dtype,
        "bos_token_id": bos_token_id,
        "eos_token_id": eos_token_id,
        "pad_token_id": pad_token_id,
    }


def from_hf_config(config: Mapping[str, Any]) -> DecoderShape:
    """The shape that a Hugging Face `config.json` describes.

    Raises StudioError, in one sentence, for anything that this decoder would compute differently, and for a field that
    is missing or cannot be what it says.
    """
    architecture = _supported_architecture(config)
    width, heads = _whole(config, "hidden_size"), _whole(config, "num_attention_heads")
    usual_head = 128 if architecture == "Qwen3ForCausalLM" else max(1, width // heads)
    return DecoderShape(
        vocabulary_size=_whole(config, "vocab_size"),
        layers=_whole(config, "num_hidden_layers"),
        width=width,
        heads=heads,
        key_value_heads=_whole(config, "num_key_value_heads", heads),
        head_width=_whole(config, "head_dim", usual_head),
        hidden_width=_whole(config, "intermediate_size"),
        context=_whole(config, "max_position_embeddings", 2048),
        rope_base=_rope_base(config),
        norm_epsilon=_positive(config, "rms_norm_eps", 1e-6),
        query_key_norm=architecture == "Qwen3ForCausalLM",
        query_key_value_bias=architecture == "Qwen2ForCausalLM",
        tied_embeddings=_truth(config, "tie_word_embeddings"),
    )


_ARCHITECTURES = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")


def _supported_architecture(config: Mapping[str, Any]) -> str:
    """The architecture's name, once everything that would change the computation is ruled out."""
    named = _of_type(config, "architectures", list, "a list of names") or [""]
    architecture = named[0]
    if not isinstance(architecture, str) or not architecture:
        raise StudioError(
            "The model's config.json names no architecture; choose the folder of a Llama- or Qwen-style model."
        )
    if architecture not in _ARCHITECTURES:
        raise StudioError(
            f"The model's architecture is {architecture}; this decoder opens {', '.join(_ARCHITECTURES[:-1])} "
            f"and {_ARCHITECTURES[-1]}; choose the folder of such a model."
        )
    if config.get("attention_bias") or config.get("mlp_bias"):
        raise StudioError(f"This {architecture} model has attention_bias or mlp_bias set, which this decoder lacks.")
    if config.get("hidden_act", "silu") not in ("silu", "swish"):
        raise StudioError(f"The model's hidden_act is {config['hidden_act']}; this decoder computes silu only.")
    if config.get("quantization_config"):
        raise StudioError("The model's weights are quantised; open its unquantised folder or its GGUF file instead.")
    if _slides(config, architecture):
        raise StudioError("The model attends through a window shorter than its context, which this decoder lacks.")
    return architecture


def _slides(config: Mapping[str, Any], architecture: str) -> bool:
    """Whether some layer sees only the most recent tokens of its context."""
    if kinds := _of_type(config, "layer_types", list, "a list of names"):
        return any(kind != "full_attention" for kind in kinds)
    switched_on = _truth(config, "use_sliding_window", architecture == "MistralForCausalLM")
    if not switched_on or not config.get("sliding_window"):
        return False
    return _whole(config, "sliding_window") < _whole(config, "max_position_embeddings", 2048)


def _rope_base(config: Mapping[str, Any]) -> float:
    """The base of the rotary frequencies, refusing every variant that rescales them, wherever it is said."""
    tables = [_of_type(config, field, dict, "a table") or {} for field in ("rope_scaling", "rope_parameters")]
    tables += [each for table in tables for each in table.values() if isinstance(each, dict)]  # one for a kind of layer
    for rope in tables:
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default" or rope.get("factor") not in (None, 1):
            told = f"{kind}" if kind != "default" else f"factor {rope['factor']}"
            raise StudioError(
                f"The model rescales its rotary positions ({told}); this decoder has the default kind only."
            )
        if rope.get("partial_rotary_factor", config.get("partial_rotary_factor", 1.0)) != 1.0:
            raise StudioError(
                "The model rotates a part of each head only (partial_rotary_factor); this decoder does not."
            )
    bases = {_positive(rope, "rope_theta", 0.0) for rope in tables if rope.get("rope_theta") is not None}
    if len(bases) > 1:
        raise StudioError("The model turns its positions differently in different layers; this decoder does not.")
    return bases.pop() if bases else _positive(config, "rope_theta", 10_000.0)


def _whole(config: Mapping[str, Any], field: str, default: int | None = None) -> int:
    """A size; null is as good as nothing, as transformers writes it."""
    value = config.get(field)
    value = default if value is None else value
    if value is None:
        raise StudioError(f"The model's config.json does not say its {field}; copy the model folder again.")
    if not _is_number(value) or not 1 <= value <= MOST or value != int(value):
        raise _wrong(field, value, f"a whole number from 1 to {MOST:,}")
    return int(value)


def _positive(config: Mapping[str, Any], field: str, default: float) -> float:
    value = config.get(field)
    value = default if value is None else value
    if not _is_number(value) or not 0 < value <= sys.float_info.max:
        raise _wrong(field, value, "a number above 0")
    return float(value)


def _truth(config: Mapping[str, Any], field: str, default: bool = False) -> bool:
    value = _of_type(config, field, bool, "true or false")
    return default if value is None else value


def _of_type(config: Mapping[str, Any], field: str, kind: type[T], needed: str) -> T | None:
    value = config.get(field)
    if value is not None and not isinstance(value, kind):
        raise _wrong(field, value, needed)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(field: str, value: Any, needed: str) -> StudioError:
    return StudioError(
        f"The model's config.json has {reprlib.repr(value)} as its {field}, where {needed} is needed; copy the model "
        "folder again."
    )
