"""Tasks that one model can be adapted to: one file a task. A module of this folder that defines `TASK` is found by
itself."""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache

from fmstudio.data.errors import DataError
from fmstudio.data.tasks.task import Question, Task


@cache
def tasks() -> dict[str, Task]:
    """All tasks by name, in the order in which they want to be listed."""
    modules = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    found: list[Task] = [module.TASK for module in modules if hasattr(module, "TASK")]
    return {task.name: task for task in sorted(found, key=lambda task: task.order)}


def tasks_named(names: Sequence[str]) -> list[Task]:
    """Some tasks, or all where none is named; raises DataError that lists those there are."""
    for name in names:
        if name not in tasks():
            raise DataError(f"There is no task {name!r}; known are {', '.join(tasks())}.")
    return [task for task in tasks().values() if not names or task.name in names]


__all__ = ["Question", "Task", "tasks", "tasks_named"]
