"""The jobs `pretrain` and `resume`: a recipe becomes a run, and a run becomes a model."""

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any

import torch

from fmstudio.families.family import Recipe
from fmstudio.jobs import Artefact, Event, JobContext, Note
from fmstudio.jobs.context import Job
from fmstudio.jobs.driver import failure
from fmstudio.recipe import read_toml
from fmstudio.training.checkpoint import load_latest
from fmstudio.training.device import choose_device, compile_pays, devices
from fmstudio.training.kept_meaning import CONTENT, check_data, check_meaning, content_of
from fmstudio.training.loop import Trainer, train
from fmstudio.training.models import make_model
from fmstudio.training.recipes import parse_recipe, resolve
from fmstudio.training.record import RunRecorder
from fmstudio.training.snapshot import keep_network
from fmstudio.workspace import RunRecord, RunStatus, Workspace, WorkspaceError, write_atomically
from fmstudio.workspace.record_files import write_record


def pretrain(context: JobContext, workspace: Workspace, recipe: Mapping[str, Any]) -> Job:
    """Train a model from a recipe (nested plain values) and keep it in the workspace.

    Yields the run as an artefact first, then its metrics, samples and checkpoints. Returns the names of the run and
    the model, and the metrics of the model's step.
    """
    parsed = parse_recipe(recipe)
    choose_device(parsed.training.device)
    yield from fetch_missing_datasets(context, workspace, parsed)
    parsed = resolve(workspace, parsed)
    run = workspace.free_name("runs", parsed.name)
    workspace.run_folder(run).mkdir(parents=True)
    names = [choice.name for choice in parsed.data.datasets]
    record = RunRecord(
        id=run, name=parsed.name, family=parsed.family.name, recipe=parsed.to_toml(), steps=_steps(parsed),
        details={"datasets": names, "init": parsed.init, CONTENT: content_of(workspace, parsed)},
    )  # fmt: skip
    _keep(workspace, record)
    for name in names:
        workspace.link(("dataset", name), ("run", run))
    if parsed.init:
        workspace.link(("model", parsed.init), ("run", run))
    yield Artefact("run", run, str(workspace.run_folder(run)))
    return (yield from _run(context, workspace, record, parsed))


def resume(context: JobContext, workspace: Workspace, run: str, steps: int = 0) -> Job:
    """Go on with a run from its last whole checkpoint; `steps` above the recipe's trains it longer.

    Raises WorkspaceError where its data, its vocabulary or its classes are no longer those that it began with.
    """
    record = workspace.run(run)
    parsed = parse_recipe(read_toml(workspace.run_folder(run) / "recipe.toml"))
    if steps:
        parsed = parsed.with_values("training", steps=steps, minutes=0.0)
    if record.status == "completed" and steps <= record.steps:
        raise WorkspaceError(
            f"Run {run!r} is complete at step {record.step:,}; give it more steps to train longer, or start a new run "
            "from its model."
        )
    check_data(workspace, record, parsed)
    yield Artefact("run", run, str(workspace.run_folder(run)))
    return (yield from _run(context, workspace, record, parsed))


def fetch_missing_datasets(context: JobContext, workspace: Workspace, recipe: Recipe) -> Generator[Event, None, None]:
    """Fetch those of the recipe's datasets that the workspace lacks and the catalogue has."""
    missing = _missing(workspace, recipe)
    if not missing:
        return
    from fmstudio.data import catalogue  # only now: most runs never ask the network

    for name in missing:
        if name not in catalogue.read_catalogue().items:
            workspace.dataset(name)  # raises, and says which there are
        yield Note(f"The dataset {name} is not here yet; it is fetched from the catalogue.")
        yield from catalogue.fetch(context, name, workspace)


def will_be_fetched(workspace: Workspace, recipe: Recipe) -> bool:
    """Whether a run would first have to bring some of its data here, and could."""
    missing = _missing(workspace, recipe)
    if not missing:
        return False
    from fmstudio.data import catalogue

    return set(missing) <= set(catalogue.read_catalogue().items)


def _missing(workspace: Workspace, recipe: Recipe) -> list[str]:
    present = {record.name for record in workspace.datasets()}
    return [choice.name for choice in recipe.data.datasets if choice.name not in present]


