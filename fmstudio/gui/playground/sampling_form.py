"""How tokens are drawn: one set of values that the playground's views share, with the help of each setting."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.form.form import Form
from fmstudio.gui.widgets.labels import label

WIDTH = 248


class SamplingForm(QWidget):
    """Shows the values of the playground's state, and sets them there. Every view may have one."""

    def __init__(self, studio: Studio, state: PlayState, name: str = "sampling-form") -> None:
        super().__init__()
        self.setObjectName(f"{name}-box")
        self._state = state
        self.form = narrow_form(studio, name)
        self._waiting = label("Getting ready…", "secondary", f"{name}-waiting")
        self.setLayout(vbox(self._waiting, (self.form, 1), gap=6))
        self.form.changed.connect(self._changed)
        state.settings_changed.connect(self._show_settings)
        state.sampling_changed.connect(self._show_values)
        self._show_settings()

    def _show_settings(self) -> None:
        known = bool(self._state.settings)
        self._waiting.setVisible(not known)
        self.form.setVisible(known)
        if known and not self.form.rows:
            self.form.set_settings(self._state.settings)
            self._show_values()

    def _show_values(self) -> None:
        values = self._state.sampling()
        self.form.set_values({name: value for name, value in values.items() if self._differs(name, value)})

    def _differs(self, name: str, value: Any) -> bool:
        # A field in which someone types keeps its caret: only another value is written into it.
        return name in self.form.rows and self.form.value(name) != value

    def _changed(self) -> None:
        self._state.set_sampling(self.form.values())


class OverridesForm(QWidget):
    """The same settings for one column of a comparison: what differs from the shared values belongs to it alone."""

    changed = Signal()

    def __init__(self, studio: Studio, state: PlayState, name: str) -> None:
        super().__init__()
        self._state = state
        self.form = narrow_form(studio, name)
        self.setLayout(vbox(self.form))
        self.form.changed.connect(self.changed)

    def overrides(self) -> dict[str, Any]:
        """The values that differ from the shared ones, by name."""
        shared = self._state.sampling()
        return {name: value for name, value in self.form.values().items() if value != shared.get(name)}

    def show_overrides(self, overrides: Mapping[str, Any]) -> None:
        """Show the shared values with these on top; a mark tells which differ."""
        if not self.form.rows:
            self.form.set_settings(self._state.settings)
        shared = self._state.sampling()
        self.form.set_baseline(shared)
        self.form.set_values(shared | dict(overrides))


def narrow_form(studio: Studio, name: str) -> Form:
    """A form for a narrow column."""
    form = Form(studio.theme, (), name)
    form.setMinimumWidth(WIDTH)
    return form
