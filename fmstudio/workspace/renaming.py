"""Calling a dataset, run, model or tokenizer otherwise, so that every link to it holds: recipes, records, lineage,
conversations, batches and feedback that name it.

A rename is written down first and crossed out last. Each of its steps can be done again, so that one that a kill cut
short is finished when the workspace is next opened.
"""

import dataclasses
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from fmstudio.recipe import write_toml
from fmstudio.workspace.deleting import is_taken, place_of
from fmstudio.workspace.dependants import own_tokenizer
from fmstudio.workspace.errors import WorkspaceError, explained
from fmstudio.workspace.files import atomic_file, write_atomically
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.lock import ProcessLock, is_held
from fmstudio.workspace.names import check_name, with_model
from fmstudio.workspace.record_files import write_record
from fmstudio.workspace.records import DatasetRecord, ModelRecord, RunRecord

LINKED = "linked model"
KINDS = ("dataset", "run", "model", LINKED, "tokenizer")
"""What can be renamed here. A prompt is renamed by its library, a conversation by its title."""

_RECIPE = re.compile(r"```toml\n(.*?)\n```", re.DOTALL)
_JOURNAL, _LOCK = "renaming.json", "renaming.lock"


def rename(workspace: Workspace, kind: str, name: str, new: str) -> None:
    """Call something otherwise. A run keeps its id, and so does whatever names it; it is only called otherwise.

    Raises WorkspaceError where the name cannot be one or is taken, where there is no such thing, and while a run that
    names it is being trained, which would go on to write the old name.
    """
    new = check_name(new.strip())
    if kind == "run":
        _rename_run(workspace, name, new)
        return
    if new == name:
        return
    _check(workspace, kind, name, new)
    with _renaming(workspace):
        with explained(workspace.path):
            write_atomically(workspace.path / _JOURNAL, json.dumps({"kind": kind, "name": name, "new": new}))
        _perform(workspace, kind, name, new)


def finish(workspace: Workspace) -> None:
    """Do the rest of a rename that was cut short; called when a workspace has been opened."""
    journal = workspace.path / _JOURNAL
    if not journal.exists() or is_held(workspace.path / _LOCK):
        return
    with _renaming(workspace):
        try:
            begun = json.loads(journal.read_text("utf-8"))
            kind, name, new = begun["kind"], begun["name"], check_name(begun["new"])
        except (OSError, ValueError, KeyError, TypeError):
            journal.unlink(missing_ok=True)
            return
        _perform(workspace, kind, name, new)


def _renaming(workspace: Workspace) -> ProcessLock:
    return ProcessLock(workspace.path / _LOCK, "Something is being renamed already{holder}; wait until that is done.")


def _check(workspace: Workspace, kind: str, name: str, new: str) -> None:
    match kind:
        case "dataset":
            workspace.dataset(name)  # raises where there is none
            busy = [run for run in workspace.runs() if name in run.details.get("datasets", ())]
        case "model":
            workspace.model(name)
            busy = [run for run in workspace.runs() if name in (run.model, run.details.get("init"))]
        case "tokenizer":
            if not place_of(workspace, kind, name).is_dir():
                raise WorkspaceError(f"There is no tokenizer named {name!r} in this workspace; choose one that it has.")
            busy = [run for run in workspace.runs() if own_tokenizer(run) == name]
        case _:
            if name not in (link.name for link in workspace.linked_models()):
                raise WorkspaceError(f"There is no {kind} named {name!r} in this workspace; choose one from the list.")
            busy = []
    for run in busy:
        if workspace.is_being_trained(run.id):
            raise WorkspaceError(f"The {kind} {name!r} is used by the run {run.name!r} now; stop it or wait for it.")
    same = new.casefold() == name.casefold()
    links = {link.name.casefold() for link in workspace.linked_models()} if "model" in kind else set()
    if not same and (new.casefold() in links or is_taken(workspace, kind.removeprefix("linked "), new)):
        raise WorkspaceError(f"There is a {kind} named {new!r} already; choose another name.")


