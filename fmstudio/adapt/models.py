"""The jobs around models to talk to: which there are, and loading, unloading, linking and forgetting them."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fmstudio.adapt.generation import load_model
from fmstudio.adapt.model_rows import broken_row, catalogue_row, row_of, run_row
from fmstudio.data.catalogue import read_catalogue
from fmstudio.errors import StudioError
from fmstudio.jobs import Artefact, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.runtimes import opened
from fmstudio.runtimes.adapter_listing import adapter_named
from fmstudio.runtimes.facts import facts_of
from fmstudio.runtimes.references import GGUF, catalogue_model, item_path
from fmstudio.training.checkpoint import checkpoints
from fmstudio.training.snapshot import LANGUAGE, family_of, model_folder
from fmstudio.workspace import LinkedModel, ModelRecord, Workspace, WorkspaceError, deleting, explained, renaming
from fmstudio.workspace.chain import chain
from fmstudio.workspace.names import free_name

Row = dict[str, Any]


def listing(context: JobContext, workspace: Workspace) -> Job:
    """Show every language model that there is as Sample("models"); one that is broken says what is wrong with it."""
    rows = [*_of_catalogue(workspace), *_linked(workspace), *_of_workspace(workspace), *_of_runs(workspace)]
    yield Sample("models", "models", rows)
    return None


def library(context: JobContext, workspace: Workspace) -> Job:
    """Show the models of every family as Sample("models"): those made here, those linked, those of the catalogue."""
    rows = [*_of_every_family(workspace), *_linked(workspace), *_of_catalogue(workspace)]
    yield Sample("models", "models", rows)
    return None


def about(context: JobContext, workspace: Workspace, model: str) -> Job:
    """Show what is known of a model as Sample("about"): its card, its run's recipe, and the chain of its life."""
    record = next((each for each in workspace.models() if each.name == model), None)
    run = next((each for each in workspace.runs() if record and each.id == record.run), None)
    yield Sample("about", "about", {
        "model": model,
        "card": _card(workspace, model) if record else "",
        "recipe": run.recipe if run else "",
        "run": run.id if run else "",
        "metrics": dict(record.details.get("metrics", {})) if record else {},
        "chain": [asdict(stage) for stage in chain(workspace, model, read_catalogue().items)],
    })  # fmt: skip
    return None


def _card(workspace: Workspace, model: str) -> str:
    """The text of a model's card without the table at its head that other programs read."""
    card = workspace.model_folder(model) / "README.md"
    if not card.is_file():
        return ""
    with explained(card):
        text = card.read_text("utf-8", errors="replace")
    _, mark, rest = text.removeprefix("---\n").partition("\n---\n")
    return rest.strip() if text.startswith("---\n") and mark else text.strip()


def delete(context: JobContext, workspace: Workspace, model: str) -> Job:
    """Move a model of the workspace to the bin, out of memory first."""
    workspace.model(model)  # raises, and says which there are
    opened.unload(workspace.model_folder(model))
    entry = deleting.delete(workspace, "model", model)
    yield Artefact("model", model, str(workspace.model_folder(model)))
    return {"model": model, "bin": entry.id if entry else ""}


def rename(context: JobContext, workspace: Workspace, model: str, new: str) -> Job:
    """Call a model of the workspace, or a linked one, otherwise; all links to it hold."""
    linked = model in (link.name for link in workspace.linked_models())
    if new.strip() in read_catalogue().items:
        raise WorkspaceError(f"The catalogue has {new.strip()!r} already; choose another name.")
    yield Progress(0, None, "files", f"Renaming {model}")
    if not linked:
        opened.unload(workspace.model_folder(model))
    renaming.rename(workspace, renaming.LINKED if linked else "model", model, new)
    yield Artefact("linked" if linked else "model", new.strip(), "")
    return {"model": model, "new": new.strip()}


def load(context: JobContext, workspace: Workspace, model: str, backend: str = "auto") -> Job:
    """Bring a model into memory, fetching it first where it is not here; raises StudioError if it will not fit."""
    began = time.perf_counter()
    entry = yield from load_model(context, workspace, model, backend)
    seconds = time.perf_counter() - began
    return {"reference": model, "backend": entry.backend, "seconds": seconds, "memory": entry.bytes}


def unload(context: JobContext, workspace: Workspace, model: str) -> Job:
    """Drop a model from memory."""
    path, _ = yield from model_folder(context, workspace, model)
    return {"reference": model, "memory": opened.unload(path)}


