"""The facts of a model folder in the layout of Hugging Face, from its small files and the head of its weights."""

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from fmstudio.data.control_tokens import marks_of
from fmstudio.data.tokenizer import end_of_text, load_tokenizer, vocabulary_size
from fmstudio.errors import StudioError
from fmstudio.nn.decoder_folder import WEIGHTS, by_own_names, unused_weights, weight_files
from fmstudio.nn.decoder_shape import DecoderShape, from_hf_config
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.model_facts import ModelFacts

_QUANTISED = ("I8", "U8", "I32", "I64", "U32", "F8_E4M3", "F8_E5M2")
_LONGEST_HEAD = 256 * 1024 * 1024
_SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token")
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")


def folder_facts(folder: Path) -> ModelFacts:
    """Read what is beside the weights; raises StudioError where the folder is not whole or not for our decoder."""
    config = _json(folder / "config.json", needed=True)
    shape = from_hf_config(config)
    tokenizer = _tokenizer(folder)
    about = _json(folder / "tokenizer_config.json")
    special = {name: text for name in _SPECIAL if (text := _token_text(about.get(name)))}
    parameters, size = _weights(folder, shape)
    template = _template(folder, about)
    return ModelFacts(
        path=folder,
        format="folder",
        architecture=str(config["architectures"][0]),
        parameters=parameters,
        bytes=size,
        torch_bytes=4 * parameters,
        context=shape.context,
        key_value_numbers=2 * shape.layers * shape.key_value_heads * shape.head_width,
        vocabulary_size=vocabulary_size(tokenizer),
        shape=shape,
        backends=("torch",),
        licence=_licence(folder, config),
        title=folder.name,
        template=template,
        special=special,
        marks=marks_of(tokenizer, template),
        first_token=_first_token(tokenizer, special),
        ends=frozenset(_ends(folder, config, special, tokenizer)),
    )


def _json(path: Path, *, needed: bool = False) -> dict[str, Any]:
    if not path.is_file():
        if needed:
            raise ModelError(f"{path.parent} is not a model folder: it has no {path.name}; choose another folder.")
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); copy the folder again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a table of settings; copy the folder again.")
    return content


def _tokenizer(folder: Path) -> Tokenizer:
    if (folder / "tokenizer.json").is_file():
        return load_tokenizer(folder / "tokenizer.json")
    hint = "save it anew with a recent transformers, which writes one"
    if not (folder / "tokenizer.model").is_file() and not (folder / "vocab.json").is_file():
        hint = "copy the tokenizer.json beside it that it was trained with"
    raise ModelError(f"The model folder {folder} has no tokenizer.json, so no text can be given to it; {hint}.")


def _weights(folder: Path, shape: DecoderShape) -> tuple[int, int]:
    """Parameters and bytes on the disk; raises ModelError where weights are missing, cut short, quantised, of other
    sizes or left over. Other files of weights beside those that are read do not count."""
    files = weight_files(folder)
    if not files:
        raise ModelError(
            f"The model folder {folder} has no weights as {WEIGHTS}; save it anew in that form (files that pickle "
            "weights are never opened)."
        )
    if missing := [file.name for file in files if not file.is_file()]:
        raise ModelError(f"The model folder {folder} lacks {missing[0]}, a part of its weights; copy it again.")
    found = by_own_names({name: size for file in files for name, size in tensors_of(file).items()}, shape)
    _check_sizes(folder, shape, found)
    if left_over := unused_weights(shape, found):
        raise ModelError(
            f"The weights in {folder} hold {left_over[0]}, which this decoder lacks, so it would compute something "
            "else; choose another model, or its GGUF file."
        )
    used = sum(math.prod(size) for name, size in found.items() if shape.has_weight(name))
    return used, sum(file.stat().st_size for file in files)


def _check_sizes(folder: Path, shape: DecoderShape, found: Mapping[str, tuple[int, ...]]) -> None:
    """Compare config.json with what the weights are, before memory is taken for what it says."""
    for name, size in shape.signature_weights.items():
        if found.get(name) != size:
            told = f"has the shape {found[name]}" if name in found else "is missing"
            raise ModelError(
                f"The weights in {folder} do not fit its config.json: {name} {told} where {size} is needed; copy the "
                "folder again."
            )


