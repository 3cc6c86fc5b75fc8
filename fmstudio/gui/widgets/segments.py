"""A row of a few exclusive choices that are all in sight, such as Simple | Advanced."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QPushButton

from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.flow_layout import FlowLayout


class Segments(QFrame):
    """`changed` tells the value of a person's choice. Left and right arrows go through the choices.

    wraps: takes several lines where there is no room for one.
    """

    changed = Signal(object)

    def __init__(
        self, choices: Sequence[tuple[object, str]], name: str, accessible_name: str, wraps: bool = False
    ) -> None:
        """choices: (value, text) in order; the first is chosen."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setProperty("role", "segments")
        self._values = [value for value, _ in choices]
        self._group = QButtonGroup(self)
        layout = FlowLayout(gap=0) if wraps else hbox(gap=0)
        self.setLayout(layout)
        for number, (value, text) in enumerate(choices):
            button = QPushButton(text)
            button.setObjectName(f"{name}-{value}")
            button.setAccessibleName(text)
            button.setProperty("role", "segment")
            button.setCheckable(True)
            self._group.addButton(button, number)
            layout.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(lambda number: self.changed.emit(self._values[number]))

    def value(self) -> Any:
        """The chosen value."""
        return self._values[self._group.checkedId()]

    @property
    def values(self) -> list[object]:
        """The values that can be chosen, in order."""
        return list(self._values)

    def set_value(self, value: object) -> None:
        """Choose without telling anyone."""
        self._group.button(self._values.index(value)).setChecked(True)

    def button(self, value: object) -> QAbstractButton:
        """The button of a value."""
        return self._group.button(self._values.index(value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(event.key())
        number = self._group.checkedId() + (step or 0)
        if step and 0 <= number < len(self._values):
            self._group.button(number).setFocus()
            self._group.button(number).click()
        else:
            super().keyPressEvent(event)
