"""The command line: the same jobs as in the window, without one.

Progress goes to stderr, results to stdout. Exit code 0 on success, 1 when a job failed, 2 for wrong usage.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from fmstudio import __version__, jobs
from fmstudio.errors import StudioError
from fmstudio.jobs import JobRequest, Priority
from fmstudio.places import default_workspace
from fmstudio.workspace import Workspace

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; without one, open the window. Returns the exit code."""
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        return command(parsed)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fmstudio",
        description="Take a foundation model through its whole life on this machine. Alone, it opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"FM Studio {__version__}")
    parser.add_argument("--workspace", type=Path, default=None, metavar="DIR", help="the folder to work in")
    parser.set_defaults(command=_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_data_commands(commands)
    _add_training_commands(commands)
    _add_model_commands(commands)
    tour = commands.add_parser("tour", help="drive the real window through the whole life cycle")
    tour.add_argument("--screenshots", type=Path, metavar="DIR", help="leave a picture of each step in DIR")
    tour.set_defaults(command=_tour)
    return parser


def _add_data_commands(commands: Any) -> None:
    fetch = commands.add_parser("fetch", help="get data or a model of the catalogue, or the starter set")
    fetch.add_argument("name", metavar="NAME", help="an item of the catalogue, or starter")
    _add_json(fetch)
    fetch.set_defaults(command=_fetch)
    datasets = commands.add_parser("datasets", help="add or list datasets").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = datasets.add_parser("add", help="import files or folders as one dataset")
    add.add_argument("paths", nargs="+", metavar="PATH")
    add.add_argument("--name", required=True, metavar="N", help="the dataset's name in the workspace")
    add.add_argument("--kind", default="text", choices=("text", "images", "video"), help="what they hold")
    add.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="an import option, e.g. column=text or size=64"
    )
    _add_json(add)
    add.set_defaults(command=_add_dataset)
    datasets.add_parser("list", help="list the workspace's datasets").set_defaults(command=_list_datasets)


def _add_training_commands(commands: Any) -> None:
    run = commands.add_parser("run", help="train a model from a recipe file or a preset")
    run.add_argument("recipe", metavar="RECIPE.toml|PRESET")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.steps=50")
    _add_json(run)
    run.set_defaults(command=_run)
    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument("run", metavar="RUN")
    resume.add_argument("--steps", type=int, default=0, metavar="N", help="train on until this step")
    _add_json(resume)
    resume.set_defaults(command=_resume)


def _add_model_commands(commands: Any) -> None:
    sample = commands.add_parser("sample", help="draw from a model")
    sample.add_argument("model", metavar="MODEL", help="a name in the workspace, a model folder, or run:NAME")
    sample.add_argument("--prompt", default=None, metavar="TEXT", help="a text to continue, or what to draw")
    sample.add_argument("--seed", type=int, default=0, metavar="N")
    sample.add_argument(
        "--count", type=int, default=1, metavar="N", help="how many; texts are drawn from seed, seed + 1, …"
    )
    sample.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. temperature=0")
    sample.add_argument("--to", type=Path, default=None, metavar="FILE", help="write to a file; pictures need one")
    _add_json(sample)
    sample.set_defaults(command=_sample)
    export = commands.add_parser("export", help="write a model for other programs, with the proof that it works there")
    export.add_argument("model", metavar="MODEL")
    export.add_argument("--format", required=True, choices=("huggingface",))
    export.add_argument("--to", type=Path, required=True, metavar="PATH")
    _add_json(export)
    export.set_defaults(command=_export)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON event a line on stdout")


# The commands.


def _window(arguments: argparse.Namespace) -> int:
    from fmstudio.app import open_window

    return open_window(arguments.workspace)


def _tour(arguments: argparse.Namespace) -> int:
    from fmstudio.app import run_tour

    return run_tour(arguments.workspace, arguments.screenshots)


def _fetch(arguments: argparse.Namespace) -> int:
    workspace = _open(arguments)
    request = JobRequest(
        f"Fetch {arguments.name}",
        "fmstudio.data.catalogue:fetch",
        {"item": arguments.name, "workspace": workspace},
    )
    end = _drive(arguments, request)
    return _report(end, arguments, lambda result: f"{arguments.name} is here.")


def _add_dataset(arguments: argparse.Namespace) -> int:
    options = _assignments(arguments.set)
    request = JobRequest(
        f"Import {arguments.name}",
        "fmstudio.data.importing:add",
        {
            "workspace": _open(arguments),
            "sources": arguments.paths,
            "name": arguments.name,
            "kind": arguments.kind,
            "options": options,
        },
    )
    return _report(_drive(arguments, request), arguments, _imported)


def _imported(result: dict[str, Any]) -> str:
    skipped = result.get("skipped", [])
    tail = f"; {len(skipped)} skipped, see skipped.jsonl in its folder" if skipped else ""
    unit = "pictures" if "pictures" in result else "documents"
    return f"{result['dataset']}: {result[unit]:,} {unit}, {result['bytes']:,} bytes{tail}"


