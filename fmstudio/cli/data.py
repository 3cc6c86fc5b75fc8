"""fetch, datasets and tokenizers: what models learn from."""

import argparse
from typing import Any

from fmstudio.cli.driving import add_json, assignments, drive, existing_workspace, open_workspace, report
from fmstudio.cli.feedback import left_out_lines
from fmstudio.cli.naming import add_rename_and_delete
from fmstudio.data.kinds import EXAMPLE_KINDS, KINDS
from fmstudio.jobs import JobRequest
from fmstudio.workspace.contents import contents_of, counted

ANSWERS = {
    "given": "every answer as it was given",
    "right": "only answers that are the expected ones",
    "expected": "the expected answers, also where others were given",
}


def add_data_commands(commands: Any) -> None:
    """Declare fetch, datasets and tokenizers."""
    fetch = commands.add_parser("fetch", help="get data or a model of the catalogue, or the starter set")
    fetch.add_argument("name", metavar="NAME", help="an item of the catalogue, or starter")
    add_json(fetch)
    fetch.set_defaults(command=_fetch)
    datasets = commands.add_parser("datasets", help="add, list, rename or delete datasets").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    add = datasets.add_parser("add", help="import files or folders as one dataset")
    add.add_argument("paths", nargs="+", metavar="PATH")
    add.add_argument("--name", required=True, metavar="N", help="the dataset's name in the workspace")
    add.add_argument("--kind", default="text", choices=tuple(KINDS), help="what they hold")
    add.add_argument("--column", default="", metavar="NAME", help="the column of tables that holds the text")
    add.add_argument(
        "--encoding", default="", metavar="NAME", help="of text files, such as cp1252; else it is detected"
    )
    add.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an import option, e.g. documents=file or size=64",
    )
    add_json(add)
    add.set_defaults(command=_add_dataset)
    _add_made(datasets)
    datasets.add_parser("list", help="list the workspace's datasets").set_defaults(command=_list_datasets)
    add_rename_and_delete(datasets, "dataset", "DATASET")
    tokenizers = commands.add_parser("tokenizers", help="list, rename or delete tokenizers").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    tokenizers.add_parser("list", help="list those learnt in the workspace").set_defaults(command=_list_tokenizers)
    add_rename_and_delete(tokenizers, "tokenizer", "TOKENIZER")


def _add_made(datasets: Any) -> None:
    """Declare the ways to make training data of what is in the workspace."""
    feedback = datasets.add_parser("from-feedback", help="make training data of what people thought of outputs")
    feedback.add_argument(
        "--kind", required=True, choices=EXAMPLE_KINDS,
        help="instructions: corrections and good answers; preferences: pairs, and answers that were judged alone",
    )  # fmt: skip
    feedback.set_defaults(command=_from_feedback)
    batch = datasets.add_parser("from-batch", help="make training data of the answers of a batch")
    batch.add_argument("batch", metavar="BATCH")
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in ANSWERS.items())
    batch.add_argument("--answers", default="given", choices=tuple(ANSWERS), help=meanings)
    batch.set_defaults(command=_from_batch)
    for each in (feedback, batch):
        each.add_argument("--name", required=True, metavar="N", help="the dataset's name in the workspace")
        add_json(each)


def _fetch(arguments: argparse.Namespace) -> int:
    from fmstudio.data.catalogue import read_catalogue

    read_catalogue().choose(arguments.name)  # an unknown name makes no workspace
    workspace = open_workspace(arguments)
    request = JobRequest(
        f"Fetch {arguments.name}",
        "fmstudio.data.catalogue:fetch",
        {"item": arguments.name},
    )
    end = drive(arguments, request, workspace)
    return report(end, arguments, lambda result: f"{arguments.name} is here.")


def _add_dataset(arguments: argparse.Namespace) -> int:
    named = {"column": arguments.column, "encoding": arguments.encoding}
    options = {key: value for key, value in named.items() if value} | assignments(arguments.set)
    request = JobRequest(
        f"Import {arguments.name}",
        "fmstudio.data.importing:add",
        {
            "sources": arguments.paths,
            "name": arguments.name,
            "kind": arguments.kind,
            "options": options,
        },
    )
    return report(drive(arguments, request, open_workspace(arguments)), arguments, _imported)


def _imported(result: dict[str, Any]) -> str:
    skipped = result.get("skipped", [])
    tail = f"; {len(skipped)} skipped, see skipped.jsonl in its folder" if skipped else ""
    unit = next(kind.unit for kind in KINDS.values() if kind.unit in result)
    holds = counted(result.get("counts", {})) or f"{result[unit]:,} {unit}"
    return f"{result['dataset']}: {holds}, {result['bytes']:,} bytes{tail}"


def _from_feedback(arguments: argparse.Namespace) -> int:
    asked = {"name": arguments.name, "kind": arguments.kind}
    request = JobRequest(f"Make {arguments.name}", "fmstudio.feedback.datasets:make", asked)
    return report(drive(arguments, request, existing_workspace(arguments)), arguments, _made)


def _from_batch(arguments: argparse.Namespace) -> int:
    asked = {"batch": arguments.batch, "name": arguments.name, "answers": arguments.answers}
    request = JobRequest(f"Make {arguments.name}", "fmstudio.adapt.batch_dataset:make", asked)
    return report(drive(arguments, request, existing_workspace(arguments)), arguments, _made)


def _made(result: dict[str, Any]) -> str:
    return f"{result['dataset']}: {counted(result['counts'])}{left_out_lines(result['left_out'])}"


def _list_datasets(arguments: argparse.Namespace) -> int:
    for record in existing_workspace(arguments).datasets():
        size = f"{contents_of(record)}\t{record.bytes:,} bytes"
        print(f"{record.name}\t{record.kind}\t{size}\t{record.created}")
    return 0


def _list_tokenizers(arguments: argparse.Namespace) -> int:
    from fmstudio.data.tokenizing import kept_tokenizers

    for row in kept_tokenizers(existing_workspace(arguments)):
        size = f"{row['vocabulary_size']:,} tokens" if not row["problem"] else "cannot be used"
        learnt = f"learnt from {', '.join(row['datasets'])}" if row["datasets"] else ""
        used = f"used by {', '.join(row['models'])}" if row["models"] else ""
        print("\t".join(part for part in (row["name"], size, f"{row['bytes']:,} bytes", learnt, used) if part))
    return 0
