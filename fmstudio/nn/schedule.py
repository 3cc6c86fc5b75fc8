"""Learning-rate schedules as pure functions: a step's multiplier depends on the step and the plan, on nothing else."""

import math
from typing import Literal, get_args

from fmstudio.errors import StudioError

Schedule = Literal["constant", "cosine", "warmup-stable-decay"]


def learning_rate_multiplier(
    step: int,
    steps: float,
    *,
    schedule: Schedule = "warmup-stable-decay",
    warm_up: int = 0,
    decay_fraction: float = 0.5,
    final: float = 0.0,
) -> float:
    """What the learning rate is multiplied with at `step` (0 … steps - 1) of a run of `steps`.

    A plan that follows the clock may be of no whole number of steps, and of infinitely many before the first.

    Each schedule first rises linearly over `warm_up` steps. Then "constant" stays at 1, "cosine" falls along half a
    cosine to `final` (Loshchilov and Hutter 2017), and "warmup-stable-decay" stays at 1 until the last
    `decay_fraction` of all steps, over which it falls linearly to `final` (Hu et al. 2024, Hägele et al. 2024).
    """
    if schedule not in get_args(Schedule):
        raise StudioError(f"schedule is {schedule!r}; choose one of {', '.join(get_args(Schedule))}.")
    if step < warm_up:
        return (step + 1) / (warm_up + 1)
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        progress = (step - warm_up) / max(1.0, steps - warm_up)
        return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
    if math.isinf(steps):
        return 1.0
    left = (steps - step) / max(1.0, decay_fraction * steps)
    return final + (1.0 - final) * min(1.0, max(0.0, left))
