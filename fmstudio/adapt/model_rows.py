"""Rows of the list of models: what the picker shows of each before it is loaded."""

from pathlib import Path
from typing import Any

from fmstudio.data.catalogue import Item
from fmstudio.recipe import RecipeError, read_toml
from fmstudio.runtimes import opened
from fmstudio.runtimes.adapter_base import base_of
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.folder_facts import parameters_of
from fmstudio.runtimes.memory import available_memory, context_to_use, needed_memory
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.references import GGUF
from fmstudio.training.snapshot import LANGUAGE
from fmstudio.workspace import RunRecord

Row = dict[str, Any]

_BESIDES_WEIGHTS = 260_000_000
"""Bytes for keys and values of a usual context and room to compute in, as a small model needs them."""


def row_of(reference: str, source: str, title: str, facts: ModelFacts, *, licence: str = "", about: str = "") -> Row:
    """A model that is here and whole. Memory is what a runtime needs with the context that it would use: "memory" of
    the first, "memory_in" of each; "loaded_in" are those that have it loaded; "note" says what they run in place
    of its file; "adapter_of" names the base of an adapter."""
    available = available_memory()
    needs = {name: _needed(facts, name, available) for name in facts.backends}
    here = [entry for entry in opened.loaded() if entry.path == facts.path]
    memory, loaded = needs[facts.backends[0]], [entry.backend for entry in here]
    return {
        **_empty(reference, source, title),
        "format": facts.format,
        "size": facts.bytes,
        "parameters": facts.parameters,
        "licence": facts.licence or licence,
        "context": facts.context,
        "memory": memory,
        "memory_in": needs,
        "fits": bool(loaded) or memory <= available,
        "available": available,
        "chat": facts.chat,
        "backends": list(facts.backends),
        "loaded": bool(loaded),
        "loaded_in": loaded,
        "note": "; ".join(f"{entry.backend} {entry.runtime.note}" for entry in here if entry.runtime.note),
        "about": about,
        "adapter_of": base_of(facts.path).reference if facts.base is not None else "",
    }


def _needed(facts: ModelFacts, backend: str, available: int) -> int:
    """Memory that a model takes; an adapter takes that of its base as well, unless it is there."""
    needed = needed_memory(facts, backend, context_to_use(facts, backend, available))
    if facts.base is None or any(each.path == facts.base and each.backend == backend for each in opened.loaded()):
        return needed
    return needed + _needed(facts_of(facts.base), backend, available)


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
    context, width, layers = (_size(recipe, model, key) for key in ("context", "width", "layers"))
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


def _size(recipe: Path, model: Any, key: str) -> int:
    """A size of the model that a run's recipe is for; 0 where the recipe leaves it to what is usual."""
    value = model.get(key, 0) if isinstance(model, dict) else model
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RecipeError(
            f"{recipe} has {value!r} as its model.{key}, where a whole number is needed; correct it there."
        )
    return value


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
        "memory_in": {},
        "fits": True,
        "available": available_memory(),
        "chat": False,
        "backends": [],
        "loaded": False,
        "loaded_in": [],
        "note": "",
        "about": "",
        "problem": "",
        "family": LANGUAGE,
        "adapter_of": "",
        "forgets": "",
    }
