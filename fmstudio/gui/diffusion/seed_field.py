"""Which noise: a number that makes chance repeatable, with a button for another."""

import random

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.form.fields import NumberField
from fmstudio.gui.widgets.labels import icon_button

MOST = 2**31 - 1


class SeedField(QWidget):
    """The same seed gives the same noise. The dice draw another one."""

    edited = Signal()

    def __init__(self, theme: Theme, name: str, accessible_name: str = "Seed", seed: int = 0) -> None:
        super().__init__()
        self.setObjectName(f"{name}-field")
        self.number = NumberField(name, accessible_name, whole=True, minimum=0, maximum=MOST)
        self.number.set_value(seed)
        self.number.edited.connect(self.edited)
        self.dice = icon_button(
            "mdi6.dice-5-outline", f"Another {accessible_name.lower()}", f"{name}-dice", theme, self.roll
        )
        self.setFocusProxy(self.number)
        self.setLayout(hbox((self.number, 1), self.dice, gap=4))

    def value(self) -> int:
        """The seed."""
        value = self.number.value()
        return value if isinstance(value, int) else 0

    def set_value(self, seed: int) -> None:
        """Show a seed."""
        self.number.set_value(seed)

    def problem(self) -> str:
        """Why what was typed is no seed, or ""."""
        value = self.number.value()
        fits = isinstance(value, int) and 0 <= value <= MOST
        return "" if fits else f"The seed is {value!r}; type a whole number from 0."

    def roll(self) -> None:
        """Draw another seed."""
        self.set_value(random.randrange(10_000))
        self.edited.emit()
