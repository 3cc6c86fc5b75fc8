"""collections: documents to look things up in, and answers from them."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from fmstudio import jobs
from fmstudio.cli.driving import add_json, assignments, drive, existing_workspace, open_workspace, report
from fmstudio.jobs import JobRequest, Priority
from fmstudio.wording import plural

STARTER_MODEL = "smollm2-135m-instruct"


def add_collections_commands(commands: Any) -> None:
    """Declare collections add, list and ask."""
    verbs = commands.add_parser("collections", help="look things up in documents").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = verbs.add_parser("add", help="index files and folders, or look through a collection again for changes")
    add.add_argument("paths", nargs="+", metavar="PATH", help="files, folders, or python-reference, which is built in")
    add.add_argument("--name", required=True, metavar="N", help="the collection's name in the workspace")
    add.add_argument("--embedding", default="all-minilm-l6-v2", metavar="MODEL", help="what turns texts into vectors")
    add.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="how to cut, e.g. size=200")
    add_json(add)
    add.set_defaults(command=_add)
    verbs.add_parser("list", help="list the workspace's collections").set_defaults(command=_list)
    ask = verbs.add_parser("ask", help="answer a question from a collection, and say where it stands")
    ask.add_argument("collection", metavar="COLLECTION")
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument(
        "--model", default=STARTER_MODEL, metavar="MODEL", help=f"who answers; {STARTER_MODEL} if not said"
    )
    ask.add_argument("--seed", type=int, default=0, metavar="N")
    ask.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. passages=3 or temperature=0")
    add_json(ask)
    ask.set_defaults(command=_ask)


def _add(arguments: argparse.Namespace) -> int:
    options = assignments(arguments.set)
    request = JobRequest(
        f"Index {arguments.name}",
        "fmstudio.adapt.collections:add",
        {
            "name": arguments.name,
            "sources": arguments.paths,
            "options": options,
            "embedding": arguments.embedding,
        },
    )
    return report(drive(arguments, request, open_workspace(arguments)), arguments, _indexed)


def _indexed(result: dict[str, Any]) -> str:
    skipped = f"; {len(result['skipped'])} skipped" if result.get("skipped") else ""
    documents = plural(result["documents"], "document")
    return f"{result['collection']}: {documents}, {result['chunks']:,} chunks{skipped}"


def _list(arguments: argparse.Namespace) -> int:
    for record in existing_workspace(arguments).collections():
        print(f"{record.name}\t{record.documents:,} documents\t{record.chunks:,} chunks\t{record.created}")
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    from fmstudio.adapt.retrieval import RetrievalSettings
    from fmstudio.cli.chosen_model import check_writer
    from fmstudio.recipe import settings

    known = {each.path for each in settings(RetrievalSettings)}
    values = assignments(arguments.set)
    workspace = existing_workspace(arguments)
    check_writer(workspace, arguments.model)  # also where no passage is found and so no model is asked
    request = JobRequest(
        f"Ask {arguments.collection}",
        "fmstudio.adapt.answering:ask",
        {
            "collection": arguments.collection,
            "question": arguments.question,
            "model": arguments.model,
            "settings": {key: value for key, value in values.items() if key in known},
            "sampling": {"seed": arguments.seed, **{key: value for key, value in values.items() if key not in known}},
            "compare": False,
        },
        Priority.INTERACTIVE,
    )
    end = drive(arguments, request, workspace, stream="answer")
    if isinstance(end, jobs.Failed):
        return 1
    if not arguments.json:
        _cite(end.result.get("citations", []))
    return 0


def _cite(citations: Sequence[Mapping[str, Any]]) -> None:
    """Print each passage once, and whether the model named it or it was found to support a sentence afterwards."""
    lines: dict[int, str] = {}
    for each in sorted(citations, key=lambda each: (each["number"], not each["given"])):
        place = " · ".join(dict.fromkeys(part for part in (each["source"], each.get("title")) if part))
        lines.setdefault(
            each["number"], f"[{each['number']}] {place}" + ("" if each["given"] else " (found afterwards)")
        )
    if lines:
        print(*lines.values(), sep="\n")
