"""What pictures are asked for: a choice for each of the fields by which a model was conditioned."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.widgets.boxes import empty, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import label

ANY = "Any"


class ConditionFields(QWidget):
    """`edited` tells that a person chose another value. A model without conditions shows nothing."""

    edited = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._fields: dict[str, ChoiceField] = {}
        self._layout = vbox(gap=4)
        self.setLayout(self._layout)
        self.hide()

    def set_conditions(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        """Offer these fields, each {"name", "values"}; a value that was chosen stays where the field still has it."""
        chosen = self.value()
        empty(self._layout)
        self._fields = {each["name"]: self._field(each) for each in conditions}
        for name, value in chosen.items():
            if name in self._fields and self._fields[name].findData(value) >= 0:
                self._fields[name].set_value(value)
        self.setVisible(bool(self._fields))

    def _field(self, condition: Mapping[str, Any]) -> ChoiceField:
        name, title = condition["name"], condition["name"].replace("_", " ").capitalize()
        values = list(condition["values"])
        field = ChoiceField(f"{self.objectName()}-{name}", title, ["", *values], [ANY, *values])
        field.edited.connect(self.edited)
        self._layout.addWidget(label(title, "caption", f"{self.objectName()}-{name}-title"))
        self._layout.addWidget(field)
        return field

    def value(self) -> dict[str, str]:
        """The chosen values by field; a field left open is not named."""
        return {name: str(field.value()) for name, field in self._fields.items() if field.value()}

    def choose(self, name: str, value: str) -> None:
        """Choose as a person does."""
        self._fields[name].set_value(value)
        self.edited.emit()
