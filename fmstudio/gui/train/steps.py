"""What a run shows of a step, where one follows the latest until one chooses another."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.widgets.form.fields import ChoiceField

LATEST = -1
NOTHING = "(nothing)"
"""What stands for an empty answer."""

Rows = Sequence[Mapping[str, Any]]


class OfSteps(QWidget):
    """Rows of one step. Who inherits lays out `step`, the choice, and says where rows are and how they look."""

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.setObjectName(f"run-{name}")
        self.setAccessibleName(spoken)
        self._run: RunState | None = None
        self._steps: list[int] = []
        self._shown: tuple[object, ...] = ()
        self.step = ChoiceField(f"{name}-step", "Answers of which step", [])
        self.step.edited.connect(self._draw)

    def rows_of(self, run: RunState) -> Mapping[int, Rows]:
        """What a run has, by step."""
        raise NotImplementedError

    def show_step(self, step: int, rows: Rows) -> None:
        """Show what is chosen."""
        raise NotImplementedError

    def set_run(self, run: RunState | None) -> None:
        """Show a run's rows from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run, self._steps, self._shown = run, [], ()
        self.step.clear()
        if run is not None:
            run.changed.connect(self._hear)
            self._hear("sample")

    def _hear(self, what: str) -> None:
        if what != "sample" or self._run is None:
            return
        steps = sorted(self.rows_of(self._run))
        if steps != self._steps:
            self._steps, chosen = steps, self.step.value()
            self.step.clear()
            for step in reversed(steps):
                latest = step == steps[-1]
                self.step.addItem(f"Latest: step {step:,}" if latest else f"Step {step:,}", LATEST if latest else step)
            self.step.set_value(chosen if chosen in steps[:-1] else LATEST)
        self._draw()

    def _draw(self) -> None:
        known = self.rows_of(self._run) if self._run else {}
        chosen = self.step.value()
        step = max(known, default=0) if chosen in (None, LATEST) else chosen
        rows = known.get(step, [])
        if (step, rows) != self._shown:
            self._shown = (step, rows)
            self.show_step(step, rows)