def link(context: JobContext, workspace: Workspace, path: str) -> Job:
    """Register a GGUF file or a Hugging Face folder, which stays where it is; raises StudioError for anything else."""
    place = Path(path).expanduser().absolute()
    if place.is_dir():
        if family_of(place) != LANGUAGE:
            raise WorkspaceError(f"{place} holds a model of the family {family_of(place)}; choose a language model.")
    elif place.suffix.lower() != GGUF:
        raise WorkspaceError(f"{place} is no model: choose a file that ends in .gguf, or a model folder.")
    facts = facts_of(place)
    name = next((each.name for each in workspace.linked_models() if Path(each.path) == place), "")
    if not name:
        name = _free_name(workspace, place)
        workspace.put_linked_model(LinkedModel(name, str(place), details={"architecture": facts.architecture}))
    yield Artefact("linked", name, str(place))
    return {"reference": name}


def forget(context: JobContext, workspace: Workspace, model: str) -> Job:
    """Take a linked model off the list; its files stay where they are."""
    found = next((each for each in workspace.linked_models() if each.name == model), None)
    if found is None:
        raise WorkspaceError(f"{model!r} is no linked model, so there is nothing to forget; choose one from the list.")
    opened.unload(Path(found.path))
    workspace.forget_linked_model(model)
    yield Artefact("linked", model, found.path)
    return {"reference": model}


def _free_name(workspace: Workspace, place: Path) -> str:
    """The file's own name, with a number where something is called so already."""
    wanted = place.stem if place.is_file() else place.name
    names = [record.name for record in workspace.models()] + [each.name for each in workspace.linked_models()]
    taken = {name.casefold() for name in (*names, *read_catalogue().items)}
    return free_name(wanted, taken.__contains__)


def _row(reference: str, source: str, title: str, place: Path, **known: Any) -> Row:
    try:
        return row_of(reference, source, title, facts_of(place), **known)
    except StudioError as error:
        return broken_row(reference, source, title, place, str(error))


def _of_catalogue(workspace: Workspace) -> Iterator[Row]:
    for name in read_catalogue().items:
        item = catalogue_model(workspace, name)
        if item is None:
            continue
        if item.fetched:
            yield _row(name, "catalogue", item.title, item_path(item), licence=item.licence, about=item.description)
        else:
            yield catalogue_row(item)


def _linked(workspace: Workspace) -> Iterator[Row]:
    for each in workspace.linked_models():
        yield _row(each.name, "linked", each.name, Path(each.path), about=each.path) | {"made": each.created}


def _of_workspace(workspace: Workspace) -> Iterator[Row]:
    for record in reversed(workspace.models()):
        if record.family == LANGUAGE:
            folder, details = workspace.model_folder(record.name), record.details
            about = f"Trained here on {_texts(details.get('datasets')) or 'data of this workspace'}"
            yield _row(
                record.name, "workspace", record.name, folder, licence=_texts(details.get("licences")), about=about
            ) | {"forgets": record.forgets}


def _of_every_family(workspace: Workspace) -> Iterator[Row]:
    for record in reversed(workspace.models()):
        folder = workspace.model_folder(record.name)
        yield {
            "reference": record.name, "title": record.name, "source": "workspace", "family": record.family,
            "parameters": record.parameters, "size": record.bytes, "made": record.created, "here": True,
            "licence": _texts(record.details.get("licences")), "path": str(folder),
            "problem": "" if folder.is_dir() else f"Its files are gone from {folder.parent}; train it again.",
            "forgets": record.forgets, **_adapter(record, folder),
        }  # fmt: skip


def _adapter(record: ModelRecord, folder: Path) -> Row:
    """What is known of an adapter beside what every model has; nothing of a whole model."""
    base = str(record.details.get("adapter_of", ""))
    if not base or not folder.is_dir():
        return {"adapter_of": base}
    known = adapter_named(record.name, folder)
    return {"adapter_of": base, "rank": known.rank, "alpha": known.alpha, "problem": known.problem}


def _texts(found: Any) -> str:
    """The texts of a list, or of a table's values, each once: a record may have been edited by hand."""
    values = found.values() if isinstance(found, dict) else found if isinstance(found, list) else []
    return ", ".join(dict.fromkeys(value for value in values if isinstance(value, str)))


def _of_runs(workspace: Workspace) -> Iterator[Row]:
    """Runs that have a checkpoint but no model of their own yet."""
    for run in reversed(workspace.runs()):
        if run.family != LANGUAGE or run.model:
            continue
        folder = workspace.run_folder(run.id)
        found = checkpoints(folder / "checkpoints")
        if not found:
            continue
        try:
            yield run_row(run, found[-1], folder / "recipe.toml")
        except (StudioError, OSError) as error:
            yield broken_row(f"run:{run.id}", "run", run.name, folder, str(error))
