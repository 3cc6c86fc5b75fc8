"""An adapter as a model that one talks to: it computes as its base does, with what the adapter adds."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from fmstudio.nn.decoder import Decoder
from fmstudio.nn.lora import Adapter, attach
from fmstudio.nn.lora_folder import WEIGHTS, load_adapter
from fmstudio.nn.packed import PackedMatrix
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.folder_facts import parameters_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.text import LanguageModel

TEMPLATE = "chat_template.jinja"


def adapter_facts(folder: Path, base: ModelFacts) -> ModelFacts:
    """The facts of an adapter: those of its base, with its own name, size and, where it has one, template."""
    template = base.template
    if (folder / TEMPLATE).is_file():
        template = (folder / TEMPLATE).read_text("utf-8", "replace")
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(f"The adapter {folder.name} has no {WEIGHTS}; copy it again.")
    numbers = parameters_of(weights)
    return replace(
        base, path=folder, format="folder", parameters=numbers, bytes=weights.stat().st_size, torch_bytes=4 * numbers,
        backends=("torch",), title=folder.name, template=template, base=base.path,
    )  # fmt: skip


def adapted(base: LanguageModel, adapter: Adapter) -> LanguageModel:
    """A model of its own that computes with an adapter, and shares all of the base's weights with it."""
    decoder = sharing(base.decoder)
    attach(decoder, adapter)
    return LanguageModel(decoder, base.tokenizer)


def open_adapter(folder: Path, base: LanguageModel) -> LanguageModel:
    """The model that an adapter's folder makes of its base."""
    model = adapted(base, load_adapter(folder))
    model.decoder.eval().requires_grad_(False)
    return model


def sharing(decoder: Decoder) -> Decoder:
    """Another decoder with the same weights in memory: what is put in place of a layer of one does not show in the
    other."""
    kept: dict[int, Any] = {id(weight): weight for weight in decoder.parameters()}
    for module in decoder.modules():
        matrix = getattr(module, "matrix", None)
        if isinstance(matrix, PackedMatrix):
            kept[id(matrix)] = matrix
    return deepcopy(decoder, kept)
