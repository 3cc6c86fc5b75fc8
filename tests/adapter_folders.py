"""Adapters of a tiny model that change what it says, made without training."""

from pathlib import Path

import torch

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import Adapter, LoraShape, new_adapter
from fmstudio.nn.lora_folder import save_adapter
from fmstudio.runtimes.adapter_base import AdapterBase, write_base
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.opened import open_language_model
from fmstudio.runtimes.references import place_of_model
from fmstudio.runtimes.version import version_of
from fmstudio.workspace import ModelRecord, Workspace, folder_size
from fmstudio.workspace.record_files import write_record

DORA = LoraShape(4, 8.0, magnitudes=True)
SHAPES = {
    "lora": LoraShape(4, 8.0),
    "rslora": LoraShape(4, 8.0, scale_by_root=True),
    "dora": DORA,
    "attention": LoraShape(2, 4.0, targets=("q_proj", "v_proj")),
}


def random_adapter(shape: LoraShape, decoder: Decoder, seed: int) -> Adapter:
    """An adapter that changes every matrix that it is for, as after training."""
    adapter, chance = new_adapter(decoder, shape, seed), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, part in adapter.parts():
            part.lora_B.normal_(0, 0.3, generator=chance)
            if part.magnitude is not None:
                part.magnitude *= 1.5
    return adapter.requires_grad_(False).eval()


def add_adapter(
    workspace: Workspace, name: str = "taught", base: str = "tiny", shape: LoraShape | None = None, seed: int = 0
) -> Path:
    """Put an adapter of a model that is here into the workspace; returns its folder."""
    shape, place = shape or LoraShape(4, 8.0), place_of_model(workspace, base)
    of = facts_of(place).shape
    assert of is not None
    adapter, folder = random_adapter(shape, Decoder(of, None), seed), workspace.model_folder(name)
    if shape.magnitudes:
        adapter = random_adapter(shape, open_language_model(place).decoder, seed)
    save_adapter(adapter, folder, base)
    write_base(folder, AdapterBase(base, str(place), version_of(place), "float32"))
    numbers = sum(each.numel() for each in adapter.parameters())
    record = ModelRecord(name, "language", numbers, folder_size(folder), details={"adapter_of": base, "init": base})
    write_record(folder, record)
    workspace.put_model(record)
    return folder