def _run(context: JobContext, workspace: Workspace, record: RunRecord, recipe: Recipe) -> Job:
    """Train inside the run's folder and leave its status true, however it ends."""
    with workspace.claim_run(record.id):
        record = _keep(workspace, dataclasses.replace(record, status="running"))
        recorder = RunRecorder(workspace, record.id)
        try:
            result = yield from _train(context, workspace, record, recipe, recorder)
        except GeneratorExit:
            _close(workspace, recorder, "cancelled")
            raise
        except BaseException as error:
            _close(workspace, recorder, "failed", reason=failure(error).reason)
            raise
        _close(workspace, recorder, "stopped" if context.stopping else "completed", reason="")
        return result


def _train(context: JobContext, workspace: Workspace, record: RunRecord, recipe: Recipe, recorder: RunRecorder) -> Job:
    device = choose_device(recipe.training.device)
    learner = yield from recipe.family.learner(context, workspace, recipe, device)
    check_meaning(workspace, record, recipe, learner)
    recipe = _remember_recipe(workspace, record, recipe)
    keep_network(workspace, record.id, learner)
    if compile_pays(recipe.training, device):
        learner.compile()
    trainer = Trainer(learner, recipe.training, device)
    trainer.position, passed_over = load_latest(
        workspace.run_folder(record.id) / "checkpoints", learner.modules, trainer.optimisers
    )
    for sentence in passed_over:
        yield Note(sentence, "warning")
    recorder.rewind(trainer.position.step)
    yield Note(_first_words(trainer, recipe, device))
    for event in train(context, trainer, workspace.run_folder(record.id)):
        recorder.see(event)
        yield event
    recorder.flush()
    if recipe.training.minutes and not context.stopping:
        workspace.update_run(record.id, steps=trainer.position.step)
    return (yield from _finish(workspace, record.id, recipe, trainer))


def _finish(workspace: Workspace, run: str, recipe: Recipe, trainer: Trainer) -> Job:
    if trainer.position.step == 0:
        return {"run": run, "model": "", "metrics": {}}
    model = make_model(workspace, workspace.run(run), recipe, trainer)
    known = {key: model.details[key] for key in ("forgets", "retained") if key in model.details}
    workspace.update_run(run, model=model.name, details=known)
    yield Artefact("model", model.name, str(workspace.model_folder(model.name)))
    if known:
        yield Note(known["retained"], "warning" if known["forgets"] else "info")
    return {"run": run, "model": model.name, "metrics": model.details["metrics"], **known}


def _remember_recipe(workspace: Workspace, record: RunRecord, recipe: Recipe) -> Recipe:
    """Keep the recipe as it really runs: a resumed run reads it from there."""
    changed = dataclasses.replace(workspace.run(record.id), recipe=recipe.to_toml(), steps=_steps(recipe))
    _keep(workspace, changed)
    return recipe


def _steps(recipe: Recipe) -> int:
    """How many steps a run will have; 0 where that is known when its time is over."""
    return 0 if recipe.training.minutes else recipe.training.steps


def _first_words(trainer: Trainer, recipe: Recipe, device: torch.device) -> str:
    title = next(each.title for each in devices() if each.name == device.type)
    if compile_pays(recipe.training, device):
        title += ", compiled"
    begun = f"Going on from step {trainer.position.step:,}" if trainer.position.step else "Training"
    if not recipe.training.minutes:
        return f"{begun} on {title}."
    return (
        f"{begun} on {title} for {recipe.training.minutes:g} minutes: how many steps these are, and when the learning "
        "rate falls, follows the clock."
    )


def _keep(workspace: Workspace, record: RunRecord) -> RunRecord:
    """Write a run's row, its record and its recipe."""
    folder = workspace.run_folder(record.id)
    workspace.put_run(record)
    write_record(folder, record)
    write_atomically(folder / "recipe.toml", record.recipe)
    return record


def _close(workspace: Workspace, recorder: RunRecorder, status: RunStatus, **details: Any) -> None:
    recorder.flush()
    record = workspace.update_run(recorder.run, status=status, details=details)
    write_record(workspace.run_folder(record.id), record)
