"""How models are written for other programs: one file a format. A module of this folder is found by itself."""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from fmstudio.errors import StudioError

if TYPE_CHECKING:
    from fmstudio.deployment.format import ExportFormat  # loads what opens models: a command line opens sooner without


def format_names() -> list[str]:
    """What formats are called, without loading any."""
    return sorted(each.name.replace("_", "-") for each in pkgutil.iter_modules(__path__))


def format_named(name: str) -> "ExportFormat":
    """One format; raises StudioError that lists those there are."""
    if name not in format_names():
        raise StudioError(f"The format is {name!r}, but it must be one of {', '.join(format_names())}.")
    found: ExportFormat = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").FORMAT
    return found


def formats() -> "list[ExportFormat]":
    """All formats, by their names."""
    return [format_named(name) for name in format_names()]
