"""How long a step takes, measured on the real thing before anyone waits for it."""

import statistics
import time
from collections.abc import Generator

from fmstudio.jobs import Event, Progress
from fmstudio.training.device import synchronise
from fmstudio.training.loop import Trainer

WARM_UP = 2
"""Steps left out of the measurement: the first ones allocate memory and start threads."""

SECONDS = 1.5
"""How long the measurement takes, when that is enough for three steps."""


def seconds_per_step(trainer: Trainer) -> Generator[Event, None, float]:
    """Make real steps with `trainer`, which is spent afterwards, and return the median of their durations."""
    durations: list[float] = []
    while len(durations) < WARM_UP + 3 or sum(durations) < SECONDS:
        began = time.perf_counter()
        trainer.step()
        synchronise(trainer.device)
        durations.append(time.perf_counter() - began)
        yield Progress(min(sum(durations), SECONDS), SECONDS, "s", "measuring a step")
    return statistics.median(durations[WARM_UP:])
