"""Looking at a GAN: what seeds look like, what lies between them, and how single steps of each player change the game.

Models stay open between questions, and so does the training that `steps` plays with, which no saved run ever hears of.
"""

import json
import math
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.families.chance import spherical
from fmstudio.families.family import Recipe
from fmstudio.families.gan_learner import GanLearner
from fmstudio.families.gan_model import BATCH, NAME, GanModel, load_gan
from fmstudio.families.pictures import to_uint8
from fmstudio.jobs import Event, JobContext, Metrics, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.opened import opened
from fmstudio.recipe import read_toml
from fmstudio.training.checkpoint import load_latest
from fmstudio.training.device import choose_device, parameter_count
from fmstudio.training.loop import Trainer, TrainingError
from fmstudio.training.pretraining import fetch_missing_datasets
from fmstudio.training.recipes import parse_recipe, resolve
from fmstudio.training.snapshot import RUN, model_folder
from fmstudio.workspace import Workspace

MOST = 2048
"""Pictures that one question may ask for."""

SIDES = {"both": (), "discriminator": ("discriminator",), "generator": ("generator",)}


def open(context: JobContext, workspace: Workspace, model: str) -> Job:  # noqa: A001 - nothing here opens files
    """What a window must know of a model before it can ask for more: yields one Sample "gan"."""
    found = yield from _opened(context, workspace, model)
    shape = found.shape
    step = yield from _step(context, workspace, model)
    about = {
        "height": shape.height,
        "width": shape.width,
        "channels": shape.channels,
        "latent": shape.latent,
        "conditions": found.conditions.to_json(),
        "parameters": {
            "generator": parameter_count(found.generator),
            "discriminator": parameter_count(found.discriminator),
        },
        "step": step,
    }
    yield Sample("gan", "gan", about)
    return {"model": model}


def generate(
    context: JobContext,
    workspace: Workspace,
    model: str,
    seeds: Sequence[int],
    condition: Mapping[str, str] | None = None,
    truncation: float = 1.0,
) -> Job:
    """The first picture of each seed: yields Sample "generated", with more pictures each time."""
    found = yield from _opened(context, workspace, model)
    latents, embedded = _stations(found, seeds, condition)
    return (yield from _drawn(context, found, "generated", latents, embedded, truncation))


def walk(
    context: JobContext,
    workspace: Workspace,
    model: str,
    seeds: Sequence[int],
    frames: int = 16,
    condition: Mapping[str, str] | None = None,
    truncation: float = 1.0,
) -> Job:
    """From seed to seed, with `frames` pictures from each to the one before the next: yields Sample "walk".

    Latents go along the sphere that they lie on, embedded conditions straight; the stations look as `generate` draws
    them.
    """
    found = yield from _opened(context, workspace, model)
    if len(seeds) < 2 or frames < 1:
        raise StudioError("A walk leads from one seed to another; give it two seeds or more, and a frame or more.")
    _check_count(frames * (len(seeds) - 1) + 1)
    latents, embedded = _stations(found, seeds, condition)
    parts = torch.arange(frames) / frames
    way = [spherical(*pair, parts) for pair in pairwise(latents)]
    blend = [torch.lerp(*pair, parts[:, None]) for pair in pairwise(embedded)]
    way, blend = [*way, latents[-1:]], [*blend, embedded[-1:]]
    return (yield from _drawn(context, found, "walk", torch.cat(way), torch.cat(blend), truncation))


def _opened(context: JobContext, workspace: Workspace, model: str) -> Generator[Event, None, GanModel]:
    folder, _ = yield from model_folder(context, workspace, model)
    return opened(folder, load_gan)


def _step(context: JobContext, workspace: Workspace, model: str) -> Generator[Event, None, int]:
    """The step that a model is from, 0 where nobody knows."""
    folder, _ = yield from model_folder(context, workspace, model)
    if model.startswith(RUN):
        return int(folder.name.rpartition("-")[2])
    known = {record.name: record.details for record in workspace.models()}
    return int(known.get(model, {}).get("step", 0))


def _stations(model: GanModel, seeds: Sequence[int], condition: Mapping[str, str] | None) -> tuple[Tensor, Tensor]:
    """Latents and embedded conditions of the first picture of each seed, each (seeds, latent)."""
    _check_count(len(seeds))
    if not seeds or min(seeds) < 0:
        raise StudioError(f"{list(seeds)!r} are not seeds to draw from; give one or more, none below 0.")
    wishes = model.conditions.encode(condition or {})
    pairs = [model.embedded(int(seed), 0, wishes) for seed in seeds]
    return torch.cat([latent for latent, _ in pairs]), torch.cat([embedded for _, embedded in pairs])


