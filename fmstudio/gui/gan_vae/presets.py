"""Presets as something to step through by hand, before anything is trained."""

from typing import Any

from fmstudio.gui.runs.sources import Source
from fmstudio.gui.studio import Studio


def preset_sources(studio: Studio, family: str) -> list[Source]:
    """The presets of a family; none before the studio knows what can be trained."""
    found = [each for each in studio.description.get("presets", ()) if each["family"] == family]
    return [Source(f"preset:{each['name']}", f"New from “{each['title']}”", preset=each["name"]) for each in found]


def preset_recipe(studio: Studio, name: str) -> dict[str, Any]:
    """The recipe of a preset, whose values are named by dotted paths, as nested tables."""
    preset = next(each for each in studio.description["presets"] if each["name"] == name)
    tables: dict[str, Any] = {"family": preset["family"], "name": preset["name"]}
    for path, value in preset["values"].items():
        section, _, key = path.partition(".")
        tables.setdefault(section, {})[key] = value
    return tables
