"""Editing a picture with a diffusion model: drawing it anew from a noisier version, or filling a region of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.errors import StudioError
from fmstudio.families.chance import latents, noise
from fmstudio.families.pictures import from_uint8
from fmstudio.jobs import JobContext
from fmstudio.jobs.context import Job
from fmstudio.laboratory.diffusion import Walk, device_of, open_model, shape_of, shown_steps, step_noise
from fmstudio.nn.noise_path import NoisePath
from fmstudio.nn.samplers import Denoiser, Sampler, Step, sampler_of
from fmstudio.recipe import build
from fmstudio.workspace import Workspace

TRAVEL_STREAM = 3_000_001  # the noise of going back, apart from the samplers' own


def edit(
    context: JobContext,
    workspace: Workspace,
    model: str,
    picture: np.ndarray,
    mask: np.ndarray | None = None,
    strength: float = 0.6,
    rounds: int = 1,
    settings: Mapping[str, Any] | None = None,
    condition: Mapping[str, str] | None = None,
) -> Job:
    """Change a picture, (height, width, channels) of uint8, in the model's size; yields steps as `diffusion.walk` does.

    strength: the time in (0, 1] from which the picture is drawn anew, after as much noise was added (Meng et al. 2022,
    "SDEdit"). mask: (height, width), true where the picture is to be filled; None draws all of it. rounds: how often
    each step is taken, going back between, so that the filled region can agree with what is around it.
    """
    chosen = build(Walk, dict(settings or {}), "")
    _check(strength, rounds)
    loaded = yield from open_model(context, workspace, model)
    _check_shape(picture, mask, (loaded.height, loaded.width, loaded.channels))
    device = device_of(loaded)
    known = from_uint8(picture[None]).expand(chosen.count, -1, -1, -1).to(device)
    times = loaded.path.timesteps(chosen.steps, strength)
    x = loaded.path.add_noise(known, latents(shape_of(loaded), chosen.seed, chosen.count).to(device), times[0])
    denoiser = loaded.denoiser(loaded.conditions.tensor(condition or {}, chosen.count), chosen.guidance)
    if mask is not None:
        denoiser = keeping(denoiser, known, torch.from_numpy(np.ascontiguousarray(mask, bool)).to(device))
    steps = travelling(sampler_of(chosen.sampler), denoiser, loaded.path, x, times, chosen.seed, rounds)
    return (yield from shown_steps(context, loaded, steps, chosen.steps, chosen.count))


def keeping(denoiser: Denoiser, known: Tensor, mask: Tensor) -> Denoiser:
    """A denoiser that is sure of what is known: outside the mask it answers the known picture, whatever the state.

    This is the null-space projection of Wang et al. 2023 ("DDNM", equation 13) for a region that is missing. As only
    the denoiser's answer changes, every sampler can fill a region.
    """

    def answer(x: Tensor, t: Tensor) -> Tensor:
        return torch.where(mask, denoiser(x, t), known)

    return answer


def travelling(
    sampler: Sampler, denoiser: Denoiser, path: NoisePath, x: Tensor, times: Tensor, seed: int, rounds: int
) -> Iterator[Step]:
    """Take each step `rounds` times, going back by adding noise between (Lugmayr et al. 2022, "RePaint", algorithm 1).

    With more than one round a sampler that remembers earlier steps, DPM-Solver++, takes each step as its first.
    """
    if rounds == 1:
        yield from sampler(denoiser, path, x, times, lambda index: step_noise(x, seed, index))
        return
    for index in range(len(times) - 1):
        for turn in range(rounds):
            number = index * rounds + turn
            drawn = step_noise(x, seed, number)
            step = next(iter(sampler(denoiser, path, x, times[index : index + 2], partial(_same, drawn))))
            back = turn < rounds - 1 and times[index + 1] > 0.0
            if not back:
                break
            x = noisier(path, step.next_state, times[index + 1], times[index],
                        noise(x.shape, seed, number, TRAVEL_STREAM).to(x.device))  # fmt: skip
        yield replace(step, index=index)
        x = step.next_state


def noisier(path: NoisePath, x: Tensor, now: Tensor, then: Tensor, drawn: Tensor) -> Tensor:
    """The state x at a time taken forward to a noisier one: x_t ~ q(x_t | x_s) (Kingma et al. 2021, equation 20)."""
    ratio = path.alpha(then) / path.alpha(now)
    added = (path.sigma(then).square() - (ratio * path.sigma(now)).square()).clamp(min=0.0).sqrt()
    return ratio * x + added * drawn


def _same(drawn: Tensor, index: int) -> Tensor:
    return drawn


def _check(strength: float, rounds: int) -> None:
    if not 0.0 < strength <= 1.0:
        raise StudioError(f"strength is {strength:g}, but it must be above 0 and at most 1.")
    if not 1 <= rounds <= 20:
        raise StudioError(f"rounds is {rounds}, but it must be from 1 to 20.")


def _check_shape(picture: np.ndarray, mask: np.ndarray | None, shape: tuple[int, int, int]) -> None:
    if picture.shape != shape:
        raise StudioError(f"The picture has the shape {picture.shape}, but the model draws {shape}; choose it again.")
    if mask is not None and mask.shape != shape[:2]:
        raise StudioError(f"The mask has the shape {mask.shape}, but the picture is {shape[:2]}; paint it again.")
    if mask is not None and not mask.any():
        raise StudioError("The mask is empty; paint over what is to be filled, or switch the mask off.")
