"""Which column of a table stands for which variable of a prompt; found by name, changed by hand."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.widgets.boxes import empty, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.titled import titled

_NONE = ""


class ColumnMapping(QWidget):
    """`edited` tells that a person chose another column."""

    edited = Signal()

    def __init__(self, name: str = "batch-mapping") -> None:
        super().__init__()
        self.setObjectName(name)
        self.fields: dict[str, ChoiceField] = {}
        self._columns: list[str] = []
        self._layout = vbox()
        self.setLayout(self._layout)

    def show_variables(self, variables: Sequence[str], columns: Sequence[str]) -> None:
        """Have a choice for each variable; what was chosen stays where the column is still there."""
        if list(variables) == list(self.fields) and list(columns) == self._columns:
            return
        chosen = self.mapping()
        self._columns = list(columns)
        self._clear()
        for variable in variables:
            field = ChoiceField(f"batch-column-{variable}", f"Column for {variable}", [_NONE, *columns], ["Choose…"])
            kept = chosen.get(variable, "")
            field.set_value(kept if kept in columns else self._alike(variable))
            field.edited.connect(self.edited)
            self.fields[variable] = field
            self._layout.addWidget(titled(f"Column for {{{variable}}}", field))

    def _alike(self, variable: str) -> str:
        """The column of the variable's name; of several of which none is, nobody can tell. A single one it must be."""
        by_name = {column.casefold(): column for column in reversed(self._columns)}
        only = self._columns[0] if len(self._columns) == 1 else _NONE
        return by_name.get(variable.casefold(), only)

    def mapping(self) -> dict[str, str]:
        """The column of each variable that has one."""
        return {name: str(field.value()) for name, field in self.fields.items() if field.value()}

    @property
    def missing(self) -> list[str]:
        """The variables without a column."""
        return [name for name, field in self.fields.items() if not field.value()]

    def _clear(self) -> None:
        self.fields = {}
        empty(self._layout)
