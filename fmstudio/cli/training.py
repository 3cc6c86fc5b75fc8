"""run, find-rate, resume and runs: from a recipe to a model."""

import argparse
from typing import Any

from fmstudio.cli.driving import add_json, drive, existing_workspace, open_workspace, report
from fmstudio.cli.naming import add_rename_and_delete
from fmstudio.jobs import JobRequest, Priority


def add_training_commands(commands: Any) -> None:
    """Declare run, find-rate, resume and runs."""
    run = commands.add_parser("run", help="train a model from a recipe file or a preset")
    run.add_argument("recipe", metavar="RECIPE.toml|PRESET")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.steps=50")
    add_json(run)
    run.set_defaults(command=_run)
    rate = commands.add_parser("find-rate", help="try a few learning rates shortly, and propose one")
    rate.add_argument("recipe", metavar="RECIPE.toml|PRESET")
    rate.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. training.steps=500")
    rate.add_argument("--rates", type=float, nargs="+", default=[], metavar="RATE", help="those to try, e.g. 1e-4 5e-4")
    add_json(rate)
    rate.set_defaults(command=_find_rate)
    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument("run", metavar="RUN")
    resume.add_argument("--steps", type=int, default=0, metavar="N", help="train on until this step")
    add_json(resume)
    resume.set_defaults(command=_resume)
    runs = commands.add_parser("runs", help="list, rename or delete runs").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    runs.add_parser("list", help="list the workspace's runs").set_defaults(command=_list_runs)
    add_rename_and_delete(runs, "run", "RUN")


def _run(arguments: argparse.Namespace) -> int:
    from fmstudio.training.recipes import recipe_tables

    tables = recipe_tables(arguments.recipe, arguments.set)
    request = JobRequest(
        f"Train {tables['name']}",
        "fmstudio.training.pretraining:pretrain",
        {"recipe": tables},
        Priority.BACKGROUND,
    )
    return report(drive(arguments, request, open_workspace(arguments)), arguments, _trained)


def _find_rate(arguments: argparse.Namespace) -> int:
    from fmstudio.training.recipes import recipe_tables

    tables = recipe_tables(arguments.recipe, arguments.set)
    request = JobRequest(
        f"Find a learning rate for {tables['name']}",
        "fmstudio.training.finding_rate:find_rate",
        {"recipe": tables, "rates": arguments.rates},
        Priority.BACKGROUND,
    )
    return report(drive(arguments, request, open_workspace(arguments)), arguments, _rates)


def _resume(arguments: argparse.Namespace) -> int:
    request = JobRequest(
        f"Resume {arguments.run}",
        "fmstudio.training.pretraining:resume",
        {"run": arguments.run, "steps": arguments.steps},
        Priority.BACKGROUND,
    )
    return report(drive(arguments, request, existing_workspace(arguments)), arguments, _trained)


def _list_runs(arguments: argparse.Namespace) -> int:
    for run in existing_workspace(arguments).runs():
        reached, model = f"step {run.step:,} of {run.steps:,}", run.model or "(no model)"
        print(f"{run.id}\t{run.name}\t{run.family}\t{run.status}\t{reached}\t{model}\t{run.created}")
    return 0


def _trained(result: dict[str, Any]) -> str:
    metrics = "".join(f"\n{name}\t{value:.6g}" for name, value in sorted(result.get("metrics", {}).items()))
    return f"run\t{result['run']}\nmodel\t{result['model'] or '(none)'}{metrics}"


def _rates(result: dict[str, Any]) -> str:
    told = [f"{row['learning_rate']:g}\t{'–' if row['score'] is None else format(row['score'], '.6g')}"
            for row in result["tried"]]  # fmt: skip
    best = result["learning_rate"]
    return "\n".join(["learning rate\tvalidation", *told, f"best\t{'(none)' if best is None else f'{best:g}'}"])
