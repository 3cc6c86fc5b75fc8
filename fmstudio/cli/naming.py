"""rename and delete, the same for datasets, runs, models and tokenizers."""

import argparse
import sys
from typing import Any

from fmstudio.cli.driving import existing_workspace
from fmstudio.workspace import deleting, renaming
from fmstudio.workspace.dependants import dependants


def add_rename_and_delete(verbs: Any, kind: str, metavar: str) -> None:
    """Declare both; kind: "dataset", "run", "model" or "tokenizer". A run is named by its id."""
    rename = verbs.add_parser("rename", help=f"call a {kind} otherwise; all links to it hold")
    rename.add_argument("name", metavar=metavar)
    rename.add_argument("new", metavar="NEW")
    rename.set_defaults(command=_rename, kind=kind)
    delete = verbs.add_parser("delete", help=f"move a {kind} to the bin")
    delete.add_argument("name", metavar=metavar)
    delete.add_argument("--yes", action="store_true", help="also where something needs it")
    delete.set_defaults(command=_delete, kind=kind)


def _rename(arguments: argparse.Namespace) -> int:
    renaming.rename(existing_workspace(arguments), arguments.kind, arguments.name, arguments.new)
    print(f"The {arguments.kind} {arguments.name} is called {arguments.new.strip()} now.")
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    workspace, kind, name = existing_workspace(arguments), arguments.kind, arguments.name
    needed = dependants(workspace, kind, name)
    print(*needed, sep="\n", end="\n" if needed else "", file=sys.stderr)
    if needed and not arguments.yes:
        print(f"The {kind} {name} was not deleted; add --yes to delete it all the same.", file=sys.stderr)
        return 1
    entry = deleting.delete(workspace, kind, name)
    if entry is None:
        print(f"The {kind} {name}, whose files were gone, is listed no longer.")
    else:
        print(f"The {kind} {name} is in the bin; fmstudio bin restore {entry.id} brings it back.")
    return 0
