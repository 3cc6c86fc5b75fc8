"""A decoder as a Hugging Face model folder: config.json and model.safetensors."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder, DecoderShape, from_hf_config, to_hf_config
from fmstudio.nn.tensor_file import save_tensors

WEIGHTS = "model.safetensors"
T = TypeVar("T")


def save_decoder(decoder: Decoder, folder: Path, **token_ids: int | None) -> None:
    """Writes config.json and model.safetensors into `folder`; token_ids: bos_token_id, eos_token_id, pad_token_id."""
    folder.mkdir(parents=True, exist_ok=True)
    dtype = str(next(decoder.parameters()).dtype).removeprefix("torch.")
    config = to_hf_config(decoder.shape, dtype=dtype, **token_ids)
    weights = {name: weight.detach().contiguous() for name, weight in decoder.state_dict().items()}
    save_tensors(weights, folder / (WEIGHTS + ".part"), metadata={"format": "pt"})
    (folder / (WEIGHTS + ".part")).replace(folder / WEIGHTS)
    (folder / "config.json.part").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "config.json.part").replace(folder / "config.json")


def read_shape(folder: Path) -> DecoderShape:
    """The shape of the decoder in a folder, from its config.json alone."""
    return from_hf_config(_read_json(folder / "config.json"))


def load_decoder(folder: Path, dtype: torch.dtype = torch.float32) -> Decoder:
    """Opens a folder that `save_decoder` or Hugging Face transformers wrote, in one file or several.

    Raises StudioError where the folder holds another kind of model or lacks weights.
    """
    config = _read_json(folder / "config.json")
    decoder = Decoder(from_hf_config(config), seed=None)
    found = by_own_names(_read_weights(folder), decoder.shape)
    if left_over := unused_weights(decoder.shape, found):
        raise StudioError(
            f"The weights in {folder} do not fit its config.json: {left_over[0]} is left over, so it would compute "
            "something else; copy the folder again, or choose another model."
        )
    weights = {name: weight.to(dtype) for name, weight in found.items() if decoder.shape.has_weight(name)}
    try:
        decoder.to(dtype).load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise StudioError(f"The weights in {folder} do not fit its config.json: {reason}") from error
    return decoder


def by_own_names(found: Mapping[str, T], shape: DecoderShape) -> dict[str, T]:
    """What is told of each weight by the decoder's own names: a writer that stores a shared matrix once may have called
    it after its other use."""
    read_out, read_in = "lm_head.weight", "model.embed_tokens.weight"
    if shape.tied_embeddings and read_out in found and read_in not in found:
        return {read_in if name == read_out else name: each for name, each in found.items()}
    return dict(found)


def unused_weights(shape: DecoderShape, names: Iterable[str]) -> list[str]:
    """Weights of a folder that a decoder of this shape lacks and that would change what it computes.

    Some writers store the shared matrix twice, and old Llama folders hold the rotary frequencies, which are computed.
    """
    return [
        name
        for name in names
        if not shape.has_weight(name) and name != "lm_head.weight" and not name.endswith("rotary_emb.inv_freq")
    ]


def weight_files(folder: Path) -> list[Path]:
    """The files of a folder that its weights are read from: one, or those that the index names; there may be others.

    Raises StudioError where the index cannot be read or has no map.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    index = folder / (WEIGHTS + ".index.json")
    if not index.is_file():
        return []
    try:
        content = json.loads(index.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StudioError(f"{index} cannot be read ({error}); copy the folder again.") from error
    named = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(named, dict) or not all(isinstance(file, str) for file in named.values()):
        raise StudioError(f"{index} has no weight_map that says where each weight is; copy the folder again.")
    return [folder / name for name in sorted({Path(file).name for file in named.values()})]


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise StudioError(f"{path.parent} is not a model folder: it has no {path.name}.")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _read_weights(folder: Path) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for file in weight_files(folder):
        weights |= load_file(file)
    return weights
