"""An adapter as a folder in the layout of PEFT: adapter_config.json and adapter_model.safetensors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.nn.lora import LINEAR, Adapter, LoraShape, LowRank
from fmstudio.nn.tensor_file import save_tensors

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_PARTS = {"lora_A": "lora_A.weight", "lora_B": "lora_B.weight", "magnitude": "lora_magnitude_vector"}
_UNSUPPORTED = ("rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication", "lora_bias", "fan_in_fan_out",
                "target_parameters", "trainable_token_indices")  # fmt: skip
"""Settings of PEFT that change what is computed in a way that is not done here, unless they are empty or false."""


def save_adapter(adapter: Adapter, folder: Path, base: str = "") -> None:
    """Write an adapter's two files. base: what it was made for, as PEFT's base_model_name_or_path."""
    shape = adapter.shape
    weights: dict[str, Tensor] = {}
    for path, part in adapter.parts():
        for name, written in _PARTS.items():
            value = getattr(part, name)
            if value is not None:
                weights[f"{_PREFIX}{path}.{written}"] = value.detach().contiguous()
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": shape.rank,
        "lora_alpha": shape.alpha,
        "lora_dropout": shape.dropout,
        "target_modules": list(shape.targets),
        "use_rslora": shape.scale_by_root,
        "use_dora": shape.magnitudes,
        "bias": "none",
        "inference_mode": True,
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_tensors(weights, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def load_adapter(folder: Path) -> Adapter:
    """Open an adapter that `save_adapter` or PEFT wrote; raises StudioError for one that would compute otherwise here,
    and for one that is damaged."""
    config = read_adapter_config(folder)
    shape = _shape_of(config, folder)
    weights = _read_weights(folder)
    paths = sorted({name.removeprefix(_PREFIX).rpartition(".lora_")[0] for name in weights})
    sizes: dict[str, tuple[int, int]] = {}
    for path in paths:
        _check_path(path, folder)
        down, up = (weights.get(f"{_PREFIX}{path}.{_PARTS[name]}") for name in ("lora_A", "lora_B"))
        if down is None or up is None or down.dim() != 2 or up.dim() != 2:
            raise StudioError(f"The adapter {folder.name} has only a part of the matrices for {path}; copy it again.")
        if {down.shape[0], up.shape[1]} != {shape.rank}:
            raise StudioError(
                f"The adapter {folder.name} has matrices of rank {down.shape[0]} for {path}, but its {CONFIG} says "
                f"{shape.rank}; copy both files from the same place."
            )
        sizes[path] = (up.shape[0], down.shape[1])
    adapter = Adapter(shape, sizes, seed=None)
    for path, part in adapter.parts():
        _fill(part, path, weights, folder)
    if weights:
        left = ", ".join(list(weights)[:3])
        raise StudioError(f"The adapter {folder.name} holds {left}, which would not be used here; copy it again.")
    return adapter.requires_grad_(False).eval()


def read_adapter_config(folder: Path) -> dict[str, Any]:
    """What adapter_config.json says."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StudioError(f"{folder / CONFIG} cannot be read ({error}); copy the adapter again.") from error
    if not isinstance(config, dict):
        raise StudioError(f"{folder / CONFIG} holds no settings; copy the adapter again.")
    return config


def _shape_of(config: Mapping[str, Any], folder: Path) -> LoraShape:
    if config.get("peft_type") != "LORA":
        raise StudioError(
            f"The adapter {folder.name} is of the type {config.get('peft_type')!r}; only LORA can be opened here."
        )
    used = [name for name in _UNSUPPORTED if config.get(name)]
    if config.get("bias", "none") != "none":
        used.append("bias")
    if used:
        raise StudioError(f"The adapter {folder.name} uses {', '.join(used)}, which cannot be computed here.")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1 or not isinstance(alpha, int | float):
        raise StudioError(f"{folder / CONFIG} says r = {rank!r} and lora_alpha = {alpha!r}, which must be numbers.")
    targets = config.get("target_modules")
    return LoraShape(
        rank,
        float(alpha),
        dropout=float(config.get("lora_dropout") or 0.0),
        targets=tuple(sorted(targets)) if isinstance(targets, list) and targets else LINEAR,
        scale_by_root=bool(config.get("use_rslora")),
        magnitudes=bool(config.get("use_dora")),
    )


def _read_weights(folder: Path) -> dict[str, Tensor]:
    try:
        weights = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise StudioError(f"{folder / WEIGHTS} cannot be read ({error}); copy the adapter again.") from error
    if not weights:
        raise StudioError(f"{folder / WEIGHTS} holds nothing; copy the adapter again.")
    return {name: weight.float() for name, weight in weights.items()}


def _check_path(path: str, folder: Path) -> None:
    if path.rpartition(".")[2] not in LINEAR:
        raise StudioError(
            f"The adapter {folder.name} changes {path}, but only linear layers can be adapted: {', '.join(LINEAR)}."
        )


@torch.no_grad()
def _fill(part: LowRank, path: str, weights: dict[str, Tensor], folder: Path) -> None:
    for name, written in _PARTS.items():
        own = getattr(part, name)
        if own is None:
            continue
        found = weights.pop(f"{_PREFIX}{path}.{written}", None)
        if found is None or found.shape != own.shape:
            raise StudioError(f"The adapter {folder.name} has no fitting {written} for {path}; copy it again.")
        if not bool(torch.isfinite(found).all()):
            raise StudioError(
                f"The adapter {folder.name} has numbers that are none (NaN or infinite) in {path}; its training broke "
                "off, so train it again or take an earlier checkpoint."
            )
        own.copy_(found)
