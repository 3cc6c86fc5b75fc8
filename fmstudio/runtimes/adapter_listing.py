"""The adapters of a workspace, with what they are for and whether that is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmstudio.errors import StudioError
from fmstudio.nn.lora_folder import WEIGHTS, read_adapter_config
from fmstudio.runtimes.adapter_base import base_of, is_adapter, path_of_base
from fmstudio.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """base: as a person called it. bytes: of its weights. problem: why it cannot be used, in a sentence, or ""."""

    name: str
    base: str
    rank: int
    alpha: float
    bytes: int
    problem: str = ""


def adapters(workspace: Workspace) -> Iterator[AdapterFacts]:
    """Those made here, the newest first, then those linked."""
    own = [(record.name, workspace.model_folder(record.name)) for record in reversed(workspace.models())]
    linked = [(link.name, Path(link.path)) for link in workspace.linked_models()]
    for name, folder in (*own, *linked):
        if folder.is_dir() and is_adapter(folder):
            yield adapter_named(name, folder)


def adapter_named(name: str, folder: Path) -> AdapterFacts:
    """What is known of an adapter, however damaged it is."""
    told: dict[str, Any] = {}
    base, problem = "", ""
    try:
        told = read_adapter_config(folder)
        base = base_of(folder).reference
        path_of_base(folder)
    except StudioError as error:
        problem = str(error)
    rank, alpha = told.get("r"), told.get("lora_alpha")
    weights = folder / WEIGHTS
    return AdapterFacts(
        name=name,
        base=base,
        rank=rank if isinstance(rank, int) else 0,
        alpha=float(alpha) if isinstance(alpha, int | float) else 0.0,
        bytes=weights.stat().st_size if weights.is_file() else 0,
        problem=problem,
    )
