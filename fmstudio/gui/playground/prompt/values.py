"""A field for each variable of a prompt, which comes and goes with it; what was typed is remembered by name."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.playground.composer import PromptField
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.labels import label

_LINES = 6


class VariableFields(QWidget):
    """edited: a value has changed. submitted, refused: as of each field."""

    edited = Signal()
    refused = Signal(str)
    submitted = Signal()

    def __init__(self, name: str = "prompt-values") -> None:
        super().__init__()
        self.setObjectName(name)
        self.fields: dict[str, PromptField] = {}
        self._remembered: dict[str, str] = {}
        self._places: dict[str, QWidget] = {}
        self._layout = vbox()
        self.setLayout(self._layout)
        self.hide()

    def show_variables(self, names: Sequence[str]) -> None:
        """Have a field for each of these, in their order."""
        if list(names) == list(self.fields):
            return
        for gone in [name for name in self.fields if name not in names]:
            self._remembered[gone] = self.fields.pop(gone).toPlainText()
            place = self._places.pop(gone)
            place.hide()
            place.deleteLater()
        for name in names:
            if name not in self.fields:
                self._add(name)
        self.fields = {name: self.fields[name] for name in names}
        for name in names:
            self._layout.removeWidget(self._places[name])
            self._layout.addWidget(self._places[name])
        self.setVisible(bool(names))

    def _add(self, name: str) -> None:
        field = PromptField(f"value-{name}", f"Value of {name}", lines=_LINES)
        field.setPlainText(self._remembered.get(name, ""))
        field.setPlaceholderText(f"What stands for {{{name}}} when you run it")
        field.textChanged.connect(self.edited)
        field.refused.connect(self.refused)
        field.submitted.connect(self.submitted)
        title = label(f"{{{name}}}", "mono", f"value-{name}-title")
        title.setBuddy(field)
        place = boxed(vbox(title, field, gap=4))
        self.fields[name], self._places[name] = field, place

    def values(self) -> dict[str, str]:
        """What is typed for each variable."""
        return {name: field.toPlainText() for name, field in self.fields.items()}

    def set_values(self, values: dict[str, str]) -> None:
        """Show values; those of variables that are not there are remembered for when they are."""
        self._remembered |= values
        for name, value in values.items():
            if name in self.fields and self.fields[name].toPlainText() != value:
                self.fields[name].setPlainText(value)

    @property
    def empty(self) -> list[str]:
        """The variables without a value."""
        return [name for name, field in self.fields.items() if field.document().isEmpty()]
