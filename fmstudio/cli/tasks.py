"""tasks: many tasks, one model: an adapter for each, and the table of who can do what."""

import argparse
from collections.abc import Mapping
from typing import Any

from fmstudio import jobs
from fmstudio.cli.collections import STARTER_MODEL
from fmstudio.cli.driving import add_json, drive, open_workspace
from fmstudio.jobs import JobRequest


def add_tasks_command(commands: Any) -> None:
    """Declare tasks."""
    tasks = commands.add_parser(
        "tasks", help="teach one model several tasks, an adapter each, and compare them all on questions held back"
    )
    tasks.add_argument("tasks", nargs="*", metavar="TASK", help="some of the tasks; all if none is named")
    tasks.add_argument(
        "--base", default=STARTER_MODEL, metavar="MODEL", help=f"the model to adapt; {STARTER_MODEL} if not said"
    )
    tasks.add_argument("--rows", type=int, default=60, metavar="N", help="questions of each task; 60 if not said")
    tasks.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.steps=20")
    add_json(tasks)
    tasks.set_defaults(command=_tasks)


def _tasks(arguments: argparse.Namespace) -> int:
    request = JobRequest(
        "Many tasks, one model",
        "fmstudio.adapt.tasks:compare",
        {"base": arguments.base, "tasks": arguments.tasks, "rows": arguments.rows, "changes": arguments.set},
    )
    end = drive(arguments, request, open_workspace(arguments))
    if isinstance(end, jobs.Failed):
        return 1
    if not arguments.json and end.result:
        print(_table(end.result), *end.result["sentences"], sep="\n")
    return 0


def _table(found: Mapping[str, Any]) -> str:
    """A line a model and a column a task: the share that is right with its interval, and what it gained on the base."""
    cells = {(cell["who"], cell["task"]): cell for cell in found["cells"]}
    tasks = found["tasks"]
    lines = [["", *(task["title"] for task in tasks)]]
    for model in found["models"]:
        texts = [_cell(cells.get((model["who"], task["name"]))) for task in tasks]
        lines.append([model["model"] or f"({model['who']})", *texts])
        if model["wall"]:
            lines[-1].append(f"trained in {model['wall'] / 60:.1f} min, {model['cpu'] / 60:.1f} min of processor time")
    widths = [max(len(line[place]) for line in lines if place < len(line)) for place in range(len(tasks) + 2)
              if any(place < len(line) for line in lines)]  # fmt: skip
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=False)).rstrip() for line in lines
    )


def _cell(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return "–"
    told = f"{100 * cell['share']:.0f} % ({100 * cell['low']:.0f} to {100 * cell['high']:.0f})"
    if cell["difference"] is None:
        return told
    low, high = 100 * cell["difference_low"], 100 * cell["difference_high"]
    return f"{told}, {100 * cell['difference']:+.0f} ({low:+.0f} to {high:+.0f})"
