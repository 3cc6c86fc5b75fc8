"""Keeps the models that are being looked at in memory, so that a drag or a scrub does not load one again."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fmstudio.nn.threads import make_way_for_torch

Model = TypeVar("Model")
KEPT = 4
_OPEN: "OrderedDict[tuple[Any, ...], Any]" = OrderedDict()


def opened(folder: Path, load: Callable[[Path], Model]) -> Model:
    """What `load` makes of a model folder, from memory if the folder is as it was; the latest few are kept."""
    make_way_for_torch()
    key = (load.__module__, load.__qualname__, str(folder), (folder / "model.safetensors").stat().st_mtime_ns
           if (folder / "model.safetensors").exists() else 0)  # fmt: skip
    if key not in _OPEN:
        _OPEN[key] = load(folder)
        while len(_OPEN) > KEPT:
            _OPEN.popitem(last=False)
    _OPEN.move_to_end(key)
    model: Model = _OPEN[key]
    return model
