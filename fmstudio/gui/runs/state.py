"""What the window knows of one training run: fed by its job's events or read from the workspace, seen by any view.

A view takes a `RunState` in its constructor and subscribes to `changed`. It can come and go while the run goes on.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.job_board import JobState
from fmstudio.gui.runs.status import FORGETS, FORGETS_ICON, ICONS, LIVE, RESUMABLE, WORDS, RunStanding
from fmstudio.jobs import (
    Artefact,
    Event,
    Failed,
    Finished,
    Metrics,
    Note,
    Paused,
    Progress,
    Resumed,
    Sample,
    Started,
)
from fmstudio.workspace import RunRecord
from fmstudio.workspace.records import parsed_recipe

if TYPE_CHECKING:  # loaded when there are numbers: the window opens sooner without them
    import numpy as np

    from fmstudio.gui.runs.measured import Measured, Table
    from fmstudio.gui.runs.scores import ScorePool, Scores
    from fmstudio.gui.widgets.plot.series import Series

MOST_SHEETS = 300
"""Sheets of pictures that are kept; beyond them every second of the older half goes, so that the beginning stays."""

_PER_SECOND = "_per_second"
_TABLES = {"sample": "answers", "rows": "rows", "group": "groups"}
"""Where the tables of a job are kept, by their names."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a run's log. `clock` is the time of day, empty for lines of an earlier session."""

    clock: str
    text: str
    level: str = "info"


