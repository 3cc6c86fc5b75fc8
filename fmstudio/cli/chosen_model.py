"""The model that a command names, looked at before any work: where it is, whether it is one, and how it is asked."""

import argparse
import atexit
import os
import shutil
import tempfile
from pathlib import Path

from fmstudio.cli.driving import existing_workspace, is_workspace, open_workspace
from fmstudio.data.catalogue import read_catalogue
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.references import GGUF, catalogue_model, item_path, place_of_model
from fmstudio.training.snapshot import LANGUAGE, RUN, family_name
from fmstudio.workspace import Workspace, WorkspaceError, explained

_LISTED = 8  # names of a workspace's models in a refusal, the latest


def workspace_with(arguments: argparse.Namespace, keeps: bool = True) -> Workspace:
    """The workspace to look the model up in. A model that is outside of any needs none.

    keeps: whether something is to be kept in it, for which one's own is made; else one that is gone at the end serves.
    """
    item, path = read_catalogue().items.get(arguments.model), _path(arguments.model)
    with explained(path):
        is_outside = (item is not None and item.kind == "model") or _is_model_path(path)
    if is_outside and not keeps and not is_workspace(arguments):
        return _passing_workspace()
    if is_outside and arguments.workspace is None:
        return open_workspace(arguments)
    return existing_workspace(arguments)


def _passing_workspace() -> Workspace:
    folder = Path(tempfile.mkdtemp(prefix="fmstudio-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Workspace(folder)


def check_model(workspace: Workspace, reference: str) -> str:
    """The family of a model; raises WorkspaceError that says what is wrong with its name, and which there are."""
    path = _path(reference)
    with explained(path):
        is_named = reference.startswith(RUN) or reference in own_models(workspace)
        if not is_named and catalogue_model(workspace, reference) is None and not _is_model_path(path):
            raise WorkspaceError(f"{_refusal(reference, path)}; {_known(workspace)}.")
        return family_name(workspace, reference)


def check_writer(workspace: Workspace, reference: str) -> None:
    """Raises WorkspaceError where there is no such model, or it writes no text."""
    family = check_model(workspace, reference)
    if family != LANGUAGE:
        raise WorkspaceError(f"{reference} is of the family {family}, which writes no text; name a language model.")


def own_models(workspace: Workspace) -> list[str]:
    """What the workspace calls by a name, the latest first: its models and those linked."""
    models, links = workspace.models(), workspace.linked_models()
    return [model.name for model in reversed(models)] + [link.name for link in reversed(links)]


def chats(workspace: Workspace, reference: str) -> bool:
    """Whether a model answers messages; another continues texts."""
    item = catalogue_model(workspace, reference)
    if item is not None:
        return not item.fetched or facts_of(item_path(item)).chat  # what the catalogue offers are models to talk to
    return facts_of(place_of_model(workspace, reference)).chat


def _path(reference: str) -> Path:
    return Path(os.path.expanduser(reference))  # Path's own raises where there is no such person


def _is_model_path(path: Path) -> bool:
    return (path.suffix.lower() == GGUF and path.is_file()) or (path / "config.json").is_file() or is_adapter(path)


def _refusal(reference: str, path: Path) -> str:
    item = read_catalogue().items.get(reference)
    if item is not None:
        return f"{item.title} of the catalogue is no model that writes or draws"
    if reference and path.is_dir():
        return f"{path} is a folder without a config.json, so it is no model folder"
    if path.exists() and reference:
        return f"{path} is no model, as it does not end in {GGUF}"
    if path.parent != Path() or path.suffix.lower() == GGUF:
        return f"There is nothing at {path}"
    return f"There is no model named {reference!r}"


def _known(workspace: Workspace) -> str:
    own = own_models(workspace)[:_LISTED]
    offered = [item.name for item in read_catalogue().items.values() if item.kind == "model"]
    here = f"this workspace has {', '.join(own)}" if own else "this workspace has none yet"
    return f"name a model folder, a {GGUF} file or a model: {here}, the catalogue has {', '.join(offered)}"
