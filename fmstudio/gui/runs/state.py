"""What the window knows of one training run: fed by its job's events or read from the workspace, seen by any view.

A view takes a `RunState` in its constructor and subscribes to `changed`. It can come and go while the run goes on.
"""

import math
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.runs.sheets import read_sheet
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.jobs import (
    Artefact,
    Event,
    Failed,
    Finished,
    Metrics,
    Note,
    Paused,
    Progress,
    Queued,
    Resumed,
    Sample,
    Started,
)
from fmstudio.workspace import RunRecord, Workspace

LIVE = ("queued", "running", "paused", "stopping")
RESUMABLE = ("stopped", "interrupted", "failed", "cancelled")
WORDS = {
    "queued": "Waiting",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Stopping",
    "completed": "Finished",
    "stopped": "Stopped early",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a run's log. `clock` is the time of day, empty for lines of an earlier session."""

    clock: str
    text: str
    level: str = "info"


class RunState(QObject):
    """One run. `changed` names what is new: "metrics", "progress", "sample", "status", "log"; `flush` emits it."""

    changed = Signal(str)

    def __init__(self, name: str, recipe: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.id = ""
        self.job = ""
        self.name = name
        self.recipe = dict(recipe or {})
        self.recipe_text = ""
        self.created = ""
        self.status = "queued"
        self.phase = ""
        self.step, self.steps = 0, int(self._setting("training", "steps", 0))
        self.seconds = 0.0
        self.rate: float | None = None
        self.rate_unit = ""
        self.seconds_left: float | None = None
        self.series: dict[str, Series] = {}
        self.samples: dict[int, str | np.ndarray] = {}
        self.log: list[LogLine] = []
        self.reason = self.details = ""
        self.model = ""
        self._news: dict[str, None] = {}

    # Reading it.

    @property
    def live(self) -> bool:
        """Whether its job has not ended."""
        return self.status in LIVE

    @property
    def resumable(self) -> bool:
        """Whether it can go on from a checkpoint."""
        return self.status in RESUMABLE and bool(self.id)

    @property
    def status_words(self) -> str:
        """The status as a person reads it, with the phase of a run that is not stepping yet."""
        return (
            self.phase.capitalize() if self.status == "running" and self.phase else WORDS.get(self.status, self.status)
        )

    @property
    def best(self) -> tuple[int, float] | None:
        """Step and value of the lowest validation loss."""
        series = self.series.get("loss/validation")
        if series is None or not len(series):
            return None
        known = [(value, step) for value, step in zip(series.values, series.steps, strict=True) if math.isfinite(value)]
        value, step = min(known, default=(None, 0))
        return None if value is None else (int(step), float(value))

    @property
    def family(self) -> str:
        """What kind of model it trains."""
        return str(self.recipe.get("family", ""))

    @property
    def unit(self) -> str:
        """What it learns from, counted: tokens, pictures."""
        return self.rate_unit.removesuffix("/s") or ("pictures" if self.family != "language" else "tokens")

    @property
    def units_per_step(self) -> float:
        """Tokens or pictures that one step sees."""
        each = self._setting("model", "context", 1) if self.unit == "tokens" else 1
        return float(self._setting("training", "batch_size", 16) * each)

    @property
    def datasets(self) -> list[str]:
        """Names of what it trains on."""
        chosen = self._setting("data", "datasets", [])
        chosen = [chosen] if isinstance(chosen, str) else chosen
        return [each if isinstance(each, str) else _name_of(each) for each in chosen]

    @property
    def init(self) -> str:
        """The model it continues from, or nothing."""
        return str(self.recipe.get("init", ""))

    @property
    def fraction(self) -> float:
        """Part done, 0 to 1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0

    def _setting(self, section: str, name: str, default: Any) -> Any:
        table = self.recipe.get(section)
        return table.get(name, default) if isinstance(table, Mapping) else default

    # Feeding it.

    def take(self, event: Event) -> None:
        """The next event of the run's job. Views hear of it at the next `flush`."""
        match event:
            case Metrics():
                self._take_metrics(event)
            case Progress():
                self._take_progress(event)
            case Sample(name="sample", kind="text" | "images"):
                self.samples[event.step] = event.data
                self._tell("sample")
            case Note():
                self._note(event.text, event.level)
            case Artefact():
                self._take_artefact(event)
            case Failed():
                self.reason, self.details = event.reason, event.details
                self._end("failed", event.reason, "error")
            case Finished():
                self.model = str(event.result.get("model") or self.model)
                self._end(event.outcome, f"{WORDS[event.outcome]} at step {self.step:,}.")
            case Queued() | Started() | Paused() | Resumed():
                self._take_lifecycle(event)

    def _take_metrics(self, event: Metrics) -> None:
        self.step = max(event.step, 0)
        self.seconds = event.seconds
        for name, value in event.values.items():
            if name not in self.series:
                self.series[name] = Series()
                self._tell("curves")
            self.series[name].append(event.step, value, event.seconds)
        self._tell("metrics")

    def _take_progress(self, event: Progress) -> None:
        stepping = event.unit == "steps"
        if stepping and event.done >= self.step:
            self.step, self.steps = int(event.done), int(event.total or self.steps)
            if event.rate is not None:
                self.rate, self.rate_unit = event.rate, event.rate_unit
        # Before the first step a run makes its data ready; it then counts bytes or documents, not steps.
        self.phase = "" if stepping else event.message or "preparing the data"
        self._tell("progress")

    def _take_artefact(self, event: Artefact) -> None:
        if event.kind == "run":
            self.id = event.name
            self._tell("status")
        elif event.kind == "model":
            self.model = event.name
            self._note(f"Model “{event.name}” is kept in {event.path}.")
            self._tell("status")
        elif event.kind == "checkpoint":
            self._note(f"Checkpoint {event.name}.")

    def _take_lifecycle(self, event: Event) -> None:
        self.status = "queued" if isinstance(event, Queued) else "paused" if isinstance(event, Paused) else "running"
        if isinstance(event, Started):
            self.reason = self.details = ""
            self._note("Started.")
        elif isinstance(event, (Paused, Resumed)):
            self._note("Paused." if isinstance(event, Paused) else "Resumed.")
        self._tell("status")

    def follow(self, job: JobState) -> None:
        """Take what only the job's own state knows: that it is stopping, and how long it will still take."""
        if job.active and job.status == "stopping" != self.status:
            self.status = "stopping"
            self._tell("status")
        self.seconds_left = job.meter.seconds_left if job.active and not self.phase else None

    def _end(self, status: str, text: str, level: str = "info") -> None:
        self.status, self.phase, self.seconds_left = status, "", None
        self._note(text, level)
        self._tell("status")

    def _note(self, text: str, level: str = "info") -> None:
        self.log.append(LogLine(time.strftime("%H:%M:%S"), text, level))
        self._tell("log")

    def _tell(self, what: str) -> None:
        self._news[what] = None

    def flush(self) -> None:
        """Tell the views what is new since the last time."""
        news, self._news = self._news, {}
        for what in news:
            self.changed.emit(what)


def stored_run(workspace: Workspace, record: RunRecord) -> RunState:
    """A run of an earlier session, as its job would have left it."""
    state = RunState(record.name, _parsed(record.recipe))
    state.id, state.created, state.recipe_text = record.id, record.created, record.recipe
    take_record(state, record)
    for name, stored in workspace.metrics(record.id).items():
        state.series[name] = series = Series()
        series.extend(stored.steps.astype(float), stored.values, stored.seconds)
    state.samples = _stored_samples(workspace.run_folder(record.id) / "samples")
    for name, rates in state.series.items():
        if name.endswith("_per_second"):
            state.rate, state.rate_unit = float(rates.values.mean()), f"{name.removesuffix('_per_second')}/s"
    return state


def take_record(state: RunState, record: RunRecord) -> None:
    """What the index knows of a run that has no job here. One that claims to be running was interrupted."""
    state.status = "interrupted" if record.status == "running" else record.status
    state.step, state.steps, state.seconds = record.step, record.steps or state.steps, record.seconds
    state.model = record.model
    state.created = record.created
    state.reason = str(record.details.get("reason", state.reason))
    state.details = str(record.details.get("traceback", state.details))


def _parsed(recipe: str) -> dict[str, Any]:
    try:
        return tomllib.loads(recipe)
    except tomllib.TOMLDecodeError:
        return {}


def _stored_samples(folder: Path) -> dict[int, str | np.ndarray]:
    found: dict[int, str | np.ndarray] = {}
    for file in sorted(folder.glob("step-*")):
        digits = file.stem.removeprefix("step-")
        if not digits.isdigit():
            continue
        sample = read_sheet(file) if file.suffix == ".png" else file.read_text("utf-8", errors="replace")
        if sample is not None:
            found[int(digits)] = sample
    return found


def _name_of(choice: Any) -> str:
    return str(choice.get("name", "")) if isinstance(choice, Mapping) else str(getattr(choice, "name", choice))
