"""A decoder as a Hugging Face model folder: config.json and model.safetensors."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.decoder import Decoder, DecoderShape, from_hf_config, to_hf_config
from fmstudio.nn.tensor_file import save_tensors

WEIGHTS = "model.safetensors"


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
    weights = {name: weight.to(dtype) for name, weight in _read_weights(folder).items()}
    if decoder.shape.tied_embeddings:
        weights.pop("lm_head.weight", None)  # some writers store the shared matrix twice
    try:
        decoder.to(dtype).load_state_dict(weights)
    except RuntimeError as error:
        raise StudioError(f"The weights in {folder} do not fit its config.json: {error}") from error
    return decoder


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise StudioError(f"{path.parent} is not a model folder: it has no {path.name}.")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _read_weights(folder: Path) -> dict[str, Tensor]:
    if (folder / WEIGHTS).is_file():
        return load_file(folder / WEIGHTS)
    index = _read_json(folder / (WEIGHTS + ".index.json"))
    weights: dict[str, Tensor] = {}
    for name in sorted(set(index["weight_map"].values())):
        weights |= load_file(folder / Path(name).name)
    return weights
