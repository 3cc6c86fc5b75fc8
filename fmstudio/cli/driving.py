"""What every command shares: its workspace, its settings, and the job that it drives to an exit code."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fmstudio import jobs
from fmstudio.jobs import JobRequest
from fmstudio.places import default_workspace
from fmstudio.workspace import Workspace, WorkspaceError, explained, renaming

_TRACES = ("datasets", "runs", "models")  # folders that tell a workspace whose index is gone


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json, which every command has that drives a job."""
    parser.add_argument("--json", action="store_true", help="print one JSON event a line on stdout")


def open_workspace(arguments: argparse.Namespace) -> Workspace:
    """The workspace that --workspace names, or the person's own; made where there is none."""
    path = arguments.workspace or default_workspace()
    is_new = not (path / "studio.db").exists()
    workspace = Workspace(path)
    if is_new:
        _add_samples(workspace)
    renaming.finish(workspace)
    if workspace.notice:
        print(workspace.notice, file=sys.stderr)
    return workspace


def existing_workspace(arguments: argparse.Namespace) -> Workspace:
    """The workspace of a command that only reads, which makes none; raises WorkspaceError where there is none."""
    if not is_workspace(arguments):
        raise WorkspaceError(
            f"There is no workspace at {_place(arguments)}; check the folder, or make one there: open the window on "
            "it, or add something to it."
        )
    return open_workspace(arguments)


def is_workspace(arguments: argparse.Namespace) -> bool:
    """Whether there is a workspace where --workspace says, or at the person's own place."""
    path = _place(arguments)
    with explained(path):
        return (path / "studio.db").is_file() or all((path / each).is_dir() for each in _TRACES)


def _place(arguments: argparse.Namespace) -> Path:
    return Path(arguments.workspace or default_workspace()).expanduser().absolute()


def _add_samples(workspace: Workspace) -> None:
    """A new workspace begins with a text, as in the window."""
    for event in jobs.Driver(JobRequest("Sample data", "fmstudio.data.samples:ensure"), workspace):
        if isinstance(event, jobs.Failed):
            raise WorkspaceError(event.reason)


def assignments(texts: Sequence[str]) -> dict[str, Any]:
    """The values of repeated --set KEY=VALUE, nested by the dots of their keys; raises RecipeError."""
    from fmstudio.recipe import assign

    values: dict[str, Any] = {}
    for text in texts:
        assign(values, text)
    return values


def drive(
    arguments: argparse.Namespace, request: JobRequest, workspace: Workspace, stream: str = "output"
) -> jobs.Finished | jobs.Failed:
    """Run a job in a workspace to its end: a bar on stderr and the text called `stream` on stdout, or JSON lines."""
    from fmstudio import console

    if arguments.json:
        return console.drive(request, console.JsonLines(), workspace)
    with console.Terminal(request.title, stream) as terminal:
        return console.drive(request, terminal, workspace)


def report(
    end: jobs.Finished | jobs.Failed, arguments: argparse.Namespace, describe: Callable[[dict[str, Any]], str]
) -> int:
    """Print what a job made, unless its events said so already, and turn its end into an exit code."""
    if isinstance(end, jobs.Failed):
        return 1
    if not arguments.json and end.outcome != "cancelled" and end.result:
        print(describe(dict(end.result)))
    return 0
