"""The one training loop: batch, losses, update, and now and then a validation, a sample and a checkpoint.

It is a generator of events. Each `yield` ends a step's work, so the loop can be held, stopped or overtaken there and
nowhere else. What it measures as training time is the steps alone: not validations, samples, checkpoints or waiting.
"""

import math
import time
from collections.abc import Collection, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from fmstudio.errors import StudioError
from fmstudio.families.family import Learner, Phase
from fmstudio.jobs import Artefact, Event, JobContext, Metrics, Note, Progress
from fmstudio.nn.optimisers import MuonAdamW, parameter_groups
from fmstudio.nn.schedule import Schedule, learning_rate_multiplier
from fmstudio.nn.threads import make_way_for_torch
from fmstudio.training.checkpoint import SAVING, Position, prune, save_checkpoint
from fmstudio.training.clock import FEWEST, Clock
from fmstudio.training.device import autocast
from fmstudio.training.settings import TrainingSettings

Found = TypeVar("Found")

RATE_WINDOW = 1.0
"""Seconds over which tokens/s is averaged before it is reported."""

GLIMPSE_EVERY = 0.5
"""Seconds of training between two looks at what a learner shows of itself."""


class TrainingError(StudioError):
    """Training cannot go on; the message says what to change."""


class Trainer:
    """A learner with its optimisers and its place in the run: what one step needs, and what a checkpoint holds."""

    def __init__(self, learner: Learner, settings: TrainingSettings, device: torch.device) -> None:
        self.learner, self.settings, self.device = learner, settings, device
        self.position = Position()
        self.pace = _Pace(learner.units_per_step)
        self.clock = Clock(settings.minutes)
        self._phases = list(learner.phases())
        self._parameters = {phase.name: list(phase.module.parameters()) for phase in self._phases}
        self.optimisers = {phase.name: build_optimiser(phase, settings) for phase in self._phases}

    def step(self, only: Collection[str] = ()) -> dict[str, Tensor | float]:
        """Make one step and return its metrics, as tensors where reading them would make the device wait.

        only: the phases to make, by name; all of them where none is named.
        """
        make_way_for_torch()  # a model may have been talked to between two steps
        multiplier = self._multiplier()
        number = self.position.step + 1
        batch = self.learner.batch(number)
        metrics: dict[str, Tensor | float] = {"learning_rate": self.settings.learning_rate * multiplier}
        for phase in self._phases:
            if only and phase.name not in only:
                continue
            self.optimisers[phase.name].scale_learning_rates(multiplier)
            metrics |= self._update(phase, batch)
        self.learner.after_step(number)
        self.position.step = number
        return metrics

    def progress(self, message: str = "") -> Progress:
        """Where the run stands and how fast it goes; of how many steps, as far as that is known."""
        return Progress(self.position.step, self.steps, "steps", message, self.pace.rate, f"{self.learner.unit}/s")

    @property
    def steps(self) -> int | None:
        """How many steps there will be; where time is the limit, as it looks now, or None before that can be told."""
        return self.clock.steps_at_end(self.position.step) if self.clock.limited else self.settings.steps

    @property
    def finished(self) -> bool:
        """Whether all steps were made, or the time for them is over."""
        return self.clock.fraction >= 1 if self.clock.limited else self.position.step >= self.settings.steps

    def _multiplier(self) -> float:
        chosen = self.settings
        step, fraction = self.position.step, self.clock.fraction
        return learning_rate_multiplier(
            step,
            # By time, the plan is as long as the steps so far make it: its part that is over is that of the time.
            (step / fraction if step and fraction else math.inf) if self.clock.limited else chosen.steps,
            schedule=cast(Schedule, chosen.schedule),
            warm_up=chosen.warmup_steps,
            decay_fraction=chosen.decay_fraction,
            final=chosen.final_fraction,
        )

    def _update(self, phase: Phase, batch: Any) -> dict[str, Tensor | float]:
        optimiser, parts = self.optimisers[phase.name], self.settings.accumulation
        optimiser.zero_grad(set_to_none=True)
        metrics: dict[str, Tensor | float] = {}
        for part, share in _split(batch, parts):
            with autocast(self.settings, self.device):
                loss, reported = phase.loss(part)
            (loss * share if share < 1 else loss).backward()
            for name, value in reported.items():
                metrics[name] = metrics.get(name, 0.0) + value.detach() * share
        name = "gradient_norm" if len(self._phases) == 1 else f"gradient_norm/{phase.name}"
        metrics[name] = self._clip(self._parameters[phase.name])
        optimiser.step()
        return metrics

    def _clip(self, parameters: list[nn.Parameter]) -> Tensor:
        """Shorten long gradients, if that is wanted; returns how long they were together."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        norm = nn.utils.get_total_norm(gradients, foreach=True)
        if self.settings.gradient_clip:
            nn.utils.clip_grads_with_norm_(parameters, self.settings.gradient_clip, norm, foreach=True)
        return norm


def build_optimiser(phase: Phase, settings: TrainingSettings) -> MuonAdamW:
    """The optimiser that the settings ask for, over all trainable parameters of a phase, each at its rate."""
    if settings.optimiser == "muon":
        rates = {"muon": settings.learning_rate, "adamw": settings.adam_learning_rate}
        groups = parameter_groups(phase.module)
    else:
        rates = {"adamw": settings.learning_rate}
        trained = [parameter for parameter in phase.module.parameters() if parameter.requires_grad]
        groups = [{"method": "adamw", "params": trained}]
    return MuonAdamW(
        list(_at_their_rates(groups, phase, rates)),
        momentum=settings.momentum,
        betas=(settings.adam_beta1, settings.adam_beta2),
        weight_decay=settings.weight_decay,
    )


def _at_their_rates(groups: list[dict[str, Any]], phase: Phase, rates: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """The groups, each in as many as there are learning rates in it."""
    factors = {id(parameter): phase.rate_of(name) for name, parameter in phase.module.named_parameters()}
    for group in groups:
        by_factor: dict[float, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            by_factor.setdefault(factors[id(parameter)], []).append(parameter)
        for factor, parameters in by_factor.items():
            yield {**group, "params": parameters, "lr": rates[group["method"]] * factor}


def _split(batch: Any, parts: int) -> Iterator[tuple[Any, float]]:
    """A batch (a tensor, or a tuple of tensors of equal length) in parts for gradient accumulation.

    With each comes its share of the batch: parts differ by one where the batch cannot be divided, and none is empty.
    """
    if parts == 1:
        yield batch, 1.0
        return
    tensors = (batch,) if isinstance(batch, Tensor) else batch
    size = len(tensors[0])
    for part in zip(*(tensor.tensor_split(min(parts, size)) for tensor in tensors), strict=True):
        yield part[0] if isinstance(batch, Tensor) else part, len(part[0]) / size


def train(context: JobContext, trainer: Trainer, folder: Path) -> Generator[Event, None, None]:
    """Train from the present position to the last step, the end of the time, a stop, or where no validation improves.

    folder: the run's folder, which receives checkpoints/, and best/ with the weights of the best validation.
    """
    trainer.clock = Clock(trainer.settings.minutes, trainer.position.worked)
    yield from trainer.clock.counting(_train(context, trainer, folder))


def _train(context: JobContext, trainer: Trainer, folder: Path) -> Generator[Event, None, None]:
    settings, position, learner, pace = trainer.settings, trainer.position, trainer.learner, trainer.pace
    glimpsed = position.seconds
    try:
        if position.step == 0:
            yield from _validate(trainer, folder)
        while not trainer.finished and not context.stopping:
            yield from _prepare(context, trainer)
            if context.stopping:
                break
            began = time.perf_counter()
            metrics = trainer.step()
            read = _due(trainer) or pace.due(began)
            values = _read(metrics, position.step, settings) if read or trainer.device.type == "cpu" else {}
            position.seconds += time.perf_counter() - began
            pace.add(position.seconds)
            trainer.clock.count()
            position.worked = trainer.clock.used
            if values:
                yield Metrics(position.step, values | pace.metric(learner.unit), position.seconds)
            if position.seconds - glimpsed >= GLIMPSE_EVERY:
                glimpsed = position.seconds
                yield from learner.glimpses(position.step)
            yield trainer.progress()
            if _evaluation_due(trainer):
                yield from _validate(trainer, folder)
            if position.step % settings.checkpoint_every == 0:
                yield from _checkpoint(trainer, folder)
            if settings.patience and position.validations_since_best >= settings.patience:
                yield Note(f"Stopped early: {settings.patience} validations brought nothing better than "
                           f"step {position.best_step:,}.")  # fmt: skip
                break
        if trainer.clock.limited and trainer.finished:
            yield Note(f"The {settings.minutes:g} minutes are over: {position.step:,} steps were made.")
        yield from _conclude(trainer, folder)
    except torch.OutOfMemoryError as error:
        raise TrainingError(_memory_sentence(position)) from error
    except (MemoryError, RuntimeError) as error:
        # torch's CPU allocator raises a plain RuntimeError; its message is the only thing that tells.
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            raise TrainingError(_memory_sentence(position)) from error
        raise


def _prepare(context: JobContext, trainer: Trainer) -> Iterator[Event]:
    """Let the learner make the next step ready, as long as nobody asks it to stop."""
    began = time.perf_counter()
    for event in trainer.learner.prepare(trainer.position.step + 1):
        trainer.position.seconds += time.perf_counter() - began
        trainer.position.worked = trainer.clock.used
        yield event or trainer.progress(trainer.learner.preparing)
        if context.stopping:
            break
        began = time.perf_counter()


def _conclude(trainer: Trainer, folder: Path) -> Iterator[Event]:
    """Leave a checkpoint and a validation of the very end, unless the last step has just made them.

    The checkpoint comes first: a stop's extra validation must not be part of what a resumed run knows, or it would
    end otherwise than one that was never stopped.
    """
    if trainer.position.step % trainer.settings.checkpoint_every != 0:
        yield from _checkpoint(trainer, folder)
    if not _evaluation_due(trainer):
        yield from _validate(trainer, folder, is_last=True)


def _due(trainer: Trainer) -> bool:
    return _evaluation_due(trainer) or trainer.position.step % trainer.settings.checkpoint_every == 0


def _evaluation_due(trainer: Trainer) -> bool:
    return trainer.position.step % trainer.settings.evaluate_every == 0


def _validate(trainer: Trainer, folder: Path, is_last: bool = False) -> Generator[Event, None, None]:
    """Measure, remember whether it was the best so far, and show a sample; the last weights need not be put aside."""
    position, began = trainer.position, trainer.clock.used
    for module in trainer.learner.modules.values():
        module.eval()
    result = yield from _giving_way(trainer, trainer.learner.validate())
    lost = yield from _giving_way(trainer, trainer.learner.forgotten())
    if position.best_score is None or result.score < position.best_score:
        position.best_score, position.best_step, position.validations_since_best = result.score, position.step, 0
        if position.step > 0 and trainer.settings.keep == "best" and not is_last:
            save_checkpoint(folder / "best", position, trainer.learner.modules, {})
            prune(folder / "best", 1)
    else:
        position.validations_since_best += 1
    yield Metrics(position.step, {**result.metrics, **lost}, position.seconds)
    yield from trainer.learner.samples(position.step)
    for module in trainer.learner.modules.values():
        module.train()
    trainer.clock.reserve(trainer.clock.used - began)


def _giving_way(trainer: Trainer, validation: Generator[None, None, Found]) -> Generator[Event, None, Found]:
    """Drive a validation and let other jobs go first after each of its batches."""
    while True:
        try:
            next(validation)
        except StopIteration as end:
            found: Found = end.value
            return found
        yield trainer.progress("validating")


def _checkpoint(trainer: Trainer, folder: Path) -> Iterator[Event]:
    yield trainer.progress(SAVING)
    path = save_checkpoint(folder / "checkpoints", trainer.position, trainer.learner.modules, trainer.optimisers)
    prune(folder / "checkpoints", trainer.settings.keep_checkpoints)
    yield Artefact("checkpoint", path.name, str(path))


def _read(metrics: Mapping[str, Tensor | float], step: int, settings: TrainingSettings) -> dict[str, float]:
    values = {name: float(value) for name, value in metrics.items()}
    for name, value in values.items():
        if not math.isfinite(value):
            plot, _, series = name.replace("_", " ").partition("/")
            raise TrainingError(
                f"The {f'{series} {plot}'.strip()} became {value} at step {step:,}: the updates are too large; lower "
                f"training.learning_rate (now {settings.learning_rate:g}), raise training.warmup_steps (now "
                f"{settings.warmup_steps}) or set training.gradient_clip to 1, and start a new run."
            )
    return values


def _memory_sentence(position: Position) -> str:
    return (
        f"The memory was not enough for step {position.step + 1:,}; lower training.batch_size or the context, or raise "
        "training.accumulation, which needs less memory for the same update."
    )


class _Pace:
    """Tokens or pictures a second, over the last second of training time."""

    def __init__(self, units_per_step: int) -> None:
        self.rate: float | None = None
        self._units = units_per_step
        self._steps = 0
        self._since: float | None = None
        self._fresh = False
        self._next_read = 0.0

    def due(self, now: float) -> bool:
        """Whether numbers should be read from a device on which reading means waiting."""
        if now < self._next_read:
            return False
        self._next_read = now + RATE_WINDOW / 4
        return True

    def add(self, seconds: float) -> None:
        """Count one more step, at a training time of `seconds`."""
        if self._since is None:
            self._since = seconds  # the first step pays for warming up and is not typical
            return
        self._steps += 1
        if seconds - self._since >= RATE_WINDOW or (self.rate is None and self._steps >= FEWEST):
            self.rate = self._steps * self._units / max(seconds - self._since, 1e-9)
            self._fresh = seconds - self._since >= RATE_WINDOW
            if self._fresh:
                self._steps, self._since = 0, seconds

    def metric(self, unit: str) -> dict[str, float]:
        """The rate as a metric, once for each new value."""
        if not self._fresh or self.rate is None:
            return {}
        self._fresh = False
        return {f"{unit}_per_second": self.rate}
