"""Finds the folder of a model by whatever a person calls it: its name, its path, or the run that is still making it."""

import json
from collections.abc import Generator
from pathlib import Path

import torch

from fmstudio.errors import StudioError
from fmstudio.families import families
from fmstudio.jobs import Event, JobContext
from fmstudio.recipe import read_toml
from fmstudio.training.checkpoint import checkpoints, load_latest
from fmstudio.training.recipes import parse_recipe
from fmstudio.workspace import Workspace, WorkspaceError, atomic_folder, explained, remove_folder

RUN = "run:"


def model_folder(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, tuple[Path, str]]:
    """The folder of a model and the name of its family; raises WorkspaceError that lists the models there are.

    reference: a model's name, a model folder's path, or "run:<id>" for what a run has reached by its last checkpoint.
    """
    if reference.startswith(RUN):
        return (yield from _of_run(context, workspace, reference.removeprefix(RUN)))
    if _is_folder(workspace, reference):
        return Path(reference), family_of(Path(reference))
    record = workspace.model(reference)
    return workspace.model_folder(record.name), record.family


def family_name(workspace: Workspace, reference: str) -> str:
    """The family of a model by what a person calls it, without bringing it here; raises as `model_folder` does."""
    if reference.startswith(RUN):
        return workspace.run(reference.removeprefix(RUN)).family
    if _is_folder(workspace, reference):
        return family_of(Path(reference))
    return workspace.model(reference).family


def _is_folder(workspace: Workspace, reference: str) -> bool:
    known = {record.name for record in workspace.models()}
    return reference not in known and (Path(reference) / "config.json").is_file()


def family_of(folder: Path) -> str:
    """The family that a model folder names; a Hugging Face folder, which names none, holds a language model."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        name = config.get("family", "language")
    except (OSError, ValueError, AttributeError) as error:
        raise StudioError(f"{folder / 'config.json'} cannot be read ({error}); copy the folder again.") from error
    if name not in families():
        raise StudioError(f"{folder} holds a model of the family {name!r}, which this studio does not know.")
    return str(name)


def _of_run(context: JobContext, workspace: Workspace, run: str) -> Generator[Event, None, tuple[Path, str]]:
    """The run's latest checkpoint as a model folder, made once for each checkpoint."""
    record = workspace.run(run)
    found = checkpoints(workspace.run_folder(run) / "checkpoints")
    if not found:
        raise WorkspaceError(f"Run {run!r} has no checkpoint yet; wait for its first, or choose another model.")
    folder = workspace.run_folder(run) / "snapshot" / found[-1].name
    if not folder.is_dir():
        recipe = parse_recipe(read_toml(workspace.run_folder(run) / "recipe.toml"))
        learner = yield from recipe.family.learner(context, workspace, recipe, torch.device("cpu"))
        load_latest(found[-1].parent, learner.modules, {})
        with explained(folder), atomic_folder(folder) as partial:
            learner.save(partial)
        for older in folder.parent.iterdir():
            if older != folder:
                remove_folder(older)
    return folder, record.family
