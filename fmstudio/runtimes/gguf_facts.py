"""The facts of a GGUF file, from its header."""

from pathlib import Path
from typing import Any

from gguf import MODEL_ARCH_NAMES

from fmstudio.errors import StudioError
from fmstudio.nn.decoder_shape import DecoderShape
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.facts import ModelFacts
from fmstudio.runtimes.gguf_header import GgufHeader, read_header
from fmstudio.runtimes.gguf_shape import gguf_shape
from fmstudio.runtimes.gguf_tokenizer import check_rebuildable, vocabulary_of
from fmstudio.runtimes.gguf_weights import loaded_bytes

_NO_TEXT = ("clip", "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
            "eurobert", "t5", "t5encoder", "wavtokenizer-dec", "gemma-embedding", "llama-embed", "dream", "llada",
            "llada-moe")  # fmt: skip
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|end|>", "<end_of_turn>", "<|endofturn|>",
         "<|eom_id|>", "<EOT>", "</s>", "<eos>")  # fmt: skip
END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")


def gguf_facts(path: Path) -> ModelFacts:
    """Read the header; raises ModelError where no runtime can run what is in the file."""
    header = read_header(path)
    _check_architecture(header)
    tokens, metadata = vocabulary_of(header), header.metadata
    shape, problem = _for_torch(header)
    return ModelFacts(
        path=path,
        format="gguf",
        architecture=header.architecture,
        parameters=header.parameters,
        bytes=header.size,
        torch_bytes=loaded_bytes(header),
        context=int(header.number("context_length") or 2048),
        key_value_numbers=_key_value_numbers(header),
        vocabulary_size=len(tokens),
        shape=shape,
        backends=("llama.cpp", "torch") if shape else ("llama.cpp",),
        licence=str(metadata.get("general.license", "")),
        title=str(metadata.get("general.name", "")),
        template=str(metadata.get("tokenizer.chat_template", "")),
        special=_special(metadata, tokens),
        first_token=_first_token(metadata, tokens),
        ends=_ends(metadata, tokens),
        torch_problem=problem,
    )


def _check_architecture(header: GgufHeader) -> None:
    known = set(MODEL_ARCH_NAMES.values())
    if header.architecture not in known or header.architecture in _NO_TEXT:
        raise ModelError(
            f"{header.path.name} holds a network of the architecture {header.architecture or '(none)'!r}, which does "
            "not write text here; choose a language model such as llama, qwen2 or qwen3."
        )


def _for_torch(header: GgufHeader) -> tuple[DecoderShape | None, str]:
    try:
        check_rebuildable(header)
        return gguf_shape(header), ""
    except StudioError as error:
        return None, str(error)


def _key_value_numbers(header: GgufHeader) -> int:
    """Layers times the widths of keys and values; some files give the heads layer by layer."""
    layers, width = int(header.number("block_count") or 1), header.number("embedding_length") or 1
    heads = header.number("attention.head_count") or 1
    shared = header.metadata.get(f"{header.architecture}.attention.head_count_kv", heads)
    total = sum(shared) if isinstance(shared, list) else layers * int(shared)
    each = [header.number(f"attention.{part}_length") or width / heads for part in ("key", "value")]
    return int(total * sum(each))


def _special(metadata: Any, tokens: list[str]) -> dict[str, str]:
    names = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
    numbers = {name: metadata.get(f"tokenizer.ggml.{key}_token_id") for name, key in names.items()}
    return {
        name: tokens[number] for name, number in numbers.items() if isinstance(number, int) and number < len(tokens)
    }


def _first_token(metadata: Any, tokens: list[str]) -> int | None:
    number = metadata.get("tokenizer.ggml.bos_token_id")
    default = metadata.get("tokenizer.ggml.model") == "llama" or metadata.get("tokenizer.ggml.pre") == "llama-bpe"
    wanted = metadata.get("tokenizer.ggml.add_bos_token", default)
    return number if wanted and isinstance(number, int) and number < len(tokens) else None


def _ends(metadata: Any, tokens: list[str]) -> frozenset[int]:
    """What the file names as ends, and the usual ones where they are control tokens, as llama.cpp has it."""
    types = metadata.get("tokenizer.ggml.token_type") or []
    known = {
        number for number in (metadata.get(f"tokenizer.ggml.{key}") for key in END_KEYS) if isinstance(number, int)
    }
    usual = {number for number, text in enumerate(tokens)
             if text in _ENDS and (number >= len(types) or types[number] in (3, 4))}  # fmt: skip
    return frozenset(known | usual)
