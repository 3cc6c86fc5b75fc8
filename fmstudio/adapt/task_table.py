"""Who can do what: the share of questions that each model answers right, and what each adapter gains on the base.

Shares have Wilson's interval, gains on the same questions Newcombe's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fmstudio.adapt.task_adapters import TaskAdapter, adapter_of
from fmstudio.adapt.task_store import BASE, Answered, TaskStore
from fmstudio.data.tasks import Question, Task, tasks_named
from fmstudio.intervals import paired_difference, wilson
from fmstudio.jobs import Sample
from fmstudio.runtimes.references import place_of_model
from fmstudio.runtimes.version import version_of
from fmstudio.workspace import Workspace


@dataclass(slots=True)
class Comparison:
    """What is compared: a base, the tasks, and of each as many questions as are asked."""

    workspace: Workspace
    base: str
    tasks: list[Task]
    rows: int
    store: TaskStore
    is_here: bool = False
    """Whether the base is; nothing is known of one that is not."""

    changes: Sequence[str] = ()
    """Of the presets, as "training.steps=20"."""

    adapters: dict[str, TaskAdapter | None] = field(default_factory=dict)
    doing: str = ""
    """Who is at work: the adapter that is trained, or "model/task" of the cell that is answered."""

    @property
    def models(self) -> dict[str, str]:
        """What each model is called in the workspace, "" while it is not there: the base, then an adapter a task."""
        adapters = {task.name: self.adapters.get(task.name) for task in self.tasks}
        return {BASE: self.base} | {name: adapter.model if adapter else "" for name, adapter in adapters.items()}

    def questions(self, task: Task) -> list[Question]:
        """Those of a task that are asked."""
        return list(task.questions()[: self.rows])

    def answers(self, who: str, task: Task) -> list[Answered]:
        """What a model has answered so far."""
        model = self.models[who]
        if not model or not self.is_here:
            return []
        version = version_of(place_of_model(self.workspace, model))
        return self.store.answers(who, version, task, self.questions(task))


def opened(workspace: Workspace, base: str, tasks: Sequence[str], rows: int, changes: Sequence[str] = ()) -> Comparison:
    """A comparison with what is there of it; raises StudioError where there is no such base or task."""
    made = absent(workspace, base, tasks, rows)
    made.store = TaskStore(workspace, version_of(place_of_model(workspace, base)))
    made.is_here, made.changes = True, changes
    made.adapters = {task.name: adapter_of(workspace, task, base, changes) for task in made.tasks}
    return made


def absent(workspace: Workspace, base: str, tasks: Sequence[str], rows: int) -> Comparison:
    """One of a base that is not here yet, so that nothing is known of it."""
    return Comparison(workspace, base, tasks_named(tasks), rows, TaskStore(workspace, "unknown"))


def table_of(comparison: Comparison) -> Sample:
    """All that is known: the tasks, the models, and a cell for each model and task that has answers."""
    by_cell = {
        (who, task.name): comparison.answers(who, task) for who in comparison.models for task in comparison.tasks
    }
    cells = [
        _cell(who, task.name, found, by_cell[BASE, task.name])
        for task in comparison.tasks for who in comparison.models if (found := by_cell[who, task.name])
    ]  # fmt: skip
    told: dict[str, Any] = {
        "base": comparison.base, "rows": comparison.rows, "doing": comparison.doing,
        "tasks": [_about(task, comparison.rows) for task in comparison.tasks],
        "models": [_model(comparison, who) for who in comparison.models], "cells": cells,
        "sentences": _sentences(comparison.tasks, cells),
    }  # fmt: skip
    return Sample("tasks", "tasks", told)


def _about(task: Task, rows: int) -> dict[str, Any]:
    questions = task.questions()
    return {
        "name": task.name, "title": task.title, "description": task.description, "rule": task.rule,
        "held_back": task.held_back, "rows": min(rows, len(questions)),
        "example": asdict(questions[0]),
    }  # fmt: skip


def _model(comparison: Comparison, who: str) -> dict[str, Any]:
    adapter = comparison.adapters.get(who)
    seconds: Mapping[str, float] = comparison.store.seconds(who, adapter.run) if adapter else {"wall": 0.0, "cpu": 0.0}
    return {"who": who, "model": comparison.models[who], "run": adapter.run if adapter else "", **seconds}


def _cell(who: str, task: str, answers: Sequence[Answered], base: Sequence[Answered]) -> dict[str, Any]:
    right = [not each.fault for each in answers]
    low, high = wilson(sum(right), len(right)) or (0.0, 1.0)
    cell = {"who": who, "task": task, "right": sum(right), "of": len(right), "share": sum(right) / len(right),
            "low": low, "high": high, "difference": None}  # fmt: skip
    if who == BASE:
        return cell
    return cell | _difference([(now, not before.fault) for now, before in zip(right, base, strict=False)])


def _difference(pairs: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    """How much larger the adapter's share is on the questions that both answered."""
    counts = [sum(pair == kind for pair in pairs) for kind in ((True, True), (True, False), (False, True))]
    both, gained, lost = counts
    interval = paired_difference(both, gained, lost, len(pairs) - sum(counts))
    if interval is None:
        return {}
    return {"difference": (gained - lost) / len(pairs), "difference_low": interval[0],
            "difference_high": interval[1], "gained": gained, "lost": lost}  # fmt: skip


def _sentences(tasks: Sequence[Task], cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """What it says of each adapter that has answered its own task."""
    own = {cell["task"]: cell for cell in cells if cell["who"] == cell["task"] and cell["difference"] is not None}
    return [_sentence(task, own[task.name]) for task in tasks if task.name in own]


def _sentence(task: Task, cell: Mapping[str, Any]) -> str:
    better = "is better than the base" if cell["difference_low"] > 0 else "is not clearly better than the base"
    return f"{task.title}: its adapter {better}, with {cell['right']:,} of {cell['of']:,} answers right."
