"""The reverse process, shown step by step: from noise to pictures, from one seed to another.

Each job yields a Sample "step-0000", "step-0001", … for every step of the sampler, with what the network saw and said:
the noisy state, the clean picture that it expects there and the noise that it sees. The last one is the result.
"""

import math
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.families.chance import latents, noise, spherical
from fmstudio.families.diffusion_model import FRESH_NOISE, DiffusionModel, load_diffusion
from fmstudio.families.diffusion_settings import guidance_setting, sampler_setting, steps_setting
from fmstudio.families.pictures import to_uint8
from fmstudio.jobs import Event, JobContext, Progress, Sample
from fmstudio.jobs.context import Job
from fmstudio.laboratory.opened import opened
from fmstudio.laboratory.shades import noise_shades
from fmstudio.nn.noise_path import NoisePath
from fmstudio.nn.samplers import Step, sampler_of
from fmstudio.recipe import build, setting
from fmstudio.recipe import settings as settings_of
from fmstudio.training.device import choose_device
from fmstudio.training.snapshot import model_folder
from fmstudio.workspace import Workspace

MOST_KEPT = 1_000_000_000
"""Bytes of pictures that a walk may show in all its steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How a sampler walks back from noise."""

    sampler: str = sampler_setting()
    steps: int = steps_setting(20)
    guidance: float = guidance_setting()
    seed: int = setting(0, "Which noise to begin from.", minimum=0, maximum=2**31 - 1)
    count: int = setting(16, "How many pictures to draw.", minimum=1, maximum=64)


def about(context: JobContext, workspace: Workspace, model: str) -> Job:
    """What a window must know of a model to ask for pictures: yields one Sample "diffusion"."""
    loaded = yield from open_model(context, workspace, model)
    data = {
        "height": loaded.height,
        "width": loaded.width,
        "channels": loaded.channels,
        "conditions": loaded.conditions.to_json(),
        "path": path_name(loaded),
        "parameters": sum(each.numel() for each in loaded.network.parameters()),
        "settings": settings_of(Walk),
    }
    yield Sample("diffusion", "diffusion", data)
    return {"model": model}


def walk(
    context: JobContext,
    workspace: Workspace,
    model: str,
    settings: Mapping[str, Any] | None = None,
    condition: Mapping[str, str] | None = None,
) -> Job:
    """From noise to pictures."""
    chosen = build(Walk, dict(settings or {}), "")
    loaded = yield from open_model(context, workspace, model)
    x = latents(shape_of(loaded), chosen.seed, chosen.count)
    times = loaded.path.timesteps(chosen.steps)
    return (yield from shown_walk(context, loaded, x, times, chosen, condition or {}))


def between(
    context: JobContext,
    workspace: Workspace,
    model: str,
    seeds: Sequence[int] = (0, 1),
    frames: int = 16,
    settings: Mapping[str, Any] | None = None,
    condition: Mapping[str, str] | None = None,
) -> Job:
    """The pictures of noises that lie between those of two seeds, each made in the same number of steps."""
    chosen = build(Walk, {**(settings or {}), "count": frames}, "")
    if frames < 2:
        raise StudioError(f"frames is {frames}, but it must be at least 2: the two ends.")
    loaded = yield from open_model(context, workspace, model)
    first, last = (latents(shape_of(loaded), seed, 1)[0] for seed in seeds)
    x = spherical(first, last, torch.linspace(0.0, 1.0, frames))
    times = loaded.path.timesteps(chosen.steps)
    return (yield from shown_walk(context, loaded, x, times, chosen, condition or {}, same_noise=True))


# What the jobs share.


def open_model(context: JobContext, workspace: Workspace, reference: str) -> Generator[Event, None, DiffusionModel]:
    """A diffusion model by whatever a person calls it; raises StudioError where it is of another family."""
    folder, family = yield from model_folder(context, workspace, reference)
    if family != "diffusion":
        raise StudioError(f"“{reference}” is a {family} model; choose a diffusion model.")
    return opened(folder, load_diffusion).to(choose_device("auto"))


def shape_of(model: DiffusionModel) -> tuple[int, int, int]:
    """(channels, height, width)."""
    return model.channels, model.height, model.width


def device_of(model: DiffusionModel) -> torch.device:
    """Where the model's weights are."""
    return next(model.network.parameters()).device


def path_name(model: DiffusionModel) -> str:
    """The name by which the forward process of a model can be looked at."""
    schedule = getattr(model.path, "schedule", "")
    return f"{model.path.name}-{schedule}" if schedule else model.path.name


