"""feedback: what people thought of outputs, as files for the next training."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmstudio.cli.driving import add_json, drive, existing_workspace, report
from fmstudio.cli.targets import check_target
from fmstudio.jobs import JobRequest
from fmstudio.wording import plural

FORMATS = {
    "instructions": "prompt and completion, for instruction tuning",
    "preferences": "prompt, chosen and rejected, for preference tuning",
    "log": "everything, to be imported again",
}


def add_feedback_commands(commands: Any) -> None:
    """Declare feedback export."""
    verbs = commands.add_parser("feedback", help="what people thought of outputs").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    export = verbs.add_parser("export", help="write the feedback log as JSON lines")
    export.add_argument("path", type=Path, metavar="FILE.jsonl")
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in FORMATS.items())
    export.add_argument("--format", default="log", choices=tuple(FORMATS), help=meanings)
    export.add_argument(
        "--form", default="plain", choices=("plain", "conversational"), help="texts, or lists of messages"
    )
    add_json(export)
    export.set_defaults(command=_export)


def _export(arguments: argparse.Namespace) -> int:
    if arguments.format == "log" and arguments.form != "plain":
        print(
            "The whole log has one form only; say --format instructions or preferences, or leave --form out.",
            file=sys.stderr,
        )
        return 2
    workspace = existing_workspace(arguments)
    check_target(arguments.path)
    request = JobRequest(
        "Export feedback",
        "fmstudio.feedback.exporting:export",
        {
            "path": str(arguments.path),
            "format": arguments.format,
            "form": arguments.form,
        },
    )
    return report(drive(arguments, request, workspace), arguments, _exported)


def _exported(result: dict[str, Any]) -> str:
    lines = plural(result["written"], "line")
    return f"{result['path']}: {lines}{left_out_lines(result['left_out'])}"


def left_out_lines(left_out: Sequence[Mapping[str, Any]]) -> str:
    """A line for each reason why something was left out."""
    return "".join(f"\nleft out {each['entries']:,}: {each['reason']}" for each in left_out)
