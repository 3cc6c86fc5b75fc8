"""What a run's curves mean, in one sentence with what to do: it learns, memorises, diverges, stalls or forgets."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.widgets.plot.series import Series

TRAINING, VALIDATION = "loss/training", "loss/validation"

_RISE = 0.02
"""The part by which validation must have risen above its best to be called rising, and not noise."""

_BLOW_UP = 0.1
"""The part by which the training loss must have risen as well before a run is said to diverge."""

_FORGOTTEN = 0.05
"""The part by which the loss on a model's old data must have risen before it is said to forget."""

ALLOWED = 0.05
"""Nats a token by which an adapter may forget where its recipe does not say."""

_FORGOT = "It has forgotten more than is allowed; what would help stands above."

_STILL = 0.005
"""The part that validation must still gain over the later half of its measurements, or it stalls."""

_ENOUGH = 6  # validations before a run can be said to stall
_OWN = {"training", "validation"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: "learns", "overfits", "diverges", "stalls", "forgets", or "" where nothing can be said yet."""

    kind: str
    sentence: str

    @property
    def warns(self) -> bool:
        """Whether a person should do something."""
        return self.kind not in ("", "learns")


def can_be_judged(run: RunState) -> bool:
    """Whether such a run is judged by held-back data; a GAN, whose losses say nothing of its pictures, is not."""
    return VALIDATION in run.series


def measurements(run: RunState) -> int:
    """How many values of held-back and old data there are: with each the verdict may change."""
    return sum(len(series) for name, series in run.series.items() if name.startswith("loss/") and name != TRAINING)


def verdict_of(run: RunState) -> Verdict:
    """What the measurements so far mean."""
    validation = _known(run.series.get(VALIDATION))
    if len(validation) < 2:
        return Verdict("", "What the curves mean is told here after the second validation.")
    steps, values = validation[:, 0], validation[:, 1]
    best = int(values.argmin())
    risen = values[-1] > values[best] * (1 + _RISE)
    if risen and len(values) - best > 2:
        if _training_rose(run, steps[best]):
            return _diverges(run, int(steps[best]))
        return _overfits(run, int(steps[best]), values[best], values[-1])
    if lost := _lost(run):
        return lost
    for name, first, last in _old_data(run):
        if last > first * (1 + _FORGOTTEN):
            return _forgets(name, first, last)
    middle = len(values) // 2
    if len(values) >= _ENOUGH and values[middle:].min() > values[: middle + 1].min() * (1 - _STILL):
        return _stalls(run, int(steps[: middle + 1][values[: middle + 1].argmin()]))
    if best == 0:
        return Verdict("", "Validation has not fallen yet.")
    return Verdict(
        "learns", f"Validation falls, {_change(values[0], values[best])}: it learns what holds for new data."
    )


def _known(series: Series | None) -> np.ndarray:
    """Steps and finite values of a curve as rows of two."""
    if series is None:
        return np.empty((0, 2))
    rows = np.column_stack([series.steps, series.values])
    return rows[np.isfinite(rows[:, 1])]


def _training_rose(run: RunState, since: float) -> bool:
    """Whether the training loss is higher now than it was at a step; single batches are averaged."""
    rows = _known(run.series.get(TRAINING))
    before, after = rows[rows[:, 0] <= since][-20:, 1], rows[rows[:, 0] > since][-20:, 1]
    return bool(len(before) and len(after) and after.mean() > before.mean() * (1 + _BLOW_UP))


def _old_data(run: RunState) -> Iterator[tuple[str, float, float]]:
    """Name, first and latest loss of each dataset that the model came from."""
    for name, series in run.series.items():
        group, _, curve = name.partition("/")
        if run.init and group == "loss" and curve and curve not in _OWN and len(rows := _known(series)) > 1:
            yield curve, rows[0, 1], rows[-1, 1]


def _overfits(run: RunState, step: int, best: float, last: float) -> Verdict:
    told = f"Validation has risen since step {step:,}, {_change(best, last)}: it is memorising."
    training = run.recipe.get("training")
    keeps_best = not isinstance(training, dict) or training.get("keep", "best") == "best"
    if not keeps_best:
        return Verdict("overfits", f"{told} Train again with “Keep which model” at the best, or for {step:,} steps.")
    if run.live:
        return Verdict("overfits", f"{told} Stop it: the best, of step {step:,}, is kept.")
    return Verdict("overfits", f"{told} The model is the best, of step {step:,}; more data would help.")


def _diverges(run: RunState, step: int) -> Verdict:
    training = run.recipe.get("training")
    rate = training.get("learning_rate") if isinstance(training, dict) else None
    now = f", now {rate:g}" if isinstance(rate, float) else ""
    told = f"The loss rises since step {step:,}, in training too: the updates are too large."
    return Verdict(
        "diverges", f"{told} {'Stop it and begin' if run.live else 'Begin'} anew with a lower learning rate{now}."
    )


def _forgets(name: str, first: float, last: float) -> Verdict:
    told = f"On “{name}”, which it came from, the loss has risen, {_change(first, last)}: it forgets."
    return Verdict("forgets", f"{told} Mix “{name}” in, or lower the learning rate.")


def allowed_forgetting(run: RunState) -> float:
    """By how many nats a token the loss on what a base knew may rise, as a run's recipe has it."""
    settings = run.recipe.get("retention")
    return float(settings.get("allowed", ALLOWED)) if isinstance(settings, dict) else ALLOWED


def _lost(run: RunState) -> Verdict | None:
    """What an adapter has lost of what its base knew, beyond what is allowed; of one that has ended, what it kept."""
    if not run.live and run.retained:
        return Verdict("forgets", _FORGOT) if run.forgets else None
    rises = {name.removeprefix("forgetting/"): series.last for name, series in run.series.items()
             if name.startswith("forgetting/")}  # fmt: skip
    what, rise = max(rises.items(), key=lambda item: item[1], default=("", 0.0))
    if rise <= allowed_forgetting(run):
        return None
    on = {"text": "old text", "questions": "general questions"}.get(what, what)
    above = f"on {on} the loss is {formatting.number(rise)} nats a token above the base's"
    return Verdict("forgets", f"It forgets: {above}; {allowed_forgetting(run):g} is allowed.")


def _stalls(run: RunState, step: int) -> Verdict:
    told = f"Validation has hardly changed since step {step:,}: it has stopped learning."
    doing = "Stop it, and try" if run.live else "Try"
    return Verdict("stalls", f"{told} {doing} a larger model, more data or another learning rate.")


def _change(before: float, after: float) -> str:
    return f"from {formatting.number(before)} to {formatting.number(after)}"