def _rename_run(workspace: Workspace, id: str, new: str) -> None:
    run = workspace.run(id)
    if workspace.is_being_trained(id):
        raise WorkspaceError(f"The run {run.name!r} is being trained now; stop it or wait, then rename it.")
    recipe = _edited(run.recipe, lambda tables: tables.update(name=new))
    _keep_run(workspace, dataclasses.replace(run, name=new, recipe=recipe))


def _perform(workspace: Workspace, kind: str, name: str, new: str) -> None:
    """Every step can be done twice."""
    with explained(workspace.path):
        if kind == "dataset":
            _in_datasets(workspace, name, new)
        elif kind != "tokenizer":
            _in_conversations(workspace, name, new)
            _in_batches(workspace, name, new)
            _in_adapters(workspace, name, new)
            workspace.feedback.rename_model(name, new)
        _in_runs(workspace, kind, name, new)
        _in_models(workspace, kind, name, new)
        workspace.rename_record(kind, name, new)
        if kind != LINKED:
            before, after = place_of(workspace, kind, name), place_of(workspace, kind, new)
            if before.exists() and (not after.exists() or before.samefile(after)):
                before.rename(after)
            _record_again(workspace, kind, new)
        (workspace.path / _JOURNAL).unlink(missing_ok=True)


def _record_again(workspace: Workspace, kind: str, name: str) -> None:
    """The record beside the files says the name that the index has now."""
    records: list[DatasetRecord] | list[ModelRecord] = []
    if kind != "tokenizer":  # of which the index has no rows
        records = workspace.datasets() if kind == "dataset" else workspace.models()
    for record in records:
        if record.name == name and place_of(workspace, kind, name).is_dir():
            write_record(place_of(workspace, kind, name), record)


# Recipes.

Edit = Callable[[dict[str, Any]], None]


def _edit(kind: str, name: str, new: str) -> Edit:
    """What changes in the tables of a recipe that names something."""
    edits = {"dataset": _with_dataset, "tokenizer": _with_tokenizer}
    return partial(edits.get(kind, _with_init), name, new)


def _edited(recipe: str, edit: Edit) -> str:
    """A recipe with something changed; one that is no TOML, as an older program may have kept, stays as it is."""
    try:
        tables = tomllib.loads(recipe)
    except tomllib.TOMLDecodeError:
        return recipe
    before = write_toml(tables)
    edit(tables)
    after = write_toml(tables)
    return recipe if after == before else after


def _with_dataset(name: str, new: str, tables: dict[str, Any]) -> None:
    data = tables.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("datasets"), list):
        return
    data["datasets"] = [
        new if each == name else {**each, "name": new} if isinstance(each, dict) and each.get("name") == name else each
        for each in data["datasets"]
    ]


def _with_init(name: str, new: str, tables: dict[str, Any]) -> None:
    if tables.get("init") == name:
        tables["init"] = new
    _with_tokenizer(name, new, tables, kind="model")


def _with_tokenizer(name: str, new: str, tables: dict[str, Any], kind: str = "file") -> None:
    tokenizer = tables.get("tokenizer")
    if isinstance(tokenizer, dict) and tokenizer.get("kind") == kind and tokenizer.get("file") == name:
        tokenizer["file"] = new


# Records.


def _in_runs(workspace: Workspace, kind: str, name: str, new: str) -> None:
    for run in workspace.runs():
        recipe = _edited(run.recipe, _edit(kind, name, new))
        details = _details_with(run.details, kind, name, new)
        model = new if kind == "model" and run.model == name else run.model
        if (recipe, details, model) != (run.recipe, run.details, run.model):
            _keep_run(workspace, dataclasses.replace(run, recipe=recipe, details=details, model=model))


def _keep_run(workspace: Workspace, run: RunRecord) -> None:
    workspace.put_run(run)
    folder = workspace.run_folder(run.id)
    if folder.is_dir():
        with explained(folder):
            write_record(folder, run)
            write_atomically(folder / "recipe.toml", run.recipe)


def _in_datasets(workspace: Workspace, name: str, new: str) -> None:
    for record in workspace.datasets():
        if record.details.get("made_from") == name:
            record = dataclasses.replace(record, details={**record.details, "made_from": new})
            workspace.put_dataset(record)
            if workspace.dataset_folder(record.name).is_dir():
                write_record(workspace.dataset_folder(record.name), record)