class RunState(QObject):
    """One run: waiting, training, held, or ended, in this session or long ago; or steps that a person takes by hand.

    changed(what): what is new: "metrics", "curves" (there are other ones), "progress", "sample", "scores", "status",
    "log". `flush` emits it.
    """

    changed = Signal(str)

    def __init__(
        self, name: str, recipe: Mapping[str, Any] | None = None, read: "Callable[[], Measured] | None" = None
    ) -> None:
        """read: reads the curves and samples of an earlier session; called when someone first looks at them."""
        super().__init__()
        self.id = ""
        self.job = ""
        self.name = name
        self.created = ""
        self.status: RunStanding = "queued"
        self.phase = ""
        self.seconds = 0.0
        self.seconds_left: float | None = None
        self.scores: Scores | None = None
        self.log: list[LogLine] = []
        self.reason = self.details = ""
        self.model = ""
        self.forgets, self.retained = False, ""
        self._recipe, self._recipe_text = recipe or {}, ""
        self._family = str(self._recipe.get("family", ""))
        self.step, self.steps = 0, 0 if self.timed else int(self._setting("training", "steps", 0))
        self._read = read
        self._measured: Measured | None = None
        self._rate: tuple[float, str] | None = None
        self._pool: ScorePool | None = None
        self._news: dict[str, None] = {}

    # Reading it.

    @property
    def live(self) -> bool:
        """Whether it has a job here that has not ended."""
        return self.status in LIVE

    @property
    def resumable(self) -> bool:
        """Whether it can go on from a checkpoint."""
        return self.status in RESUMABLE and bool(self.id)

    @property
    def status_words(self) -> str:
        """The status as a person reads it, with the phase of a run that is not stepping yet."""
        return self.phase.capitalize() if self.status == "running" and self.phase else self.words

    @property
    def words(self) -> str:
        """The status alone; a run that forgets does not simply finish."""
        return FORGETS if self.status == "completed" and self.forgets else WORDS[self.status]

    @property
    def icon(self) -> tuple[str, str]:
        """The status as an icon: its name and colour."""
        return FORGETS_ICON if self.status == "completed" and self.forgets else ICONS[self.status]

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Its recipe as nested tables."""
        if self._recipe_text:
            self._recipe, self._recipe_text = parsed_recipe(self._recipe_text), ""
        return self._recipe

    @property
    def family(self) -> str:
        """What kind of model it trains."""
        return self._family

    @property
    def opened(self) -> bool:
        """Whether its curves and samples are at hand."""
        return self._measured is not None

    @property
    def series(self) -> "dict[str, Series]":
        """What was measured, by the name of the metric."""
        return self._open().series

    @property
    def samples(self) -> "dict[int, str | np.ndarray]":
        """What the model wrote or drew, by step: a text, or (count, height, width, channels) of uint8."""
        return self._open().samples

    @property
    def answers(self) -> "dict[int, Table]":
        """What an adapter answered to the same questions beside its base, by step: question, base, now."""
        return self._open().answers

    @property
    def rows(self) -> "dict[int, Table]":
        """The held-back rows of the highest and of the lowest loss, by step: dataset, number, question, loss, side."""
        return self._open().rows

    @property
    def groups(self) -> "dict[int, Table]":
        """The answers of a step that rules rewarded, by step: prompt, answer, rewards by rule, reward, advantage."""
        return self._open().groups

    def _open(self) -> "Measured":
        if self._measured is None:
            from fmstudio.gui.runs.measured import Measured

            self._measured = self._read() if self._read else Measured()
        return self._measured

    def last(self, name: str) -> float:
        """The latest value of a metric, NaN where there is none."""
        return self.series[name].last if name in self.series else math.nan

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
    def rate(self) -> tuple[float, str] | None:
        """Its pace and the pace's unit: the latest that its job told, else the mean of what was measured."""
        if self._rate is None:
            for name, rates in self.series.items():
                if name.endswith(_PER_SECOND) and len(rates):
                    return float(rates.values.mean()), f"{name.removesuffix(_PER_SECOND)}/s"
        return self._rate

    @property
    def unit(self) -> str:
        """What it learns from, counted: tokens, pictures."""
        reads = self.family == "language" or "retention" in self.recipe
        return (self.rate or (0, ""))[1].removesuffix("/s") or ("tokens" if reads else "pictures")

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
    def timed(self) -> bool:
        """Whether it ends by the clock, so that its number of steps is a guess until then."""
        return bool(self._setting("training", "minutes", 0))

    @property
    def reached(self) -> str:
        """How far it came, in words: "120 of 200 steps"."""
        return f"{self.step:,} of {self.steps:,} steps" if self.step < self.steps else f"{self.step:,} steps"

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
            case Sample():
                self._take_sample(event)
            case Note():
                self._note(event.text, event.level)
            case Artefact():
                self._take_artefact(event)
            case Started():
                self.reason = self.details = ""
                self._note("Started.")
            case Paused():
                self._note("Paused.")
            case Resumed():
                self._note("Resumed.")
            case Failed():
                self.reason, self.details = event.reason, event.details
                self._note(event.reason, "error")
            case Finished():
                self.model = str(event.result.get("model") or self.model)
                self._take_retained(event.result)
                self._note(f"{WORDS[event.outcome]} at step {self.step:,}.")

    def _take_metrics(self, event: Metrics) -> None:
        from fmstudio.gui.widgets.plot.series import Series

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
                self._rate = event.rate, event.rate_unit
        # Before the first step a run makes its data ready; it then counts bytes or documents, not steps.
        self.phase = "" if stepping else event.message or "preparing the data"
        self._tell("progress")

    def _take_sample(self, event: Sample) -> None:
        if event.kind == "scores" and isinstance(event.data, dict):
            from fmstudio.gui.runs.scores import ScorePool

            self._pool = self._pool or ScorePool()
            self.scores = self._pool.add(event.data, event.step)
            self._tell("scores")
        elif event.kind == "table" and event.name in _TABLES:
            getattr(self, _TABLES[event.name])[event.step] = event.rows
            self._tell("sample")
        elif event.name == "sample" and event.kind in ("text", "images") and not isinstance(event.data, (list, dict)):
            self.samples[event.step] = event.data
            if event.kind == "images" and len(self.samples) > MOST_SHEETS:
                steps = sorted(self.samples)
                for step in steps[1 : len(steps) // 2 : 2]:
                    del self.samples[step]
            self._tell("sample")

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

    def _take_retained(self, known: Mapping[str, Any]) -> None:
        """What is left of what the base knew: whether that is too little, and a sentence."""
        self.forgets, self.retained = bool(known.get("forgets", False)), str(known.get("retained", ""))

    def follow(self, job: JobState) -> None:
        """Stand as its job stands: waiting, running, held, stopping or ended; and how long it will still take."""
        self.job = job.id
        if job.status != self.status:
            self.status = job.status
            self._tell("status")
        if not job.active:
            self.phase = ""
        self.seconds_left = job.meter.seconds_left if job.active and not self.phase else None

    def take_record(self, record: RunRecord, elsewhere: bool = False) -> None:
        """What the workspace has of a run that has no job here. elsewhere: another program trains it now.

        One that claims to be running, and is not, was interrupted.
        """
        if record.step > self.step and self._read:
            self._measured = None  # another program has gone on with it
            self._tell("curves")
            self._tell("sample")
        claimed: RunStanding = "elsewhere" if elsewhere else "interrupted"
        self.status = claimed if record.status == "running" else record.status
        self.id, self.created, self._family = record.id, record.created, record.family
        self.step, self.steps, self.seconds = record.step, record.steps or self.steps, record.seconds
        self.model = record.model
        self.reason = str(record.details.get("reason", self.reason))
        self.details = str(record.details.get("traceback", self.details))
        self._take_retained(record.details)
        self.name = record.name
        self._recipe_text = record.recipe
        self._tell("status")

    def _note(self, text: str, level: str = "info") -> None:
        self.log.append(LogLine(time.strftime("%H:%M:%S"), text, level))
        self._tell("log")

    def _tell(self, what: str) -> None:
        self._news[what] = None

    def flush(self) -> frozenset[str]:
        """Tell the views what is new since the last time; returns it."""
        news, self._news = self._news, {}
        for what in news:
            self.changed.emit(what)
        return frozenset(news)


def _name_of(choice: Any) -> str:
    return str(choice.get("name", "")) if isinstance(choice, Mapping) else str(getattr(choice, "name", choice))
