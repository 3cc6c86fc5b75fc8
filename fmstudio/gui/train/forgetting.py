"""A run that forgets: what it has lost, and what would help, each a button that sets up such a run."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from fmstudio.gui.runs.state import RunState
from fmstudio.gui.runs.verdict import allowed_forgetting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, empty, hbox, vbox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.labels import IconLabel, button, label

LEAST_REPLAY, MOST_REPLAY = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class Remedy:
    """Settings that would make a run forget less. name: by which its button is known."""

    name: str
    title: str
    why: str
    recipe: Mapping[str, Any]


def remedies(run: RunState) -> list[Remedy]:
    """What would help a run that forgets: old text, a weaker adapter, fewer steps."""
    found = []
    settings = run.recipe.get("retention", {})
    replayed = float(settings.get("replay", 0.0)) if "replay/training" in run.series else 0.0
    share = min(MOST_REPLAY, max(LEAST_REPLAY, 2 * replayed))
    if share > replayed:
        found.append(Remedy(
            "replay", f"Learn old text again ({share:.0%})", "Old text beside the examples keeps what it taught.",
            _changed(run.recipe, "retention", replay=share, replay_from="any"),
        ))  # fmt: skip
    alpha = run.recipe.get("adapter", {}).get("alpha")
    if alpha:
        found.append(Remedy(
            "alpha", f"Halve alpha to {alpha / 2:g}", "A weaker adapter changes less of what the base knew.",
            _changed(run.recipe, "adapter", alpha=alpha / 2),
        ))  # fmt: skip
    steps = _steps_within(run)
    if 0 < steps < run.step:
        found.append(Remedy(
            "steps", f"End at step {steps:,}", "Until then it had not forgotten too much, or only half as long.",
            _changed(run.recipe, "training", steps=steps, minutes=0.0),
        ))  # fmt: skip
    return found


def _steps_within(run: RunState) -> int:
    """The last step at which everything was within what is allowed; half of the steps where there is none."""
    series = [each for name, each in run.series.items() if name.startswith("forgetting/")]
    allowed = allowed_forgetting(run)
    kept = set.intersection(*({int(step) for step, rise in zip(each.steps, each.values, strict=True) if rise <= allowed}
                              for each in series)) if series else set()  # fmt: skip
    return max(kept, default=0) or run.step // 2


def _changed(recipe: Mapping[str, Any], section: str, **values: Any) -> dict[str, Any]:
    changed = copy.deepcopy(dict(recipe))
    changed[section] = {**changed.get(section, {}), **values}
    return changed


class ForgettingBanner(QFrame):
    """Takes no room for a run that keeps what it knew. recipe_wanted(recipe): a run should be set up from it."""

    recipe_wanted = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("run-forgetting")
        self.setProperty("role", "banner")
        self._theme = theme
        self.sentence = label("", "body", "run-forgetting-sentence", wrap=True)
        self._helps = flow()
        body = vbox(self.sentence, boxed(self._helps), gap=6)
        self.setLayout(hbox(IconLabel(theme, "mdi6.alert-outline", "warning"), (body, 1), margins=(12, 8, 12, 8)))
        self.hide()

    def show_run(self, run: RunState | None) -> None:
        """Show what a run has forgotten, if its model forgets."""
        shown = run is not None and run.forgets and not run.live
        self.setVisible(shown)
        if run is None or not shown:
            return
        self.sentence.setText(run.retained)
        self.setAccessibleName(run.retained)
        empty(self._helps)
        self._helps.addWidget(label("Train again:", "secondary"))
        for each in remedies(run):
            want = partial(self.recipe_wanted.emit, each.recipe)
            made = button(each.title, f"forgetting-{each.name}", self._theme, clicked=want)
            made.setToolTip(each.why)
            self._helps.addWidget(made)
