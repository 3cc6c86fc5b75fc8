"""Checkpoints: everything that a run needs to go on as if it had never been interrupted.

A checkpoint is a folder `step-000500/` with the weights and the optimisers' state as safetensors, and `state.json`
with the place in the run and the SHA-256 of the other files. It appears whole or not at all, and one that was damaged
afterwards is passed over for the one before. Batches and noise are pure functions of (seed, step), so the step *is*
the data position and the random state.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.nn.tensor_file import save_tensors
from fmstudio.workspace import atomic_folder, explained, remove_folder

FORMAT = 1


class CheckpointError(StudioError):
    """A checkpoint that cannot be used."""


SAVING = "saving a checkpoint"
"""What a run says it is doing just before there is one."""


@dataclass(slots=True)
class Position:
    """Where a run stands.

    seconds: time spent in training steps. worked: in all its work, by which a run with a time limit goes. score: that
    of the best validation so far.
    """

    step: int = 0
    seconds: float = 0.0
    worked: float = 0.0
    best_score: float | None = None
    best_step: int = 0
    validations_since_best: int = 0


def save_checkpoint(
    folder: Path,
    position: Position,
    modules: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> Path:
    """Write the checkpoint of the present step below `folder` and return its path."""
    path = folder / f"step-{position.step:06d}"
    with explained(path), atomic_folder(path) as partial:
        save_tensors(_contiguous(_weights(modules)), partial / "model.safetensors")
        tensors, plain = _flatten(optimisers)
        save_tensors(_contiguous(tensors), partial / "optimiser.safetensors")
        state = {
            "format": FORMAT,
            "position": asdict(position),
            "optimisers": plain,
            "sha256": {name: _digest(partial / name) for name in ("model.safetensors", "optimiser.safetensors")},
        }
        (partial / "state.json").write_text(json.dumps(state), "utf-8")
    return path


def load_checkpoint(
    path: Path, modules: Mapping[str, nn.Module], optimisers: Mapping[str, torch.optim.Optimizer]
) -> Position:
    """Bring networks and optimisers to the state of a checkpoint; raises CheckpointError where it is damaged."""
    state = _verified_state(path)
    try:
        weights = load_file(path / "model.safetensors")
        tensors = load_file(path / "optimiser.safetensors")
        for name, module in modules.items():
            module.load_state_dict(_with_prefix(weights, name))
        for name, optimiser in optimisers.items():
            optimiser.load_state_dict(_unflatten(_with_prefix(tensors, name), state["optimisers"][name]))
            _lay_out_as_parameters(optimiser)
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise CheckpointError(f"The checkpoint {path} does not fit its recipe ({_first_line(error)}).") from error
    return Position(**state["position"])


def load_latest(
    folder: Path, modules: Mapping[str, nn.Module], optimisers: Mapping[str, torch.optim.Optimizer]
) -> tuple[Position, list[str]]:
    """Load the newest checkpoint that is whole; also returns a sentence for each that was passed over.

    A run that was interrupted before its first checkpoint begins again at step 0.
    """
    passed_over: list[str] = []
    for path in reversed(checkpoints(folder)):
        try:
            return load_checkpoint(path, modules, optimisers), passed_over
        except CheckpointError as error:
            passed_over.append(f"{error} The one before it is used.")
    return Position(), passed_over


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    found = {path: path.name.removeprefix("step-") for path in folder.glob("step-*")}
    return sorted((path for path, step in found.items() if step.isdecimal()), key=lambda path: int(found[path]))


def prune(folder: Path, keep: int) -> None:
    """Delete all checkpoints but the newest `keep`."""
    for path in checkpoints(folder)[:-keep]:
        remove_folder(path)


def _verified_state(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((path / "state.json").read_text("utf-8"))
        damaged = [name for name, digest in state["sha256"].items() if _digest(path / name) != digest]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({_first_line(error)}).") from error
    if damaged:
        raise CheckpointError(f"The checkpoint {path} is damaged ({', '.join(damaged)} changed after it was written).")
    if state.get("format") != FORMAT:
        raise CheckpointError(f"The checkpoint {path} is of format {state.get('format')}, this program reads {FORMAT}.")
    return state


def _weights(modules: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    return {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = prefix + "."
    return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}


def _flatten(optimisers: Mapping[str, torch.optim.Optimizer]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's state_dict as tensors by "optimiser.parameter.name", and the rest as plain data."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for name, optimiser in optimisers.items():
        state = optimiser.state_dict()
        scalars: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for key, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"{name}.{index}.{key}"] = value
                else:
                    scalars.setdefault(str(index), {})[key] = value
        plain[name] = {"state": scalars, "param_groups": state["param_groups"]}
    return tensors, plain


def _unflatten(tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in plain["state"].items()}
    for path, tensor in tensors.items():
        index, _, key = path.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    return {"state": state, "param_groups": plain["param_groups"]}


def _lay_out_as_parameters(optimiser: torch.optim.Optimizer) -> None:
    """Give averages the memory order of their parameters: fused updates walk through both as plain memory."""
    for parameter, state in optimiser.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, memory_format=torch.preserve_format).copy_(value)


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # A copy each: safetensors refuses tensors that share memory, and tied weights or views do.
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
