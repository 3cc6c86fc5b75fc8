"""The command line: the same jobs as in the window, without one.

Progress goes to stderr, results to stdout. Exit code 0 on success, 1 when a job failed, 2 for wrong usage.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from fmstudio import __version__
from fmstudio.cli.adapters import add_adapters_commands
from fmstudio.cli.bin import add_bin_commands
from fmstudio.cli.collections import add_collections_commands
from fmstudio.cli.conversations import add_conversations_commands
from fmstudio.cli.data import add_data_commands
from fmstudio.cli.feedback import add_feedback_commands
from fmstudio.cli.models import add_models_commands
from fmstudio.cli.tasks import add_tasks_command
from fmstudio.cli.training import add_training_commands
from fmstudio.errors import StudioError

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
    add_data_commands(commands)
    add_training_commands(commands)
    add_models_commands(commands)
    add_adapters_commands(commands)
    add_tasks_command(commands)
    add_collections_commands(commands)
    add_conversations_commands(commands)
    add_feedback_commands(commands)
    add_bin_commands(commands)
    tour = commands.add_parser("tour", help="drive the real window through the whole life cycle")
    tour.add_argument("--screenshots", type=Path, metavar="DIR", help="leave a picture of each step in DIR")
    tour.set_defaults(command=_tour)
    return parser


def _window(arguments: argparse.Namespace) -> int:
    from fmstudio.app import open_window

    return open_window(arguments.workspace)


def _tour(arguments: argparse.Namespace) -> int:
    from fmstudio.app import run_tour

    return run_tour(arguments.workspace, arguments.screenshots)