def _in_models(workspace: Workspace, kind: str, name: str, new: str) -> None:
    for record in workspace.models():
        details = _details_with(record.details, kind, name, new)
        folder, is_itself = workspace.model_folder(record.name), kind == "model" and record.name == name
        if details == record.details and not is_itself:
            continue
        record = dataclasses.replace(record, details=details)
        workspace.put_model(record)
        if folder.is_dir():
            write_record(folder, record)
            _in_card(folder / "README.md", kind, name, new, is_itself)


def _details_with(details: Mapping[str, Any], kind: str, name: str, new: str) -> Mapping[str, Any]:
    """What a run or model keeps of where it comes from."""
    changed = dict(details)
    if kind == "dataset" and isinstance(details.get("datasets"), list):
        changed["datasets"] = [new if each == name else each for each in details["datasets"]]
    for table in ("licences", "content") if kind == "dataset" else ():
        if isinstance(details.get(table), dict):
            changed[table] = {new if key == name else key: value for key, value in details[table].items()}
    for link in ("init", "adapter_of") if kind != "dataset" else ():
        if details.get(link) == name:
            changed[link] = new
    if kind != "dataset" and isinstance(details.get("merged_from"), list):
        changed["merged_from"] = [new if each == name else each for each in details["merged_from"]]
    return changed


def _in_card(card: Path, kind: str, name: str, new: str, is_itself: bool) -> None:
    """A model's card names its data, what it continues and its recipe; what a person wrote into it stays."""
    if not card.is_file():
        return
    before = card.read_text("utf-8")
    edit = _edit(kind, name, new)
    lines = _RECIPE.sub(lambda found: f"```toml\n{_edited(found[1], edit).strip()}\n```", before).split("\n")
    for number, line in enumerate(lines):
        if is_itself and line == f"# {name}":
            lines[number] = f"# {new}"
        elif kind == "dataset" and line.startswith(f"- {name}: "):
            lines[number] = f"- {new}: {line.removeprefix(f'- {name}: ')}"
        elif kind != "dataset" and line == f"It continues the model `{name}`.":
            lines[number] = f"It continues the model `{new}`."
    if (text := "\n".join(lines)) != before:
        write_atomically(card, text)


# What was said and asked with a model.


def _in_conversations(workspace: Workspace, name: str, new: str) -> None:
    for file in sorted((workspace.path / "conversations").glob("[!.]*.json")):
        _rewrite_json(file, name, new, indent=1)


def _in_batches(workspace: Workspace, name: str, new: str) -> None:
    for file in sorted((workspace.path / "batches").glob("[!.]*/batch.json")):
        if _rewrite_json(file, name, new, indent=1):
            _rewrite_lines(file.with_name("results.jsonl"), name, new)


def _in_adapters(workspace: Workspace, name: str, new: str) -> None:
    """What adapters keep of the model that they were made for; its version tells that it is the same."""
    for place in ("models/*", "runs/*/network", "runs/*/snapshot/*"):
        for file in sorted(workspace.path.glob(f"{place}/adapter_base.json")):
            try:
                base = json.loads(file.read_text("utf-8"))
            except (ValueError, OSError):
                continue
            if isinstance(base, dict) and base.get("reference") == name:
                write_atomically(file, json.dumps({**base, "reference": new}, indent=2) + "\n")


def _rewrite_json(file: Path, name: str, new: str, indent: int) -> bool:
    """Tells whether the file names the model; one that cannot be read stays as it is."""
    try:
        before = json.loads(file.read_text("utf-8"))
    except (ValueError, OSError):
        return False
    after = with_model(before, name, new)
    if after != before:
        write_atomically(file, json.dumps(after, ensure_ascii=False, indent=indent))
    return isinstance(after, dict) and after.get("model") in (name, new)


def _rewrite_lines(file: Path, name: str, new: str) -> None:
    if not file.is_file():
        return
    with file.open("rb") as lines, atomic_file(file) as rewritten:
        for line in lines:
            try:
                kept = json.dumps(with_model(json.loads(line), name, new), ensure_ascii=False) + "\n"
                rewritten.write(kept.encode("utf-8", "replace"))
            except ValueError:
                rewritten.write(line)  # damaged, or half-written by a kill: whoever opens the batch says so or mends it
