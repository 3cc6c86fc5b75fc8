"""adapters: which there are and on what, and making a whole model of one."""

import argparse
from typing import Any

from fmstudio.cli.driving import add_json, drive, existing_workspace, report
from fmstudio.jobs import JobRequest


def add_adapters_commands(commands: Any) -> None:
    """Declare adapters list and adapters merge."""
    adapters = commands.add_parser("adapters", help="list adapters, or merge one into a model").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    adapters.add_parser("list", help="list the adapters with their bases").set_defaults(command=_list)
    merge = adapters.add_parser("merge", help="make a whole model of an adapter and its base, in float32")
    merge.add_argument("adapter", metavar="ADAPTER")
    merge.add_argument("--name", required=True, metavar="N", help="what the model is called")
    merge.add_argument("--scale", type=float, default=1.0, metavar="α", help="how much of it, 0 to 1.5; 1 if not given")
    add_json(merge)
    merge.set_defaults(command=_merge)


def _list(arguments: argparse.Namespace) -> int:
    from fmstudio.runtimes.adapter_listing import adapters

    for each in adapters(existing_workspace(arguments)):
        shape = f"rank {each.rank}\tα {each.alpha:g}\t{each.bytes:,} bytes"
        print(f"{each.name}\ton {each.base}\t{shape}\t{each.problem or 'its base is there'}")
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from fmstudio.cli.chosen_model import check_model

    workspace = existing_workspace(arguments)
    check_model(workspace, arguments.adapter)
    request = JobRequest(
        f"Merge {arguments.adapter}",
        "fmstudio.adapt.merging:merge",
        {"adapter": arguments.adapter, "name": arguments.name, "scale": arguments.scale},
    )
    return report(drive(arguments, request, workspace), arguments, lambda result: str(result["told"]))
