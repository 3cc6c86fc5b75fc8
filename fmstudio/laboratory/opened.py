"""Keeps the models that are being looked at in memory, so that a drag or a scrub does not load one again."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fmstudio.nn.threads import make_way_for_torch
from fmstudio.runtimes.model_cache import MODELS

Model = TypeVar("Model")


def opened(folder: Path, load: Callable[[Path], Model]) -> Model:
    """What `load` makes of a model folder, from memory if the folder is as it was."""
    make_way_for_torch()
    weights = folder / "model.safetensors"
    stamp, size = (weights.stat().st_mtime_ns, weights.stat().st_size) if weights.exists() else (0, 0)
    key = (load.__module__, load.__qualname__, folder)
    found: Model | None = MODELS.get(key, stamp)
    if found is None:
        MODELS.make_room(size)
        found = load(folder)
        MODELS.keep(key, found, size, stamp)
    return found
