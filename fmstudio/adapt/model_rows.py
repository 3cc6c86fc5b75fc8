"""Rows of the list of models: what the picker shows of each before it is loaded."""

from pathlib import Path
from typing import Any

from fmstudio.data.catalogue import Item
from fmstudio.recipe import read_toml
from fmstudio.runtimes import opened
from fmstudio.runtimes.facts import ModelFacts
from fmstudio.runtimes.folder_facts import parameters_of
from fmstudio.runtimes.memory import available_memory, context_to_use, needed_memory
from fmstudio.training.snapshot import GGUF, LANGUAGE
from fmstudio.workspace import RunRecord

Row = dict[str, Any]

_BESIDES_WEIGHTS = 260_000_000
"""Bytes for keys and values of a usual context and room to compute in, as a small model needs them."""


def row_of(reference: str, source: str, title: str, facts: ModelFacts, *, licence: str = "", about: str = "") -> Row:
    """A model that is here and whole. Memory is what its quickest runtime needs with the context that it would use."""
    backend, available = facts.backends[0], available_memory()
    context = context_to_use(facts, backend, available)
    memory = needed_memory(facts, backend, context)
    loaded = any(entry.path == facts.path for entry in opened.loaded())
    return {
        **_empty(reference, source, title),
        "format": facts.format,
        "size": facts.bytes,
        "parameters": facts.parameters,
        "licence": facts.licence or licence,
        "context": facts.context,
        "memory": memory,
        "fits": loaded or memory <= available,
        "available": available,
        "chat": facts.chat,
        "backends": list(facts.backends),
        "loaded": loaded,
        "about": about,
    }


def broken_row(reference: str, source: str, title: str, place: Path, problem: str) -> Row:
    """A model that cannot be used, and why."""
    return {**_empty(reference, source, title), "format": _format(place), "problem": problem, "fits": False}


def catalogue_row(item: Item) -> Row:
    """A model that can be fetched. What it needs is estimated from its size: its header is not here to be read."""
    memory, available = item.size + _BESIDES_WEIGHTS, available_memory()
    return {
        **_empty(item.name, "catalogue", item.title),
        "here": False,
        "size": item.size,
        "licence": item.licence,
        "memory": memory,
        "fits": memory <= available,
        "available": available,
        "chat": True,
        "backends": ["llama.cpp", "torch"],
        "about": item.description,
    }


def run_row(run: RunRecord, checkpoint: Path, recipe: Path) -> Row:
    """A run that has a checkpoint: its model folder is made when it is first talked to."""
    model = read_toml(recipe).get("model", {})
    context, width, layers = (int(model.get(key, 0)) for key in ("context", "width", "layers"))
    parameters, available = parameters_of(checkpoint / "model.safetensors"), available_memory()
    memory = 4 * (parameters + 2 * layers * width * context) + 64 * 1024 * 1024
    return {
        **_empty(f"run:{run.id}", "run", f"{run.name}, step {run.step:,}"),
        "size": (checkpoint / "model.safetensors").stat().st_size,
        "parameters": parameters,
        "context": context,
        "memory": memory,
        "fits": memory <= available,
        "available": available,
        "backends": ["torch"],
        "about": "A run by its latest checkpoint",
    }


def _format(place: Path) -> str:
    return "gguf" if place.suffix.lower() == GGUF else "folder"


def _empty(reference: str, source: str, title: str) -> Row:
    return {
        "reference": reference,
        "title": title,
        "source": source,
        "format": "folder" if source in ("workspace", "run") else "gguf",
        "here": True,
        "size": 0,
        "parameters": 0,
        "licence": "",
        "context": 0,
        "memory": 0,
        "fits": True,
        "available": available_memory(),
        "chat": False,
        "backends": [],
        "loaded": False,
        "about": "",
        "problem": "",
        "family": LANGUAGE,
    }