def _check_count(count: int) -> None:
    if count > MOST:
        raise StudioError(f"{count:,} pictures were asked for at once; ask for at most {MOST:,}.")


def _drawn(
    context: JobContext, model: GanModel, name: str, latents: Tensor, embedded: Tensor, truncation: float
) -> Job:
    done: list[np.ndarray] = []
    for parts in zip(latents.split(BATCH), embedded.split(BATCH), strict=True):
        done.extend(to_uint8(model.pictures(*parts, truncation)))
        yield Sample(name, "images", np.stack(done))
        yield Progress(len(done), len(latents), "pictures")
        if context.stopping:
            break
    return {"count": len(done)}


# Steps by hand.


@dataclass(slots=True)
class _Session:
    """A training that lives in memory alone."""

    key: str
    learner: GanLearner
    trainer: Trainer


_LATEST: list[_Session] = []
"""The one session that is kept; it goes when another one begins."""


def steps(
    context: JobContext,
    workspace: Workspace,
    source: str | Mapping[str, Any],
    which: str = "both",
    count: int = 1,
    reset: bool = False,
) -> Job:
    """Steps of both players or of one of them, on a training that is kept for the next call but never saved.

    source: a run's id, to go on with a copy of its latest checkpoint, or a recipe's tables, to begin anew. After each
    step yields Metrics, Sample "scores" with what the discriminator now says of held-back and generated pictures, and
    Sample "sample". The learning rate stays at its peak.
    """
    if which not in SIDES:
        raise StudioError(f"which is {which!r}, but it must be one of {', '.join(SIDES)}.")
    session = yield from _session(context, workspace, source, reset)
    trainer, learner = session.trainer, session.learner
    for number in range(count):
        began = time.perf_counter()
        metrics = trainer.step(only=SIDES[which])
        trainer.position.seconds += time.perf_counter() - began
        step, seen = trainer.position.step, learner.look()
        values = {name: float(value) for name, value in metrics.items()}
        values |= {name: float(value.mean()) for name, value in seen.items()}
        if not all(map(math.isfinite, values.values())):
            _LATEST.clear()
            raise TrainingError(
                f"The game broke down at step {step:,}: its numbers are no longer finite; lower training.learning_rate "
                f"(now {trainer.settings.learning_rate:g}) or raise game.gamma, and begin again."
            )
        yield Metrics(step, values, trainer.position.seconds)
        yield learner.scores(seen, step)
        yield from learner.samples(step)
        yield Progress(number + 1, count, "steps")
        if context.stopping:
            break
    return {"step": trainer.position.step}


def _session(
    context: JobContext, workspace: Workspace, source: str | Mapping[str, Any], reset: bool
) -> Generator[Event, None, _Session]:
    """The session of a source: the one that is kept, or a new one."""
    run = source.removeprefix(RUN) if isinstance(source, str) else ""
    key = json.dumps([str(workspace.path), run or source], sort_keys=True, default=str)
    if _LATEST and _LATEST[0].key == key and not reset:
        return _LATEST[0]
    _LATEST.clear()
    recipe = yield from _recipe(context, workspace, source if isinstance(source, Mapping) else run)
    device = choose_device(recipe.training.device)
    learner = yield from recipe.family.learner(context, workspace, recipe, device)
    assert isinstance(learner, GanLearner)
    trainer = Trainer(learner, recipe.training, device)
    if run:
        checkpoints = workspace.run_folder(run) / "checkpoints"
        trainer.position, _ = load_latest(checkpoints, learner.modules, trainer.optimisers)
    _LATEST.append(_Session(key, learner, trainer))
    return _LATEST[0]


def _recipe(
    context: JobContext, workspace: Workspace, source: str | Mapping[str, Any]
) -> Generator[Event, None, Recipe]:
    """The recipe of a source, with a learning rate that neither rises nor falls, and its data at hand."""
    if isinstance(source, str):
        source = read_toml(workspace.run_folder(workspace.run(source).id) / "recipe.toml")
    recipe = parse_recipe(source)
    if recipe.family.name != NAME:
        raise StudioError(
            f"The recipe is for the family {recipe.family.name!r}, but only a GAN has players to step; choose one of "
            f"the family {NAME!r}."
        )
    yield from fetch_missing_datasets(context, workspace, recipe)
    recipe = resolve(workspace, recipe)
    return recipe.with_values("training", schedule="constant", warmup_steps=0)
