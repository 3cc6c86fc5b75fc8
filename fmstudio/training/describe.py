"""The job that tells a window what can be trained, with which settings and presets, and where."""

from dataclasses import asdict
from typing import Any

from fmstudio.data.catalogue import read_catalogue
from fmstudio.families import Family, families
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import read_toml, settings
from fmstudio.training.device import devices
from fmstudio.training.recipes import presets
from fmstudio.training.settings import TrainingSettings
from fmstudio.training.snapshot import LANGUAGE
from fmstudio.workspace import Workspace


def describe(context: JobContext, workspace: Workspace) -> Job:
    """Yields one Sample "families": families with their settings, sizes and plots; presets; devices."""
    found: dict[str, Any] = {
        "families": [_family(family) for family in families().values()],
        "presets": [_preset(name, read_toml(path)) for name, path in presets().items()],
        "devices": [{"name": device.name, "title": device.title} for device in devices()],
    }
    yield Sample("families", "families", found)
    return None


def _family(family: Family) -> dict[str, Any]:
    return {
        "name": family.name,
        "title": family.title,
        "description": family.description,
        "objective": family.objective,
        "data_kind": family.data_kind,
        "also_reads": list(family.also_reads),
        "settings": family.settings(TrainingSettings),
        "sizes": {title: dict(values) for title, values in family.sizes.items()},
        "plots": [asdict(plot) for plot in family.plots],
        "sampling": settings(family.sampling),
        "can_continue": family.can_continue,
        "begins_from": family.begins_from,
        "bases": _bases() if family.begins_from == LANGUAGE else [],
    }


def _bases() -> list[dict[str, Any]]:
    """The models of the catalogue that a run can begin from, as a picker lists them."""
    return [
        {"reference": item.name, "title": item.title, "source": "catalogue", "family": LANGUAGE, "size": item.size}
        for item in read_catalogue().items.values()
        if item.kind == "model"
    ]


def _preset(name: str, tables: dict[str, Any]) -> dict[str, Any]:
    values = {
        f"{section}.{key}": value
        for section, table in tables.items()
        if isinstance(table, dict)
        for key, value in table.items()
    }
    return {
        "name": name,
        "title": tables.get("title", name),
        "description": tables.get("description", ""),
        "family": tables["family"],
        "init": tables.get("init", ""),
        "values": values,
    }
