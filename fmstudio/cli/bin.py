"""bin: what was deleted, to bring back or to delete for good."""

import argparse
from typing import Any

from fmstudio.cli.driving import existing_workspace
from fmstudio.workspace import deleting
from fmstudio.workspace.bin import Bin


def add_bin_commands(commands: Any) -> None:
    """Declare bin list, restore and empty."""
    verbs = commands.add_parser("bin", help="what was deleted, to bring back or to delete for good").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    verbs.add_parser("list", help="list what is in the bin, the latest first").set_defaults(command=_list)
    restore = verbs.add_parser("restore", help="bring something back")
    restore.add_argument("entry", metavar="ID|NAME", help="by its id, or the latest of that name")
    restore.add_argument("--as", dest="name", default="", metavar="N", help="where its name is taken again")
    restore.set_defaults(command=_restore)
    empty = verbs.add_parser("empty", help="delete for good what is in the bin, or only what is named")
    empty.add_argument("entries", nargs="*", metavar="ID|NAME")
    empty.set_defaults(command=_empty)


def _list(arguments: argparse.Namespace) -> int:
    for each in Bin(existing_workspace(arguments).path).entries():
        print(f"{each.id}\t{each.kind}\t{each.title}\t{each.bytes:,} bytes\t{each.deleted}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    workspace = existing_workspace(arguments)
    entry = Bin(workspace.path).entry(arguments.entry)
    name = deleting.restore(workspace, entry, arguments.name)
    print(f"The {entry.kind} {name or entry.title} is back.")
    return 0


def _empty(arguments: argparse.Namespace) -> int:
    workspace = existing_workspace(arguments)
    kept = Bin(workspace.path)
    before = kept.size
    deleting.empty(workspace, [kept.entry(each) for each in arguments.entries] or None)
    print(f"{before - kept.size:,} bytes are free again.")
    return 0