def parameters_of(file: Path) -> int:
    """How many numbers a safetensors file holds; raises as `tensors_of` does."""
    return sum(math.prod(shape) for shape in tensors_of(file).values())


def tensors_of(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a safetensors file, from its head: eight bytes of length, then JSON.

    Raises ModelError where the file is damaged, cut short or quantised.
    """
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            length = struct.unpack("<Q", stream.read(8))[0]
            head: dict[str, Any] = json.loads(stream.read(min(length, _LONGEST_HEAD)))
        tensors = {name: each for name, each in head.items() if name != "__metadata__"}
        end = 8 + length + max((int(each["data_offsets"][1]) for each in tensors.values()), default=0)
        kinds = {each["dtype"] for each in tensors.values()}
        shapes = {name: _lengths(each["shape"]) for name, each in tensors.items()}
    except (OSError, ValueError, ArithmeticError, struct.error, AttributeError, LookupError, TypeError,
            RecursionError) as error:  # fmt: skip
        raise ModelError(f"{file} is not a whole safetensors file; copy or download it again.") from error
    if end > size:
        raise ModelError(
            f"{file} is cut short: it has {size:,} of the {end:,} bytes that its head names; copy or download it again."
        )
    if kinds & set(_QUANTISED):
        raise ModelError(
            f"The weights in {file.parent} are quantised; open the unquantised folder or the GGUF file instead."
        )
    if sum(map(math.prod, shapes.values())) > size:  # every number takes a byte or more
        raise ModelError(f"{file} is damaged: its head names more numbers than it can hold; copy or download it again.")
    return shapes


def _lengths(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError(f"{shape!r} is no shape")
    return tuple(shape)


def _token_text(value: Any) -> str:
    """A special token is a text, or a table with its content."""
    content = value.get("content") if isinstance(value, Mapping) else value
    return content if isinstance(content, str) else ""


def _template(folder: Path, about: Mapping[str, Any]) -> str:
    """chat_template.jinja, or what tokenizer_config.json has: one template, or several by name."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text("utf-8", "replace")
    template = about.get("chat_template")
    if isinstance(template, list):
        named = (each for each in template if isinstance(each, Mapping) and each.get("name") == "default")
        template = next(named, {}).get("template")
    return template if isinstance(template, str) else ""


def _first_token(tokenizer: Tokenizer, special: Mapping[str, str]) -> int | None:
    """The start token, where the tokenizer's own post-processing puts it before every text."""
    if not tokenizer.num_special_tokens_to_add(False) or "bos_token" not in special:
        return None
    first, start = tokenizer.encode("a").ids[:1], tokenizer.token_to_id(special["bos_token"])
    return start if first == [start] else None


def _ends(folder: Path, config: Mapping[str, Any], special: Mapping[str, str], tokenizer: Tokenizer) -> Iterable[int]:
    for source in (_json(folder / "generation_config.json"), config):
        named = source.get("eos_token_id")
        numbers = named if isinstance(named, list) else [named]
        yield from (each for each in numbers if isinstance(each, int) and not isinstance(each, bool) and each >= 0)
    texts = [special.get("eos_token", ""), *_TURN_ENDS]
    yield from (number for text in texts if text and (number := tokenizer.token_to_id(text)) is not None)
    try:
        yield end_of_text(tokenizer)
    except StudioError:
        return


def _licence(folder: Path, config: Mapping[str, Any]) -> str:
    """From the head of the model card, else config.json, else the first line of a LICENSE file."""
    card = folder / "README.md"
    if card.is_file():
        head = re.match(r"---\s*\n(.*?)\n---", card.read_text("utf-8", "replace"), re.DOTALL)
        found = re.search(r"^license:\s*(.+?)\s*$", head.group(1), re.MULTILINE) if head else None
        if found:
            return found.group(1).strip("\"'")
    if isinstance(config.get("license"), str):
        return str(config["license"])
    return licence_of_file(folder / "LICENSE")


def licence_of_file(file: Path) -> str:
    """The name of a licence from the beginning of its text; empty where there is none."""
    if not file.is_file():
        return ""
    lines = (line.strip() for line in file.read_text("utf-8", "replace").splitlines()[:20])
    return next((line for line in lines if line), "")
