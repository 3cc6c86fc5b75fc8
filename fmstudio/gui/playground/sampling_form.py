"""How tokens are drawn: one set of values that the playground's views share, with the help of each setting."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import ADAPTER_SCALE, PlayState
from fmstudio.gui.playground.adapter_scale import AdapterScale
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.form import Form
from fmstudio.gui.widgets.labels import label

WIDTH = 248


class SamplingForm(QWidget):
    """Shows the values of the playground's state, and sets them there. Every view may have one."""

    def __init__(self, studio: Studio, state: PlayState, name: str = "sampling-form") -> None:
        super().__init__()
        self.setObjectName(f"{name}-box")
        self._state = state
        self._models: Sequence[str] = ()
        self.form = narrow_form(studio, name)
        self.scale = AdapterScale(f"{name}-scale")
        self._waiting = label("Getting ready…", "secondary", f"{name}-waiting")
        scale = hbox(self.scale, margins=(0, 0, 12, 10))  # in line with the form, which has room for a scroll bar
        self.setLayout(vbox(self._waiting, scale, (self.form, 1), gap=6))
        self.form.changed.connect(self._changed)
        self.scale.changed.connect(lambda scale: state.set_sampling({ADAPTER_SCALE: scale}))
        state.settings_changed.connect(self._show_settings)
        state.sampling_changed.connect(self._show_values)
        state.models_changed.connect(self._show_scale)
        self._show_settings()

    def show_models(self, models: Sequence[str]) -> None:
        """The models whose settings these are, where that is not the one that is talked to."""
        self._models = tuple(models)
        self._show_scale()

    def _show_scale(self) -> None:
        show_scale(self.scale, self._state, self._state.scale, self._models or (self._state.model,))

    def _show_settings(self) -> None:
        known = bool(self._state.settings)
        self._waiting.setVisible(not known)
        self.form.setVisible(known)
        if known and not self.form.rows:
            self.form.set_settings(self._state.form_settings)
            self._show_values()

    def _show_values(self) -> None:
        self._show_scale()
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
        self.scale = AdapterScale(f"{name}-scale")
        self.setLayout(vbox(hbox(self.scale, margins=(0, 0, 12, 8)), self.form))
        self.form.changed.connect(self.changed)
        self.scale.changed.connect(self._scaled)
        self._scale: float | None = None

    def overrides(self) -> dict[str, Any]:
        """The values that differ from the shared ones, by name."""
        shared = self._state.sampling()
        apart = {name: value for name, value in self.form.values().items() if value != shared.get(name)}
        return apart if self._scale is None else apart | {ADAPTER_SCALE: self._scale}

    def _scaled(self, scale: float) -> None:
        self._scale = None if scale == self._state.scale else scale
        self.changed.emit()

    def show_overrides(self, overrides: Mapping[str, Any], model: str) -> None:
        """Show the shared values with these on top; a mark tells which differ. model: what they are for."""
        if not self.form.rows:
            self.form.set_settings(self._state.form_settings)
        self._scale = overrides.get(ADAPTER_SCALE)
        show_scale(self.scale, self._state, self._state.scale if self._scale is None else self._scale, (model,))
        shared = self._state.sampling()
        self.form.set_baseline(shared)
        self.form.set_values(shared | dict(overrides))


def show_scale(slider: AdapterScale, state: PlayState, scale: float, models: Sequence[str]) -> None:
    """Show how strong the adapters among some models are; no slider where there is none."""
    adapter = next((record for each in models if (record := state.record(each)).get("adapter_of")), {})
    if state.scale_setting is not None:
        slider.show_scale(state.scale_setting, scale, adapter)


def narrow_form(studio: Studio, name: str) -> Form:
    """A form for a narrow column."""
    form = Form(studio.theme, (), name)
    form.setMinimumWidth(WIDTH)
    return form
