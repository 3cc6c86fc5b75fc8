"""From a finished run to a model folder: the best weights, the model card and the row in the index."""

from pathlib import Path

from fmstudio.families.family import Recipe
from fmstudio.runtimes.adapter_base import is_adapter
from fmstudio.training.checkpoint import load_checkpoint
from fmstudio.training.device import parameter_count
from fmstudio.training.loop import Trainer
from fmstudio.workspace import ModelRecord, RunRecord, Workspace, atomic_folder, explained, folder_size
from fmstudio.workspace.record_files import write_record


def make_model(workspace: Workspace, run: RunRecord, recipe: Recipe, trainer: Trainer) -> ModelRecord:
    """Write the run's model folder and its row; its details hold the step whose weights it has.

    A run that was resumed to train longer replaces its own model; it never replaces that of another run.
    """
    step = _load_best(workspace.run_folder(run.id), trainer)
    name = run.model or workspace.free_name("models", recipe.name)
    metrics = metrics_at(workspace, run.id, step)
    retained = trainer.learner.retained(metrics)
    datasets = [choice.name for choice in recipe.data.datasets]
    details = {
        "datasets": datasets,
        "init": recipe.init,
        "step": step,
        "seconds": round(trainer.position.seconds, 3),
        "metrics": metrics,
        "licences": _licences(workspace, datasets),
    }
    details |= {"forgets": retained.forgets, "retained": retained.sentence} if retained else {}
    folder = workspace.model_folder(name)
    with explained(folder), atomic_folder(folder) as partial:
        trainer.learner.save(partial)
        details |= {"adapter_of": recipe.init} if is_adapter(partial) else {}
        record = ModelRecord(
            name=name,
            family=recipe.family.makes or recipe.family.name,
            parameters=parameter_count(*trainer.learner.model_modules()),
            bytes=folder_size(partial),
            run=run.id,
            details=details,
        )
        (partial / "README.md").write_text(model_card(record, recipe), "utf-8")
        write_record(partial, record)
    workspace.put_model(record)
    workspace.link(("run", run.id), ("model", name))
    return record


def _load_best(folder: Path, trainer: Trainer) -> int:
    """Bring the networks to the weights that the recipe wants kept; returns their step."""
    position = trainer.position
    best = folder / "best" / f"step-{position.best_step:06d}"
    if trainer.settings.keep == "best" and position.best_step != position.step and best.is_dir():
        load_checkpoint(best, trainer.learner.modules, {})
        return position.best_step
    return position.step


def metrics_at(workspace: Workspace, run: str, step: int) -> dict[str, float]:
    """The last value of each metric at or before a step."""
    found = {}
    for name, series in workspace.metrics(run).items():
        until = series.values[series.steps <= step]
        if len(until):
            found[name] = float(until[-1])
    return found


def _licences(workspace: Workspace, datasets: list[str]) -> dict[str, str]:
    known = {record.name: record for record in workspace.datasets()}
    return {name: str(known[name].details.get("licence") or "unknown") for name in datasets if name in known}


def model_card(record: ModelRecord, recipe: Recipe) -> str:
    """README.md of the model folder, in the form that Hugging Face reads: what, from which data, how, how good."""
    details, family = record.details, recipe.family
    plots = {plot.name: plot for plot in family.plots}
    results = {name: value for name, value in sorted(details["metrics"].items()) if name.endswith("/validation")}
    rows = [f"| {name} | {value:.4f} | {plots[name.partition('/')[0]].unit or '–'} |"
            for name, value in results.items() if name.partition("/")[0] in plots]  # fmt: skip
    licences = [f"- {name}: {licence}" for name, licence in details["licences"].items()]
    begun = f"\nIt continues the model `{recipe.init}`.\n" if recipe.init else ""
    return "\n".join(
        [
            "---",
            *(f"{key}: {value}" for key, value in family.card.items()),
            "tags: [fm-studio]",
            "---",
            f"# {record.name}",
            "",
            f"A {family.title.lower()} of {record.parameters:,} parameters, trained from the data below for "
            f"{details['step']:,} steps in {details['seconds']:.0f} seconds with FM Studio.",
            begun,
            "## Data and its licences",
            "",
            *licences,
            "",
            "The licence of the data applies to what is made of it; look at it before you publish the model.",
            "",
            "## Results",
            "",
            "| metric | value | unit |",
            "|---|---|---|",
            *rows,
            "",
            "Validation is on data that was held back from training.",
            *(("", details["retained"]) if "retained" in details else ()),
            "",
            "## Recipe",
            "",
            "```toml",
            recipe.to_toml().strip(),
            "```",
            "",
        ]
    )
