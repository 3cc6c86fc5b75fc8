"""The adapters of tasks: which are there, and the training of those that are not."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from fmstudio.adapt.task_store import TaskStore
from fmstudio.data.tasks import Task
from fmstudio.jobs import Event, JobContext
from fmstudio.training.checkpoint import checkpoints
from fmstudio.training.pretraining import pretrain, resume
from fmstudio.training.recipes import parse_recipe, recipe_tables
from fmstudio.workspace import RunRecord, Workspace
from fmstudio.workspace.records import parsed_recipe


@dataclass(frozen=True, slots=True)
class TaskAdapter:
    """A trained adapter: its name among the models, and its run."""

    model: str
    run: str


def recipe_of(task: Task, base: str, changes: Sequence[str]) -> dict[str, Any]:
    """The recipe that teaches a base a task: the preset of the task's name, with changes as "training.steps=20"."""
    tables = recipe_tables(task.name, changes)
    return parsed_recipe(parse_recipe({**tables, "init": base, "name": task.name}).to_toml())


def adapter_of(workspace: Workspace, task: Task, base: str, changes: Sequence[str] = ()) -> TaskAdapter | None:
    """The latest adapter that such a recipe made to the end, if it is there still."""
    recipe = recipe_of(task, base, changes)
    models = {record.name for record in workspace.models()}
    for run in reversed(_runs(workspace, recipe)):
        if run.status == "completed" and run.model in models:
            return TaskAdapter(run.model, run.id)
    return None


def train(
    context: JobContext, workspace: Workspace, store: TaskStore, task: Task, base: str, changes: Sequence[str]
) -> Generator[Event, None, str]:
    """Train an adapter, or go on with one that was not finished; yields what training yields. Returns its run."""
    recipe = recipe_of(task, base, changes)
    unfinished = [run for run in _runs(workspace, recipe) if _goes_on(workspace, run)]
    job = resume(context, workspace, unfinished[-1].id) if unfinished else pretrain(context, workspace, recipe)
    wall, cpu = time.perf_counter(), time.process_time()
    result = yield from job
    run = str((result or {})["run"])
    store.add_seconds(task.name, run, time.perf_counter() - wall, time.process_time() - cpu)
    return run


def _runs(workspace: Workspace, recipe: dict[str, Any]) -> list[RunRecord]:
    """The runs of a recipe, whatever they are called by now."""
    wanted = _nameless(recipe)
    return [run for run in workspace.runs() if _nameless(parsed_recipe(run.recipe)) == wanted]


def _nameless(recipe: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name != "name"}


def _goes_on(workspace: Workspace, run: RunRecord) -> bool:
    """Whether a run has come some way and can come further."""
    return run.status != "completed" and bool(checkpoints(workspace.run_folder(run.id) / "checkpoints"))
