"""The facts of a GGUF file, from its header."""

from pathlib import Path

from gguf import MODEL_ARCH_NAMES

from fmstudio.data.control_tokens import Marks, marks_among
from fmstudio.errors import StudioError
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import GgufHeader, read_header
from fmstudio.runtimes.gguf_parts import other_parts
from fmstudio.runtimes.gguf_shape import gguf_shape, is_split
from fmstudio.runtimes.gguf_tokenizer import CONTROL, USER_DEFINED, check_rebuildable, token_types, vocabulary_of
from fmstudio.runtimes.gguf_weights import check_used, loaded_bytes, place_of
from fmstudio.runtimes.model_facts import ModelFacts

_NO_TEXT = ("clip", "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
            "eurobert", "t5", "t5encoder", "wavtokenizer-dec", "gemma-embedding", "llama-embed", "dream", "llada",
            "llada-moe")  # fmt: skip
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|end|>", "<end_of_turn>", "<|endofturn|>",
         "<|eom_id|>", "<EOT>", "</s>", "<eos>")  # fmt: skip
END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")
_COUNTS = ("context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
           "attention.head_count_kv", "attention.key_length", "attention.value_length", "attention.sliding_window",
           "rope.dimension_count", "expert_count")  # fmt: skip
_BY_LAYER = ("feed_forward_length", "attention.head_count", "attention.head_count_kv")
_REALS = ("rope.freq_base", "attention.layer_norm_rms_epsilon")


def gguf_facts(path: Path) -> ModelFacts:
    """Read the header; raises ModelError where it is damaged, or no runtime can run what is in the file."""
    header = read_header(path)
    files = [header, *other_parts(header)]
    _check_architecture(header)
    _check_numbers(header)
    tokens = vocabulary_of(header)
    shape, problem = _for_torch(header)
    if shape is not None:
        _check_sizes(header, shape)
    return ModelFacts(
        path=path,
        format="gguf",
        architecture=header.architecture,
        parameters=sum(file.parameters for file in files),
        bytes=sum(file.size for file in files),
        torch_bytes=sum(map(loaded_bytes, files)),
        context=header.count("context_length") or 2048,
        key_value_numbers=_key_value_numbers(header),
        vocabulary_size=len(tokens),
        shape=shape,
        backends=("llama.cpp", "torch") if shape else ("llama.cpp",),
        licence=_told(header, "general.license"),
        title=_told(header, "general.name"),
        template=header.text("tokenizer.chat_template"),
        special=_special(header, tokens),
        marks=_marks(header, tokens),
        first_token=_first_token(header, len(tokens)),
        ends=_ends(header, tokens),
        torch_problem=problem,
    )


def _check_architecture(header: GgufHeader) -> None:
    known = set(MODEL_ARCH_NAMES.values())
    if header.architecture not in known or header.architecture in _NO_TEXT:
        raise ModelError(
            f"{header.path.name} holds a network of the architecture {header.architecture or '(none)'!r}, which does "
            "not write text here; choose a language model such as llama, qwen2 or qwen3."
        )


def _check_numbers(header: GgufHeader) -> None:
    """Refuse what cannot be true whichever runtime would read it."""
    for key in _COUNTS:
        header.count(key)
    for key in _REALS:
        header.number(key)
    for key in _BY_LAYER:
        header.counts(key)
    heads, shared = (header.count(f"attention.{key}") for key in ("head_count", "head_count_kv"))
    if heads and shared and shared > heads:
        key = f"{header.architecture}.attention.head_count_kv"
        raise header.wrong(key, f"a number up to its attention.head_count, {heads:,},")
    layers = header.count("block_count") or 0
    if layers > len(header.tensors) and not is_split(header):
        raise ModelError(
            f"{header.path.name} is damaged: its {header.architecture}.block_count is {layers:,}, but it has only "
            f"{len(header.tensors):,} tensors; copy or download it again."
        )


def _check_sizes(header: GgufHeader, shape: DecoderShape) -> None:
    """Compare what the header says with its own tensors, before memory is taken for what it says."""
    for name, size in shape.signature_weights.items():
        place_of(header, name, size)


def _for_torch(header: GgufHeader) -> tuple[DecoderShape | None, str]:
    try:
        check_rebuildable(header)
        shape = gguf_shape(header)
        check_used(header, shape)
        return shape, ""
    except StudioError as error:
        return None, str(error)


def _key_value_numbers(header: GgufHeader) -> int:
    """Layers times the widths of keys and values; some files give the heads layer by layer."""
    layers, width = header.count("block_count") or 1, header.count("embedding_length") or 1
    heads = header.count("attention.head_count") or 1
    shared, by_layer = header.count("attention.head_count_kv"), header.counts("attention.head_count_kv")
    total = layers * (heads if shared is None else shared) if by_layer is None else sum(by_layer)
    each = [header.count(f"attention.{part}_length") or width / heads for part in ("key", "value")]
    return int(total * sum(each))


def _told(header: GgufHeader, key: str) -> str:
    """A text that is only shown, so that no model is refused for it."""
    value = header.metadata.get(key)
    return value if isinstance(value, str) else ""


def _special(header: GgufHeader, tokens: list[str]) -> dict[str, str]:
    names = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    numbers = {name: _token(header, f"{key}_token_id", len(tokens)) for name, key in names.items()}
    return {name: tokens[number] for name, number in numbers.items() if number is not None}


def _marks(header: GgufHeader, tokens: list[str]) -> Marks:
    """By the types of the tokens; in a file that does not tell them, what looks so and what it names."""
    types, template = token_types(header), header.text("tokenizer.chat_template")
    if types:
        kinds = ((text, kind) for text, kind in zip(tokens, types, strict=False) if kind in (CONTROL, USER_DEFINED))
        return marks_among(((text, kind == CONTROL) for text, kind in kinds), template)
    named = set(_special(header, tokens).values())
    return marks_among((text, text in named) for text in tokens)


def _token(header: GgufHeader, key: str, tokens: int) -> int | None:
    """The id of a token; a number that none has means that the model has no such token."""
    number = header.metadata.get(f"tokenizer.ggml.{key}")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise header.wrong(f"tokenizer.ggml.{key}", "a token's number")
    return number if number is not None and 0 <= number < tokens else None


def _first_token(header: GgufHeader, tokens: int) -> int | None:
    default = header.text("tokenizer.ggml.model") == "llama" or header.text("tokenizer.ggml.pre") == "llama-bpe"
    wanted = header.metadata.get("tokenizer.ggml.add_bos_token", default)
    return _token(header, "bos_token_id", tokens) if wanted else None


def _ends(header: GgufHeader, tokens: list[str]) -> frozenset[int]:
    """What the file names as ends, and the usual ones where they are control tokens, as llama.cpp has it."""
    types = token_types(header)
    known = {number for key in END_KEYS if (number := _token(header, key, len(tokens))) is not None}
    usual = {number for number, text in enumerate(tokens)
             if text in _ENDS and (number >= len(types) or types[number] in (3, 4))}  # fmt: skip
    return frozenset(known | usual)