def shown_walk(
    context: JobContext,
    model: DiffusionModel,
    x: Tensor,
    times: Tensor,
    chosen: Walk,
    condition: Mapping[str, str],
    same_noise: bool = False,
) -> Job:
    """Walk from the states x at times[0] and yield every step; `same_noise` gives all pictures one fresh noise."""
    x = x.to(device_of(model))
    denoiser = model.denoiser(model.conditions.tensor(condition, len(x)), chosen.guidance)

    def fresh(index: int) -> Tensor:
        return step_noise(x, chosen.seed, index, same_noise)

    steps = sampler_of(chosen.sampler)(denoiser, model.path, x, times, fresh)
    return (yield from shown_steps(context, model, steps, len(times) - 1, len(x)))


def step_noise(x: Tensor, seed: int, index: int, same: bool = False) -> Tensor:
    """What a sampler draws anew at a step, of x's shape; a picture's does not depend on how many there are."""
    if same:
        return noise(x.shape[1:], seed, index, FRESH_NOISE).to(x.device).expand_as(x)
    drawn = [noise(x.shape[1:], seed, index, FRESH_NOISE + number) for number in range(len(x))]
    return torch.stack(drawn).to(x.device)


def shown_steps(context: JobContext, model: DiffusionModel, steps: Iterator[Step], total: int, pictures: int) -> Job:
    """Yield each step as something to look at, then the result; counts what the network was asked."""
    _check_size(model, total, pictures)
    asked, step = Evaluations(model.network), None
    for index in range(total):
        with torch.no_grad(), asked:  # for this step alone: between two steps the thread does other work
            step = next(steps)
        yield _shown(index, total, step, model.path)
        yield Progress(index + 1, total, "steps")
        if context.stopping:
            break
    else:
        yield _result(total, step, model.path)
    each, seconds = asked.pictures // pictures, asked.seconds
    return {
        "pictures": pictures,
        "steps": index + 1,
        "evaluations": each,
        "seconds": seconds,
        "seconds_per_evaluation": seconds / max(each, 1),
    }


def _check_size(model: DiffusionModel, total: int, pictures: int) -> None:
    """All steps are kept by whoever looks at them."""
    size = 3 * (total + 1) * pictures * model.height * model.width * model.channels
    if size > MOST_KEPT:
        raise StudioError(
            f"{total:,} steps of {pictures} pictures of {model.width} × {model.height} take {size / 1e9:.1f} GB to be "
            f"shown, more than the {MOST_KEPT / 1e9:g} GB that are kept; take fewer steps or fewer pictures."
        )


def _shown(index: int, total: int, step: Step, path: NoisePath) -> Sample:
    views = {
        "state": to_uint8(step.state),
        "denoised": to_uint8(step.denoised),
        "noise": noise_shades(step.noise_estimate),
    }
    return _sample(index, total, step.time, path, views)


def _result(total: int, step: Step | None, path: NoisePath) -> Sample:
    """The end of the walk, where no noise is left to be seen."""
    assert step is not None
    pictures = to_uint8(step.next_state)
    views = {"state": pictures, "denoised": pictures, "noise": np.full_like(pictures, 128)}
    return _sample(total, total, step.time_next, path, views)


def _sample(index: int, total: int, at: float, path: NoisePath, views: Mapping[str, np.ndarray]) -> Sample:
    place = torch.tensor(at, dtype=torch.float64)
    alpha, sigma = float(path.alpha(place)), float(path.sigma(place))
    ratio = 20.0 * math.log10(alpha / sigma) if alpha > 0.0 < sigma else math.copysign(math.inf, alpha - sigma)
    data = {"index": index, "steps": total, "time": at, "alpha": alpha, "sigma": sigma, "decibels": ratio, **views}
    return Sample(f"step-{index:04d}", "diffusion-step", data)


class Evaluations:
    """Counts the pictures that a network is asked about, and the seconds, while it is used in `with` statements."""

    def __init__(self, network: nn.Module) -> None:
        self.pictures, self.seconds = 0, 0.0
        self._network = network

    def __enter__(self) -> "Evaluations":
        self._hook = self._network.register_forward_hook(self._count)
        self._began = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self._began
        self._hook.remove()

    def _count(self, _: nn.Module, inputs: tuple[Any, ...], __: Any) -> None:
        self.pictures += len(inputs[0])
