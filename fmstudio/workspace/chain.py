"""What a model came from and what came of it: data and what that was made of, mixture, run, model, talks, feedback."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fmstudio.wording import plural
from fmstudio.workspace.contents import contents_of
from fmstudio.workspace.conversations import ConversationStore
from fmstudio.workspace.feedback_filter import FeedbackFilter
from fmstudio.workspace.index import Workspace
from fmstudio.workspace.records import DatasetRecord, ModelRecord, RunRecord, parsed_recipe

_LISTED = 3  # conversations that are named; more are counted


@dataclass(frozen=True, slots=True)
class Link:
    """Something of the chain: its kind and key, by which it is opened, what it is called, and a fact of it.

    here: whether it is still in the workspace. many: how many of its kind this one stands for.
    """

    kind: str
    key: str
    title: str
    note: str = ""
    family: str = ""
    here: bool = True
    many: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a model's life with what stands there."""

    title: str
    links: tuple[Link, ...]


def chain(workspace: Workspace, model: str, elsewhere: Collection[str] = ()) -> list[Stage]:
    """The stages of a model, the first data first; those without anything are left out.

    elsewhere: what models are called that are here though they are not the workspace's own, such as a catalogue's.
    """
    models = {each.name: each for each in workspace.models()}
    outside = dict.fromkeys(elsewhere, "model") | {link.name: "linked model" for link in workspace.linked_models()}

    def linked(names: Iterable[str]) -> tuple[Link, ...]:
        return tuple(_model(models, outside, name) for name in names)

    def made(by: str) -> tuple[Link, ...]:
        return linked(each.name for each in models.values() if model in _came_from(each).get(by, ()))

    record = models.get(model)
    run = _run_of(workspace, record)
    names = _datasets(record, run)
    datasets = {each.name: each for each in workspace.datasets()}
    sources = [_source_of(datasets, name) for name in names]
    stages = [
        Stage("Made of", tuple(dict.fromkeys(_made_of(datasets, sources)))),
        Stage("Data", tuple(_dataset(datasets, name) for name in dict.fromkeys(sources))),
        Stage("Cleaned", tuple(_dataset(datasets, name) for name in names if name not in sources)),
        Stage("Mixture", _mixture(run, names)),
        *(Stage(title, linked(names)) for title, names in _origins(record, run).items()),
        Stage("Run", (_run(run),) if run else ()),
        Stage("Model", linked([model]) if record else (Link("linked model", model, model),)),
        *(Stage(title, made(by)) for by, title in _BECOMES.items()),
        Stage("Exported", _exports(workspace, model)),
        Stage("Conversations", tuple(_conversations(workspace, model))),
        Stage("Feedback", _feedback(workspace, model)),
    ]
    return [stage for stage in stages if stage.links]


def _run_of(workspace: Workspace, record: ModelRecord | None) -> RunRecord | None:
    return next((run for run in workspace.runs() if record and run.id == record.run), None)


def _datasets(record: ModelRecord | None, run: RunRecord | None) -> list[str]:
    details: Mapping[str, Any] = run.details if run else record.details if record else {}
    return [str(name) for name in details.get("datasets", ())]


def _source_of(datasets: Mapping[str, DatasetRecord], name: str) -> str:
    """The first of what a dataset was made from; one of a circle, which only an edited record can have, ends it."""
    seen = {name}
    while name in datasets and (source := datasets[name].details.get("made_from")) and source not in seen:
        seen.add(name := str(source))
    return name


def _dataset(datasets: Mapping[str, DatasetRecord], name: str) -> Link:
    found = datasets.get(name)
    return Link("dataset", name, name, contents_of(found) if found else "deleted", here=found is not None)


def _made_of(datasets: Mapping[str, DatasetRecord], names: Iterable[str]) -> Iterable[Link]:
    """What the studio made datasets of: the feedback log, or a batch of answers."""
    for name in names:
        if name in datasets and (made_of := datasets[name].details.get("made_of")):
            title = {"feedback": "Feedback", "batch": "A batch of answers"}.get(made_of["kind"], made_of["kind"])
            yield Link(made_of["kind"], made_of["key"], title, made_of["key"])


def _mixture(run: RunRecord | None, names: list[str]) -> tuple[Link, ...]:
    """Several datasets by their shares: opens the run that mixed them."""
    if run is None or len(names) < 2:
        return ()
    weights = _weights(run)
    whole = sum(weights.get(name, 1.0) for name in names) or 1.0
    shares = ", ".join(f"{round(100 * weights.get(name, 1.0) / whole)} % {name}" for name in names)
    return (Link("run", run.id, f"{len(names)} datasets", shares, run.family),)


def _weights(run: RunRecord) -> dict[str, float]:
    try:
        chosen = parsed_recipe(run.recipe).get("data", {}).get("datasets", [])
    except AttributeError:
        return {}
    return {
        each["name"]: float(each.get("weight", 1.0)) for each in chosen if isinstance(each, dict) and "name" in each
    }


_BECOMES = {"Adapts": "Adapters", "Merged from": "Merged as", "Continues": "Continued as"}
"""What a model is to those that it came from, by what these are to it."""


def _came_from(model: ModelRecord) -> dict[str, list[str]]:
    """The models that one was made of, by what they are to it."""
    details = model.details
    if details.get("adapter_of"):
        return {"Adapts": [str(details["adapter_of"])]}
    if isinstance(details.get("merged_from"), list):
        return {"Merged from": [str(name) for name in details["merged_from"]]}
    return {"Continues": [str(details["init"])]} if details.get("init") else {}


def _origins(record: ModelRecord | None, run: RunRecord | None) -> dict[str, list[str]]:
    found = _came_from(record) if record else {}
    begun = str(run.details.get("init", "")) if run else ""
    return found if "Adapts" in found or not run else {"Continues": [begun]} if begun else {}


def _run(run: RunRecord) -> Link:
    return Link("run", run.id, run.name, f"{run.step:,} steps", run.family)


def _model(models: Mapping[str, ModelRecord], outside: Mapping[str, str], name: str) -> Link:
    found = models.get(name)
    if found is None and name in outside:
        return Link(outside[name], name, name)
    note = f"{found.parameters:,} parameters" if found else "deleted"
    return Link("model", name, name, note, found.family if found else "", here=found is not None)


def _exports(workspace: Workspace, model: str) -> tuple[Link, ...]:
    return tuple(
        Link("export", each.path, each.format, each.path) for each in workspace.exports() if each.model == model
    )


def _conversations(workspace: Workspace, model: str) -> Iterable[Link]:
    held = [each for each in ConversationStore(workspace).headings() if each.model == model and not each.problem]
    for each in held[:_LISTED]:
        yield Link("conversation", each.id, each.title, each.updated[:10])
    if len(held) > _LISTED:
        rest = len(held) - _LISTED
        yield Link("conversation", held[_LISTED].id, f"{rest:,} more", "the latest of them", many=rest)


def _feedback(workspace: Workspace, model: str) -> tuple[Link, ...]:
    count = workspace.feedback.count(FeedbackFilter(model=model))
    title = plural(count, "kept output")
    return (Link("feedback", model, title, many=count),) if count else ()
