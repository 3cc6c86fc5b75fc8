"""Recipes from files and presets, and what they resolve to in a workspace."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmstudio.families import family_named
from fmstudio.families.family import Recipe
from fmstudio.recipe import RecipeError, assign, read_toml
from fmstudio.resources import RESOURCES
from fmstudio.training.settings import TrainingSettings
from fmstudio.workspace import Workspace

PRESETS = RESOURCES / "presets"


def presets() -> dict[str, Path]:
    """The recipes that come with the studio, by name."""
    return {path.stem: path for path in sorted(PRESETS.glob("*.toml"))}


def recipe_tables(source: str, assignments: Sequence[str] = ()) -> dict[str, Any]:
    """The tables of a preset or recipe file, with "key=value" assignments made; it is named after its file.

    Whoever assigns a number of steps wants that many: a time that the recipe says instead does not count then.
    """
    path = presets().get(source) or Path(source)
    if not path.exists() and not path.suffix:
        raise RecipeError(f"There is no preset named {source!r}; known are {', '.join(presets())}.")
    tables = read_toml(path)
    assigned: dict[str, Any] = {}
    for assignment in assignments:
        assign(tables, assignment)
        assign(assigned, assignment)
    training = assigned.get("training", {})
    if "steps" in training and "minutes" not in training:
        tables["training"].pop("minutes", None)
    tables.setdefault("name", path.stem)
    return tables


def parse_recipe(tables: Mapping[str, Any]) -> Recipe:
    """A recipe from nested plain values; raises RecipeError that names the first field that is not allowed."""
    if "family" not in tables:
        raise RecipeError("family is missing; the recipe must name the family to train, for example language.")
    return family_named(tables["family"]).parse(tables, TrainingSettings)


def resolve(workspace: Workspace, recipe: Recipe) -> Recipe:
    """The recipe as it will run: named, and with the network's shape of the model that it continues, if it does."""
    if recipe.init:
        recipe = recipe.family.continued(workspace, recipe)
    return dataclasses.replace(recipe, name=recipe.name or recipe.family.name)
