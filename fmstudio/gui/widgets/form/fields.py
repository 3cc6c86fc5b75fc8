"""Editors of single values: a number that a person may type, step or spin; a choice; a text; a switch.

All have `value()`, `set_value(value)` (which tells nobody) and the signal `edited`. A number that cannot be read is
returned as the text that was typed, so that whoever checks it can name it.
"""

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSizePolicy

from fmstudio.gui.formatting import setting_number
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import label

_BUTTONS = 24  # the room of the up and down buttons


class NumberField(QAbstractSpinBox):
    """A number with its unit inside at the right. Up and Down step it: by one, or along 1-2-5 if logarithmic."""

    edited = Signal()

    def __init__(
        self,
        name: str,
        accessible_name: str,
        *,
        whole: bool = False,
        unit: str = "",
        minimum: float | None = None,
        maximum: float | None = None,
        logarithmic: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self._whole, self._logarithmic = whole, logarithmic
        self._minimum = -math.inf if minimum is None else minimum
        self._maximum = math.inf if maximum is None else maximum
        self._unit = label(unit, "caption", f"{name}-unit")
        self.setLayout(hbox(..., self._unit, margins=(0, 0, _BUTTONS, 0)))
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.lineEdit().textEdited.connect(lambda: self.edited.emit())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> int | float | str:
        """The number, or the text where it is none."""
        text = self.lineEdit().text().strip()
        try:
            number = float(text.replace(",", "").replace(" ", "").replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            return text
        return int(number) if self._whole and number.is_integer() else number

    def set_value(self, value: int | float | str) -> None:
        """Show a number."""
        self.lineEdit().setText(value if isinstance(value, str) else self._written(value))

    def _written(self, value: float) -> str:
        return f"{int(value)}" if self._whole and value == int(value) else setting_number(value)

    def stepBy(self, steps: int) -> None:
        number = self.value()
        if isinstance(number, str):
            return
        for _ in range(abs(steps)):
            number = self._next(number, 1 if steps > 0 else -1)
        number = min(self._maximum, max(self._minimum, number))
        self.set_value(round(number) if self._whole else number)
        self.edited.emit()

    def _next(self, number: float, direction: int) -> float:
        if self._logarithmic and number > 0:
            return step_of_one_two_five(number, direction)
        if self._whole:
            return number + direction
        span = self._maximum - self._minimum
        step = 10 ** math.floor(math.log10(span / 20)) if 0 < span < math.inf else 0.1
        return round(number + direction * step, 12)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        number, flag = self.value(), QAbstractSpinBox.StepEnabledFlag
        if isinstance(number, str):
            return flag.StepNone
        up = flag.StepUpEnabled if number < self._maximum else flag.StepNone
        return up | (flag.StepDownEnabled if number > self._minimum else flag.StepNone)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position

    def fixup(self, text: str) -> str:
        return text

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A form is scrolled far more often than a number is spun: the wheel counts only where the caret is.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room_for_unit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._leave_room_for_unit()

    def _leave_room_for_unit(self) -> None:
        self.lineEdit().setTextMargins(6, 0, self._unit.sizeHint().width() + 4 if self._unit.text() else 0, 0)


def step_of_one_two_five(number: float, direction: int) -> float:
    """The next number up or down in … 1, 2, 5, 10, 20, 50 …"""
    exponent = math.floor(math.log10(number) + 1e-9)
    candidates = [m * 10.0**e for e in range(exponent - 1, exponent + 2) for m in (1, 2, 5)]
    tolerance = 1e-9 * number
    if direction > 0:
        best = min(each for each in candidates if each > number + tolerance)
    else:
        best = max(each for each in candidates if each < number - tolerance)
    return float(f"{best:.3g}")


class ChoiceField(QComboBox):
    """One of a few values."""

    edited = Signal()

    def __init__(self, name: str, accessible_name: str, choices: Sequence[object], titles: Sequence[str] = ()) -> None:
        """titles: how the choices are named, where that differs from what they are."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        for choice, title in zip_longest(choices, titles):
            self.addItem(title or str(choice).replace("_", " "), choice)
        self.activated.connect(lambda: self.edited.emit())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def value(self) -> Any:
        """The chosen value."""
        return self.currentData()

    def set_value(self, value: object) -> None:
        """Choose; a value that is not among the choices is added, so that it can be seen and named."""
        if self.findData(value) < 0:
            self.addItem(str(value), value)
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class TextField(QLineEdit):
    """A line of text."""

    edited = Signal()

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.textEdited.connect(lambda: self.edited.emit())

    def value(self) -> str:
        """The text."""
        return self.text()

    def set_value(self, value: str) -> None:
        """Show a text from its beginning."""
        self.setText(str(value))
        self.setCursorPosition(0)


class LinesField(QPlainTextEdit):
    """A text of a few lines. Tab leads to the next field."""

    edited = Signal()

    def __init__(self, name: str, accessible_name: str, height: int = 56) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setTabChangesFocus(True)
        self.setFixedHeight(height)
        self._quiet = False
        self.textChanged.connect(self._tell)

    def value(self) -> str:
        """The text."""
        return self.toPlainText()

    def set_value(self, value: str) -> None:
        """Show a text without telling anyone."""
        self._quiet = True
        self.setPlainText(str(value))
        self._quiet = False

    def _tell(self) -> None:
        if not self._quiet:
            self.edited.emit()
