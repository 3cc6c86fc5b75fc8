"""Finds a model that is here by what a person calls it: a name in the workspace, a linked one, an item of the
catalogue, or a path."""

from collections.abc import Generator
from pathlib import Path

from fmstudio.data.catalogue import Item, fetch, read_catalogue
from fmstudio.jobs import Event, JobContext
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.workspace import Workspace, WorkspaceError

GGUF = ".gguf"


def catalogue_model(workspace: Workspace, reference: str) -> Item | None:
    """The item of the catalogue that a reference means; what the workspace calls so comes first."""
    item = read_catalogue().items.get(reference)
    own = {record.name for record in workspace.models()} | {link.name for link in workspace.linked_models()}
    return item if item is not None and item.kind == "model" and reference not in own else None


def bring(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, None]:
    """Fetch a model that is in the catalogue only; raises WorkspaceError where that was stopped."""
    item = catalogue_model(workspace, reference)
    if item is not None and not item.fetched:
        yield from fetch(context, item.name)
        if not item.fetched:  # stopped before it was whole
            raise WorkspaceError(f"{item.title} is not here yet; fetch it first.")


def item_path(item: Item) -> Path:
    """Where a fetched model of the catalogue is: its one .gguf file, else its folder."""
    return next(iter(sorted(item.folder.glob("*" + GGUF))), item.folder)


def place_of_model(workspace: Workspace, reference: str) -> Path:
    """The file or folder of a model that is here; raises WorkspaceError that says what is missing."""
    if reference in {record.name for record in workspace.models()}:
        return workspace.model_folder(reference)
    link = next((link for link in workspace.linked_models() if link.name == reference), None)
    if link is not None:
        return _at(Path(link.path), f"The linked model {reference!r} is no longer at {link.path}; link it again.")
    item = catalogue_model(workspace, reference)
    if item is not None:
        return _at(item_path(item), f"The files of {item.title} are gone; fetch it again.")
    path = Path(reference).expanduser()
    if path.suffix.lower() == GGUF or (path / "config.json").is_file() or is_adapter(path):
        return _at(path.absolute(), f"There is no model at {path}; check the path.")
    workspace.model(reference)  # raises with the names that there are
    return workspace.model_folder(reference)


def _at(path: Path, gone: str) -> Path:
    if not path.is_dir() and not (path.is_file() and path.suffix.lower() == GGUF):
        raise WorkspaceError(gone)
    return path