def _list_datasets(arguments: argparse.Namespace) -> int:
    for record in _open(arguments).datasets():
        unit = "pictures" if record.kind == "images" else "documents"
        print(f"{record.name}\t{record.kind}\t{record.items:,} {unit}\t{record.bytes:,} bytes\t{record.created}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from fmstudio.training.recipes import recipe_tables

    tables = recipe_tables(arguments.recipe, arguments.set)
    request = JobRequest(
        f"Train {tables['name']}",
        "fmstudio.training.pretraining:pretrain",
        {"workspace": _open(arguments), "recipe": tables},
        Priority.BACKGROUND,
    )
    return _report(_drive(arguments, request), arguments, _trained)


def _resume(arguments: argparse.Namespace) -> int:
    request = JobRequest(
        f"Resume {arguments.run}",
        "fmstudio.training.pretraining:resume",
        {"workspace": _open(arguments), "run": arguments.run, "steps": arguments.steps},
        Priority.BACKGROUND,
    )
    return _report(_drive(arguments, request), arguments, _trained)


def _trained(result: dict[str, Any]) -> str:
    metrics = "".join(f"\n{name}\t{value:.6g}" for name, value in sorted(result.get("metrics", {}).items()))
    return f"run\t{result['run']}\nmodel\t{result['model'] or '(none)'}{metrics}"


def _sample(arguments: argparse.Namespace) -> int:
    from fmstudio.training.sampling import draws_pictures

    workspace = _open(arguments)
    sample = _sample_pictures if draws_pictures(workspace, arguments.model) else _sample_texts
    return sample(arguments, workspace, _assignments(arguments.set))


def _sample_pictures(arguments: argparse.Namespace, workspace: Workspace, settings: dict[str, Any]) -> int:
    if arguments.to is None:
        print(f"{arguments.model} draws pictures; say where to with --to grid.png.", file=sys.stderr)
        return 2
    asked = {"condition": arguments.prompt} if arguments.prompt else {}
    request = JobRequest(
        f"Draw with {arguments.model}",
        "fmstudio.training.sampling:draw",
        {
            "workspace": workspace,
            "model": arguments.model,
            "to": str(arguments.to),
            "settings": {"count": arguments.count, "seed": arguments.seed, **asked, **settings},
        },
        Priority.INTERACTIVE,
    )
    return _report(_drive(arguments, request), arguments, lambda result: str(result["path"]))


def _sample_texts(arguments: argparse.Namespace, workspace: Workspace, settings: dict[str, Any]) -> int:
    texts = []
    for number in range(arguments.count):
        request = JobRequest(
            f"Sample {arguments.model}",
            "fmstudio.training.sampling:sample",
            {
                "workspace": workspace,
                "model": arguments.model,
                "prompt": arguments.prompt,
                "settings": {"seed": arguments.seed + number, **settings},
            },
            Priority.INTERACTIVE,
        )
        end = _drive(arguments, request, stream="" if arguments.to else "output")
        if isinstance(end, jobs.Failed):
            return 1
        texts.append(str(end.result.get("text", "")))
    if arguments.to:
        arguments.to.write_text("\n\n".join((arguments.prompt or "") + text for text in texts), "utf-8")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    request = JobRequest(
        f"Export {arguments.model}",
        f"fmstudio.deployment.{arguments.format}:export",
        {"workspace": _open(arguments), "model": arguments.model, "to": str(arguments.to)},
    )
    return _report(_drive(arguments, request), arguments, lambda result: str(result["proof"]))


# What they share.


def _open(arguments: argparse.Namespace) -> Workspace:
    path = arguments.workspace or default_workspace()
    is_new = not (path / "studio.db").exists()
    workspace = Workspace(path)
    if is_new:
        _add_samples(workspace)
    if workspace.notice:
        print(workspace.notice, file=sys.stderr)
    return workspace


def _add_samples(workspace: Workspace) -> None:
    """A new workspace begins with a text, as in the window."""
    from fmstudio.data import samples

    for _ in samples.ensure(jobs.JobContext(), workspace):
        pass


def _assignments(assignments: Sequence[str]) -> dict[str, Any]:
    from fmstudio.recipe import assign

    values: dict[str, Any] = {}
    for assignment in assignments:
        assign(values, assignment)
    return values


def _drive(arguments: argparse.Namespace, request: JobRequest, stream: str = "output") -> jobs.Finished | jobs.Failed:
    from fmstudio.console import JsonLines, Terminal, drive

    if arguments.json:
        with nullcontext(JsonLines()) as lines:
            return drive(request, lines)
    with Terminal(request.title, stream) as terminal:
        return drive(request, terminal)


def _report(
    end: jobs.Finished | jobs.Failed, arguments: argparse.Namespace, describe: Callable[[dict[str, Any]], str]
) -> int:
    """Print what a job made, unless its events said so already, and turn its end into an exit code."""
    if isinstance(end, jobs.Failed):
        return 1
    if not arguments.json and end.outcome != "cancelled" and end.result:
        print(describe(dict(end.result)))
    return 0
