"""How the next tokens are drawn: the few controls whose effect one wants to see at once."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.labels import label

MOST = 200
_LENGTH = 20
_HOTTEST, _LARGEST_SEED = 5.0, 2**31 - 1


class NextControls(QWidget):
    """edited: the temperature or the seed is another one."""

    edited = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.temperature = NumberField(f"{name}-temperature", "Temperature", minimum=0.0, maximum=_HOTTEST)
        self.seed = NumberField(f"{name}-seed", "Seed", whole=True, minimum=0, maximum=_LARGEST_SEED)
        self.tokens = NumberField(f"{name}-length", "Tokens to draw", whole=True, minimum=1, maximum=MOST)
        self.temperature.setToolTip("How freely tokens are drawn; 0 always takes the likeliest.")
        self.seed.setToolTip("The same seed draws the same tokens.")
        layout = hbox()
        self.setLayout(layout)
        fields = (("Temperature", self.temperature, 0.8), ("Seed", self.seed, 0), ("Tokens", self.tokens, _LENGTH))
        for text, field, value in fields:
            field.set_value(value)
            field.setMaximumWidth(96)
            place = vbox(label(text, "caption", f"{field.objectName()}-title"), field, gap=2)
            layout.addLayout(place)
        layout.addStretch(1)
        self.temperature.edited.connect(self.edited)
        self.seed.edited.connect(self.edited)

    def values(self) -> dict[str, Any]:
        """The settings that are chosen here; empty while one of them cannot be used."""
        temperature, seed = self.temperature.value(), self.seed.value()
        usable = _within(temperature, 0, _HOTTEST) and isinstance(seed, int) and _within(seed, 0, _LARGEST_SEED)
        return {"temperature": float(temperature), "seed": seed} if usable else {}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show settings that were chosen elsewhere."""
        for name, field in (("temperature", self.temperature), ("seed", self.seed)):
            # A field in which someone types keeps its caret: only another value is written into it.
            if name in values and field.value() != values[name]:
                field.set_value(values[name])

    @property
    def length(self) -> int:
        """How many tokens to draw at a time."""
        wanted = self.tokens.value()
        return wanted if isinstance(wanted, int) and _within(wanted, 1, MOST) else _LENGTH

    def problem(self) -> str:
        """What is wrong with a field, or ""."""
        if not self.values():
            return f"The temperature must be from 0 to {_HOTTEST:g}, and the seed a whole number from 0."
        wanted = self.tokens.value()
        usable = isinstance(wanted, int) and _within(wanted, 1, MOST)
        return "" if usable else f"Tokens to draw must be a whole number from 1 to {MOST}."


def _within(value: float | str, low: float, high: float) -> bool:
    return not isinstance(value, str) and low <= value <= high
