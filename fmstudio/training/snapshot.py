"""Finds a model by whatever a person calls it: its name, its path, an item of the catalogue, or the run that is still
making it."""

import json
from collections.abc import Generator
from pathlib import Path

import torch

from fmstudio.errors import StudioError
from fmstudio.families import families
from fmstudio.families.family import Network
from fmstudio.jobs import Event, JobContext
from fmstudio.recipe import read_toml
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.runtimes.references import bring, catalogue_model, place_of_model
from fmstudio.training.checkpoint import checkpoints, load_latest
from fmstudio.training.recipes import parse_recipe
from fmstudio.workspace import Workspace, WorkspaceError, atomic_folder, explained, remove_folder

RUN = "run:"
LANGUAGE = "language"
NETWORK = "network"
"""The folder of a run that holds its network as it was before the first step."""


def model_folder(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, tuple[Path, str]]:
    """Where a model is (a folder or a .gguf file), and its family; raises WorkspaceError that lists what there is.

    reference: a model's name in the workspace, the name of a linked model, a path, an item of the catalogue (fetched
    where it is missing), or "run:<id>" for what a run has reached by its last checkpoint.
    """
    if reference.startswith(RUN):
        return (yield from _of_run(context, workspace, reference.removeprefix(RUN)))
    yield from bring(context, workspace, reference)
    return _place(workspace, reference)


def family_name(workspace: Workspace, reference: str) -> str:
    """The family of a model by what a person calls it, without bringing it here; raises as `model_folder` does."""
    if reference.startswith(RUN):
        return made_by(workspace.run(reference.removeprefix(RUN)).family)
    if catalogue_model(workspace, reference) is not None:
        return LANGUAGE
    return _place(workspace, reference)[1]


def _place(workspace: Workspace, reference: str) -> tuple[Path, str]:
    """A model that is here, and its family."""
    path = place_of_model(workspace, reference)
    family = next((record.family for record in workspace.models() if record.name == reference), "")
    return path, family or (LANGUAGE if path.is_file() else family_of(path))


def family_of(folder: Path) -> str:
    """The family that a model folder names; a Hugging Face folder or adapter, which names none, is a language model."""
    if is_adapter(folder):
        return LANGUAGE
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        name = config.get("family", LANGUAGE)
    except (OSError, ValueError, AttributeError) as error:
        raise StudioError(f"{folder / 'config.json'} cannot be read ({error}); copy the folder again.") from error
    if not isinstance(name, str) or name not in families():
        raise StudioError(f"{folder} holds a model of the family {name!r}, which this studio does not know.")
    return name


def made_by(family: str) -> str:
    """The family of the models that runs of a family make."""
    return (families()[family].makes if family in families() else "") or family


def keep_network(workspace: Workspace, run: str, network: Network) -> None:
    """Keep a run's network as it is before its first step, so that a checkpoint can be opened without the data."""
    folder = workspace.run_folder(run) / NETWORK
    if not folder.is_dir():
        with explained(folder), atomic_folder(folder) as partial:
            network.save(partial)


def _network(context: JobContext, workspace: Workspace, run: str) -> Generator[Event, None, Network]:
    """The network that a run trains, to be filled from a checkpoint."""
    folder = workspace.run_folder(run)
    recipe = parse_recipe(read_toml(folder / "recipe.toml"))
    if (folder / NETWORK).is_dir():
        return recipe.family.network(recipe, folder / NETWORK)
    # Runs of earlier versions kept none: only their data tells its sizes.
    return (yield from recipe.family.learner(context, workspace, recipe, torch.device("cpu")))


def _of_run(context: JobContext, workspace: Workspace, run: str) -> Generator[Event, None, tuple[Path, str]]:
    """The run's latest checkpoint as a model folder, made once for each checkpoint."""
    record = workspace.run(run)
    found = checkpoints(workspace.run_folder(run) / "checkpoints")
    if not found:
        raise WorkspaceError(f"Run {run!r} has no checkpoint yet; wait for its first, or choose another model.")
    folder = workspace.run_folder(run) / "snapshot" / found[-1].name
    if not folder.is_dir():
        network = yield from _network(context, workspace, run)
        if folder.is_dir():  # another job has made it meanwhile
            return folder, made_by(record.family)
        load_latest(found[-1].parent, network.modules, {})
        with explained(folder), atomic_folder(folder) as partial:
            network.save(partial)
        for older in folder.parent.iterdir():
            if older != folder:
                remove_folder(older)
    return folder, made_by(record.family)
