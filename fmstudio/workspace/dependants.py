"""What would miss something once it is deleted, in sentences for whoever is about to delete it."""

import json
from collections.abc import Callable, Iterator, Sequence

from fmstudio.wording import plural
from fmstudio.workspace.conversations import ConversationStore
from fmstudio.workspace.feedback_filter import FeedbackFilter
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.records import RunRecord, parsed_recipe

_NAMED = 3


def dependants(workspace: Workspace, kind: str, name: str) -> list[str]:
    """One sentence for each way in which something needs it, what is lost most first; none where nothing does."""
    match kind:
        case "dataset":
            return list(_runs_that_need(workspace, lambda run: name in run.details.get("datasets", ())))
        case "tokenizer":
            return list(_runs_that_need(workspace, lambda run: own_tokenizer(run) == name))
        case "model":
            needed = _runs_that_need(workspace, lambda run: run.details.get("init") == name)
            return [*_adapters_of(workspace, name), *needed, *_asked_of(workspace, name)]
        case "run":
            return list(_of_run(workspace, workspace.run(name)))
    return []


def _runs_that_need(workspace: Workspace, needs: Callable[[RunRecord], bool]) -> Iterator[str]:
    runs = [run for run in workspace.runs() if needs(run)]
    training = [run for run in runs if workspace.is_being_trained(run.id)]
    rest = [run for run in runs if run not in training]
    open_runs = [run for run in rest if run.status != "completed" and _has_checkpoint(workspace, run)]
    done = [run for run in rest if run.status == "completed"]
    if training:
        yield f"{_names(training, 'run')} {_are(training)} being trained with it now and cannot be resumed without it."
    if open_runs:
        yield f"{_names(open_runs, 'run')} {_are(open_runs)} not finished and cannot be resumed without it."
    if done:
        yield f"{_names(done, 'run')} cannot be trained longer without it."


def _adapters_of(workspace: Workspace, name: str) -> Iterator[str]:
    adapters = [model.name for model in workspace.models() if model.details.get("adapter_of") == name]
    if adapters:
        shown = ", ".join(map(_quoted, adapters[:_NAMED])) + (" …" if len(adapters) > _NAMED else "")
        yield f"{plural(len(adapters), 'adapter')} of it cannot be used without it: {shown}."


def _asked_of(workspace: Workspace, name: str) -> Iterator[str]:
    """Conversations, batches and kept outputs of a model."""
    held = sum(1 for heading in ConversationStore(workspace).headings() if heading.model == name)
    if held:
        yield f"{plural(held, 'conversation')} held with it can be read on, but not continued with it."
    batches = 0
    for file in (workspace.path / "batches").glob("[!.]*/batch.json"):
        try:
            batches += json.loads(file.read_text("utf-8")).get("model") == name
        except (OSError, ValueError, AttributeError):
            continue
    if batches:
        yield f"{plural(batches, 'batch', 'batches')} asked of it can be read on, but not continued or asked again."
    if kept := workspace.feedback.count(FeedbackFilter(model=name)):
        yield f"{plural(kept, 'kept output')} of it cannot be made again."


def _of_run(workspace: Workspace, run: RunRecord) -> Iterator[str]:
    if run.status != "completed" and _has_checkpoint(workspace, run):
        yield f"It is not finished: at step {run.step:,} of {run.steps:,} it could still be resumed."
    if run.model:
        yield f"Its model {_quoted(run.model)} stays, but cannot be trained longer as this run."


def _has_checkpoint(workspace: Workspace, run: RunRecord) -> bool:
    return any((workspace.run_folder(run.id) / "checkpoints").glob("step-*"))


def own_tokenizer(run: RunRecord) -> str:
    """The name of the workspace's tokenizer that a run's recipe names, or ""."""
    tokenizer = parsed_recipe(run.recipe).get("tokenizer", {})
    return str(tokenizer.get("file", "")) if tokenizer.get("kind") == "file" else ""


def _names(runs: Sequence[RunRecord], noun: str) -> str:
    if len(runs) > _NAMED:
        return f"{len(runs):,} {noun}s"
    *first, last = [_quoted(run.name) for run in runs]
    return f"The {noun}s {', '.join(first)} and {last}" if first else f"The {noun} {last}"


def _quoted(name: str) -> str:
    return f"“{name}”"


def _are(runs: Sequence[RunRecord]) -> str:
    return "is" if len(runs) == 1 else "are"
