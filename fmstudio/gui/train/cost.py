"""What a run will cost, before it begins: its size from the settings, its pace from a few real steps."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from fmstudio.gui import formatting
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import button, icon_button, label

_NONE = "–"


class RunCost(Card):
    """Parameters, memory and checkpoint size; and after "Try one step", tokens/s and time. Its size never changes."""

    probe_requested = Signal()
    rate_requested = Signal()
    recipe_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("", "run-cost")
        self.set_padding(12, 10, 12, 10)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.body.setSpacing(6)
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        for column, (name, title) in enumerate(
            (("parameters", "Parameters"), ("memory", "Memory"), ("checkpoint", "Checkpoint"))
        ):
            grid.addWidget(label(title, "caption"), 0, column)
            grid.addWidget(self._value(name, "strong"), 1, column)
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self._value("pace", "secondary"))
        self.probe_button = button(
            "Try one step", "probe", theme, "mdi6.speedometer", clicked=self.probe_requested.emit
        )
        self.probe_button.setToolTip("Runs a few real steps and tells the speed and the time the whole run will take.")
        self.recipe_button = icon_button(
            "mdi6.code-braces", "Show the recipe: all that this run needs, as one file", "show-recipe", theme,
            self.recipe_requested.emit,
        )  # fmt: skip
        self.rate_button = button("Find rate", "find-rate", theme, role="quiet", clicked=self.rate_requested.emit)
        self.rate_button.setToolTip(
            "Tries a few learning rates for about a tenth of the run's steps together, and proposes the best."
        )
        self.body.addLayout(hbox(self.probe_button, self.rate_button, ..., self.recipe_button, gap=4))
        self.clear_pace()

    def _value(self, name: str, role: str) -> QLabel:
        self._values[name] = label(_NONE, role, f"cost-{name}")
        return self._values[name]

    def text(self, name: str) -> str:
        """What is shown as "parameters", "memory", "checkpoint" or "pace"."""
        return self._values[name].text()

    def show_estimate(self, estimate: Mapping[str, Any]) -> None:
        """Show the sizes that the job `estimate` found, as far as it could."""
        for name, key, write in (
            ("parameters", "parameters", formatting.millions),
            ("memory", "memory_bytes", formatting.size),
            ("checkpoint", "checkpoint_bytes", formatting.size),
        ):
            self._values[name].setText(write(estimate[key]) if key in estimate else _NONE)

    def clear_pace(self) -> None:
        """The settings are others now: what was measured says nothing any more."""
        self._values["pace"].setText("Speed and time: not tried yet.")
        self._values["pace"].setToolTip("")
        self.probe_button.setEnabled(True)

    def show_probing(self, message: str = "") -> None:
        """A probe is under way."""
        self.probe_button.setEnabled(False)
        self._values["pace"].setText(message or "Trying…")

    def show_probe(self, probe: Mapping[str, Any]) -> None:
        """Show what the job `probe` measured."""
        unit = probe.get("unit", "tokens")
        pace = formatting.rate(probe[f"{unit}_per_second"], f"{unit}/s")
        time = formatting.duration(probe["seconds_total"])
        self._values["pace"].setText(f"{pace} · about {time} in all")
        self._values["pace"].setToolTip(f"{formatting.count(probe['steps'])} steps on {probe['device']}")
        self.probe_button.setEnabled(True)

    def show_failure(self, reason: str) -> None:
        """A probe failed; the sentence is shown whole as tooltip too."""
        self._values["pace"].setText("Could not be tried; see the error.")
        self._values["pace"].setToolTip(reason)
        self.probe_button.setEnabled(True)
