"""Where and in which number format to compute: found by itself, shown to the person, and overridable."""

import importlib.util
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from fmstudio.nn.threads import make_way_for_torch
from fmstudio.recipe import RecipeError
from fmstudio.training.settings import TrainingSettings

COMPILE_PAYS_FROM = 1000
"""Steps from which the half minute that compiling takes is won back."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is present. `name` is its value in a recipe."""

    name: str
    title: str


def devices() -> list[Device]:
    """The devices of this machine, the preferred one first."""
    found = []
    if torch.cuda.is_available():
        found.append(Device("cuda", torch.cuda.get_device_name()))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    threads = torch.get_num_threads()
    return [*found, Device("cpu", f"CPU · {threads} thread{'s' if threads > 1 else ''}")]


def choose_device(name: str) -> torch.device:
    """The device that a recipe asks for; raises RecipeError when this machine has none of that name."""
    make_way_for_torch()
    present = [device.name for device in devices()]
    if name == "auto":
        return torch.device(present[0])
    if name not in present:
        raise RecipeError(
            f"training.device is {name!r}, but this machine has no such device; choose auto or one of "
            f"{', '.join(present)}."
        )
    return torch.device(name)


def autocast(settings: TrainingSettings, device: torch.device) -> AbstractContextManager[Any]:
    """The context in which a step's forward pass runs."""
    wants = settings.precision
    if wants == "auto":
        wants = "bfloat16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "float32"
    return torch.autocast(device.type, torch.bfloat16) if wants == "bfloat16" else nullcontext()


def compile_pays(settings: TrainingSettings, device: torch.device) -> bool:
    """Whether to compile: as asked, or by itself for long runs where the compiler's own back end is there."""
    if settings.compile != "auto":
        return settings.compile == "always"
    has_backend = device.type == "cuda" and importlib.util.find_spec("triton") is not None
    return has_backend and settings.steps >= COMPILE_PAYS_FROM


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all it was given, so that a clock reads the truth."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def parameter_count(*modules: nn.Module) -> int:
    """Numbers that training changes, a shared one counted once."""
    return sum({id(p): p.numel() for module in modules for p in module.parameters()}.values())
