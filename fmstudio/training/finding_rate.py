"""Finding a learning rate: a few short trainings, alike but for their rate, and which one held-back data likes best.

They take about a tenth of the run's steps together. All begin with the same weights and see the same batches; the
schedule is left out but for its warm-up. Nothing is kept of them.
"""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from fmstudio.families.family import Learner, Recipe
from fmstudio.jobs import Event, JobContext, Metrics, Note, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.recipe import RecipeError
from fmstudio.training.device import choose_device
from fmstudio.training.loop import Trainer
from fmstudio.training.pace import seconds_per_step
from fmstudio.training.pretraining import fetch_missing_datasets
from fmstudio.training.recipes import parse_recipe, resolve
from fmstudio.workspace import Workspace

FACTORS = (0.2, 0.5, 1.0, 2.0)
"""What the recipe's own rate is multiplied by, where no rates are named."""

PART = 10
"""The run's steps for each of those that are made here, all rates together."""

FEWEST = 5
"""Steps at each rate: fewer tell nothing, however short the run is."""


@dataclass(slots=True)
class Trial:
    """What a rate came to. losses: of its steps; score: on held-back data, lower is better, infinite where it burst."""

    learning_rate: float
    losses: list[float] = field(default_factory=list)
    score: float = math.inf

    def as_row(self) -> dict[str, Any]:
        """As plain values; None for a score that is none."""
        score = self.score if math.isfinite(self.score) else None
        return {"learning_rate": self.learning_rate, "score": score, "losses": self.losses}


def find_rate(context: JobContext, workspace: Workspace, recipe: Mapping[str, Any], rates: Sequence[float] = ()) -> Job:
    """Try a few learning rates and propose one; yields a Metrics for each step, with a loss for each rate, and one
    Sample "rates" with a row for each.

    rates: to try; without them the recipe's own and three beside it. Under Muon the rate of the rest keeps its
    proportion. Returns the proposed rate (None where a stop came too early), the rows and the steps at each rate.
    """
    parsed = parse_recipe(recipe)
    yield from fetch_missing_datasets(context, workspace, parsed)
    parsed = resolve(workspace, parsed)
    tried = sorted(set(rates or (_rounded(parsed.training.learning_rate * factor) for factor in FACTORS)))
    if tried[0] <= 0 or not math.isfinite(tried[-1]):
        raise RecipeError("A learning rate to try must be a number above 0.", "training.learning_rate")
    device = choose_device(parsed.training.device)
    steps = yield from _steps(context, workspace, parsed, device, len(tried))
    found: list[Trial] = []
    for place, rate in enumerate(tried):
        if context.stopping:
            break
        trial = yield from _try(context, workspace, _at(parsed, rate, steps), device, place, len(tried))
        if trial is not None:
            found.append(trial)
    rows = [trial.as_row() for trial in found]
    yield Sample("rates", "table", rows)
    best = min(found, key=lambda trial: trial.score, default=None)
    if best is not None and math.isfinite(best.score):
        yield Note(_told(best, tried))
        return {"learning_rate": best.learning_rate, "tried": rows, "steps": steps}
    if found and not context.stopping:
        yield Note("At none of these rates did it learn anything; try much smaller ones.", "warning")
    return {"learning_rate": None, "tried": rows, "steps": steps}


def _rounded(rate: float) -> float:
    """To two digits, as a person would write it."""
    return float(f"{rate:.2g}")


def _steps(
    context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device, rates: int
) -> Generator[Event, None, int]:
    """How many steps are made at each rate."""
    steps = recipe.training.steps
    if recipe.training.minutes:
        learner = yield from recipe.family.learner(context, workspace, recipe, device)
        pace = yield from seconds_per_step(Trainer(learner, recipe.training, device))
        steps = round(60 * recipe.training.minutes / pace)
    each: int = steps // PART // rates
    if each < FEWEST:
        yield Note(f"A tenth of the run's {steps:,} steps would be too few to tell anything: {FEWEST} are made at each "
                   f"of {rates} rates.")  # fmt: skip
    return max(FEWEST, each)


def _at(recipe: Recipe, rate: float, steps: int) -> Recipe:
    """The recipe of a short training at a rate."""
    chosen = recipe.training
    return recipe.with_values(
        "training", learning_rate=rate, adam_learning_rate=chosen.adam_learning_rate * rate / chosen.learning_rate
        if chosen.learning_rate else rate, steps=steps, minutes=0.0, schedule="constant",
        warmup_steps=min(chosen.warmup_steps, steps // 4),
    )  # fmt: skip


def _try(
    context: JobContext, workspace: Workspace, recipe: Recipe, device: torch.device, place: int, rates: int
) -> Generator[Event, None, Trial | None]:
    """Train shortly and measure; None where a stop came before that."""
    settings, trial = recipe.training, Trial(recipe.training.learning_rate)
    learner = yield from recipe.family.learner(context, workspace, recipe, device)
    trainer = Trainer(learner, settings, device)
    doing = f"Trying {settings.learning_rate:g}"
    while not trainer.finished:
        if context.stopping:
            return None
        trial.losses.append(_loss(trainer.step()))
        if not math.isfinite(trial.losses[-1]):
            yield Note(f"At a learning rate of {settings.learning_rate:g} the loss burst at step {len(trial.losses)}.")
            return trial
        step = trainer.position.step
        yield Metrics(step, {f"loss/{settings.learning_rate:g}": trial.losses[-1]})
        yield Progress(place * settings.steps + step, rates * settings.steps, "steps", doing)
    trial.score = yield from _score(learner, doing)
    if not math.isfinite(trial.score):
        trial.score = math.inf
    return trial


def _loss(metrics: Mapping[str, Any]) -> float:
    """The first loss of a step."""
    return float(next(value for name, value in metrics.items() if name.startswith("loss")))


def _score(learner: Learner, doing: str) -> Generator[Event, None, float]:
    for module in learner.modules.values():
        module.eval()
    validation = learner.validate()
    while True:
        try:
            next(validation)
        except StopIteration as end:
            return float(end.value.score)
        yield Progress(0, None, "steps", f"{doing}: measuring")


def _told(best: Trial, tried: Sequence[float]) -> str:
    sentence = f"{best.learning_rate:g} is the best of {', '.join(f'{rate:g}' for rate in tried)}"
    if len(tried) < 2 or tried[0] < best.learning_rate < tried[-1]:
        return f"{sentence}."
    end = "largest" if best.learning_rate == tried[-1] else "smallest"
    return f"{sentence}; as it is the {end} of them, one beyond may be better still."
