"""sample, export and models: what a model writes or draws, a copy of it for other programs, and which there are."""

import argparse
import sys
from pathlib import Path
from typing import Any

from fmstudio import jobs
from fmstudio.cli.driving import add_json, assignments, drive, existing_workspace, report
from fmstudio.cli.naming import add_rename_and_delete
from fmstudio.cli.targets import check_target, make_folder_of, write_text
from fmstudio.deployment.formats import format_names
from fmstudio.jobs import JobRequest, Priority
from fmstudio.workspace import Workspace


def add_models_commands(commands: Any) -> None:
    """Declare sample, export and models."""
    sample = commands.add_parser("sample", help="draw from a model")
    sample.add_argument(
        "model", metavar="MODEL", help="a name in the workspace or the catalogue, a folder, a .gguf file, or run:NAME"
    )
    sample.add_argument("--prompt", default=None, metavar="TEXT", help="a text to continue, or what to draw")
    sample.add_argument("--seed", type=int, default=0, metavar="N")
    sample.add_argument(
        "--count", type=_count, default=1, metavar="N", help="how many; texts are drawn from seed, seed + 1, …"
    )
    sample.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. temperature=0")
    sample.add_argument("--to", type=Path, default=None, metavar="FILE", help="write to a file; pictures need one")
    add_json(sample)
    sample.set_defaults(command=_sample)
    export = commands.add_parser("export", help="write a model for other programs, with the proof that it works there")
    export.add_argument("model", metavar="MODEL")
    export.add_argument("--format", required=True, choices=format_names())
    export.add_argument("--to", type=Path, required=True, metavar="PATH")
    add_json(export)
    export.set_defaults(command=_export)
    models = commands.add_parser("models", help="list, rename or delete models").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    models.add_parser("list", help="list the models trained here and those linked").set_defaults(command=_list)
    add_rename_and_delete(models, "model", "MODEL")


def _list(arguments: argparse.Namespace) -> int:
    workspace = existing_workspace(arguments)
    for model in workspace.models():
        facts = f"{model.parameters:,} parameters\t{model.bytes:,} bytes\t{model.created}"
        forgets = "\tforgets" if model.forgets else ""
        merged = " and ".join(map(str, model.details.get("merged_from", ())))
        origin = f"merged from {merged}" if merged else f"from run {model.run}"
        print(f"{model.name}\t{model.family}\t{facts}\t{origin}{forgets}")
    for link in workspace.linked_models():
        print(f"{link.name}\tlinked\t{link.path}\t{link.created}")
    return 0


def _sample(arguments: argparse.Namespace) -> int:
    from fmstudio.cli.chosen_model import check_model, workspace_with
    from fmstudio.training.sampling import draws_pictures

    settings = assignments(arguments.set)
    workspace = workspace_with(arguments, keeps=False)
    check_model(workspace, arguments.model)
    if arguments.to:
        arguments.to = check_target(arguments.to)
    sample = _sample_pictures if draws_pictures(workspace, arguments.model) else _sample_texts
    return sample(arguments, workspace, settings)


def _count(text: str) -> int:
    """How many, of which there must be one at least."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


def _sample_pictures(arguments: argparse.Namespace, workspace: Workspace, settings: dict[str, Any]) -> int:
    if arguments.to is None:
        print(f"{arguments.model} draws pictures; say where to with --to grid.png.", file=sys.stderr)
        return 2
    make_folder_of(arguments.to)
    asked = {"condition": arguments.prompt} if arguments.prompt else {}
    request = JobRequest(
        f"Draw with {arguments.model}",
        "fmstudio.training.sampling:draw",
        {
            "model": arguments.model,
            "to": str(arguments.to),
            "settings": {"count": arguments.count, "seed": arguments.seed, **asked, **settings},
        },
        Priority.INTERACTIVE,
    )
    return report(drive(arguments, request, workspace), arguments, lambda result: str(result["path"]))


def _made_here(arguments: argparse.Namespace, workspace: Workspace) -> bool:
    """Whether it was trained here from nothing: its family writes on beyond its context, which is short."""
    from fmstudio.cli.chosen_model import chats

    own = {each.name for each in workspace.models() if not {"adapter_of", "merged_from"} & set(each.details)}
    return arguments.model.startswith("run:") or (arguments.model in own and not chats(workspace, arguments.model))


def _sample_texts(arguments: argparse.Namespace, workspace: Workspace, settings: dict[str, Any]) -> int:
    made_here, prompt = _made_here(arguments, workspace), arguments.prompt or ""
    answers = not made_here and _answers(arguments, workspace, settings)
    if answers and not prompt.strip():
        print(f"{arguments.model} answers messages; say what to ask with --prompt TEXT.", file=sys.stderr)
        return 2
    target = "fmstudio.training.sampling:sample" if made_here else "fmstudio.adapt.generation:generate"
    texts = []
    for number in range(arguments.count):
        request = JobRequest(
            f"Sample {arguments.model}",
            target,
            {
                "model": arguments.model,
                "prompt": prompt,
                "settings": {"seed": arguments.seed + number, **settings},
            },
            Priority.INTERACTIVE,
        )
        end = drive(arguments, request, workspace, stream="" if arguments.to else "output")
        if isinstance(end, jobs.Failed):
            return 1
        texts.append(str(end.result.get("text", "")))
    if arguments.to:
        begun = "" if answers else prompt  # a completion is read with what it continues
        write_text(arguments.to, "\n\n".join(begun + text for text in texts))
    return 0


def _answers(arguments: argparse.Namespace, workspace: Workspace, settings: dict[str, Any]) -> bool:
    """Whether the prompt is a message that is answered, not a text that is continued."""
    from fmstudio.cli.chosen_model import chats

    return not settings.get("raw") and chats(workspace, arguments.model)


def _export(arguments: argparse.Namespace) -> int:
    from fmstudio.cli.chosen_model import check_model, workspace_with

    workspace = workspace_with(arguments)
    check_model(workspace, arguments.model)
    request = JobRequest(
        f"Export {arguments.model}",
        "fmstudio.deployment.exporting:export",
        {"model": arguments.model, "to": str(arguments.to), "format": arguments.format},
    )
    return report(drive(arguments, request, workspace), arguments, lambda result: str(result["proof"]))
