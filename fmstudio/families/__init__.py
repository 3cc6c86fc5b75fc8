"""What can be trained: one file a family. A module of this folder that defines `FAMILY` is found by itself."""

import importlib
import pkgutil
from functools import cache

from fmstudio.families.family import Family
from fmstudio.recipe import RecipeError


@cache
def families() -> dict[str, Family]:
    """All families by name, in the order in which they want to be listed."""
    modules = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    found: list[Family] = [module.FAMILY for module in modules if hasattr(module, "FAMILY")]
    return {family.name: family for family in sorted(found, key=lambda family: family.order)}


def family_named(name: object) -> Family:
    """One family; raises RecipeError that lists those there are."""
    if isinstance(name, str) and name in families():
        return families()[name]
    raise RecipeError(f"family is {name!r}, but it must be one of {', '.join(families())}.")


__all__ = ["Family", "families", "family_named"]
