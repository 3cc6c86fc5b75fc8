"""What a recipe will cost, before it is run: its size at once from shapes alone, its pace from a few real steps."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from fmstudio.errors import StudioError
from fmstudio.families.family import Recipe
from fmstudio.jobs import JobContext, Sample
from fmstudio.jobs.context import Job
from fmstudio.nn.optimisers import parameter_groups
from fmstudio.recipe import RecipeError
from fmstudio.training.device import choose_device, devices, parameter_count
from fmstudio.training.loop import Trainer
from fmstudio.training.pace import seconds_per_step
from fmstudio.training.pretraining import fetch_missing_datasets, will_be_fetched
from fmstudio.training.recipes import parse_recipe, resolve
from fmstudio.workspace import Workspace

UNKNOWN = {"error": "", "field": ""}

FLOAT = 4
"""Bytes of a weight: they and the optimiser's state are kept in float32 whatever the products are computed in."""


def estimate(context: JobContext, workspace: Workspace, recipe: Mapping[str, Any]) -> Job:
    """Yields one Sample "estimate" with the sizes, or with the sentence and the field of what is wrong.

    Where sizes depend on data that only the run will bring here, it says neither.
    """
    try:
        parsed = resolve(workspace, parse_recipe(recipe))
        found = UNKNOWN if parsed.family.data_kind != "text" and will_be_fetched(workspace, parsed) else None
        yield Sample("estimate", "estimate", found or _sizes(workspace, parsed))
    except StudioError as error:
        field = error.path if isinstance(error, RecipeError) else ""
        yield Sample("estimate", "estimate", {"error": str(error), "field": field})
    return None


def _sizes(workspace: Workspace, recipe: Recipe) -> dict[str, Any]:
    network = recipe.family.outline(workspace, recipe)
    weights = FLOAT * parameter_count(network)
    state = _optimiser_bytes(network, recipe)
    return {
        "parameters": parameter_count(network),
        # Weights, gradients and the optimiser's state stay; what the backward pass needs comes and goes.
        "memory_bytes": 2 * weights + state + recipe.family.activation_bytes(workspace, recipe),
        "checkpoint_bytes": weights + state,
        "units_per_step": recipe.family.units_per_step(recipe),
        "error": "",
        "field": "",
    }


def _optimiser_bytes(network: nn.Module, recipe: Recipe) -> int:
    """Muon keeps one average a weight, AdamW two."""
    if recipe.training.optimiser == "adamw":
        return 2 * FLOAT * parameter_count(network)
    averages = {"muon": 1, "adamw": 2}
    return sum(
        averages[group["method"]] * FLOAT * sum(parameter.numel() for parameter in group["params"])
        for group in parameter_groups(network)
    )


def probe(context: JobContext, workspace: Workspace, recipe: Mapping[str, Any]) -> Job:
    """Make the data ready, take a few real steps, and yield one Sample "probe" with the pace and the time it means."""
    parsed = parse_recipe(recipe)
    yield from fetch_missing_datasets(context, workspace, parsed)
    parsed = resolve(workspace, parsed)
    device = choose_device(parsed.training.device)
    learner = yield from parsed.family.learner(context, workspace, parsed, device)
    pace = yield from seconds_per_step(Trainer(learner, parsed.training, device))
    minutes, steps = parsed.training.minutes, parsed.training.steps
    steps = max(1, round(60 * minutes / pace)) if minutes else steps
    found = {
        f"{learner.unit}_per_second": learner.units_per_step / pace,
        "unit": learner.unit,
        "seconds_per_step": pace,
        "seconds_total": pace * steps,
        "steps": steps,
        "device": next(each.title for each in devices() if each.name == device.type),
    }
    yield Sample("probe", "probe", found)
    return found


def objective(context: JobContext, workspace: Workspace, recipe: Mapping[str, Any]) -> Job:
    """Show what the family learns from, on a real piece of the recipe's data."""
    parsed = parse_recipe(recipe)
    yield from parsed.family.illustrate(context, workspace, parsed)
    return None
