"""The rules of cleaning as a short form: switches and numbers with their help."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, vbox
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.labels import scroll_area
from fmstudio.recipe import Setting


class RulesForm(QWidget):
    """`values()` is what the data stage takes as rules; `changed` tells that a person changed one."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("rules-form")
        self._theme = theme
        self.rows: dict[str, FieldRow] = {}
        self._column = vbox(..., gap=12, margins=(0, 2, 12, 0))
        content = boxed(self._column)
        self.setLayout(vbox(scroll_area(content, "rules-scroll")))

    @property
    def ready(self) -> bool:
        """Whether the rules are known."""
        return bool(self.rows)

    def set_settings(self, settings: Sequence[Setting]) -> None:
        """The rules there are."""
        if self.rows:
            return
        for setting in settings:
            row = self.rows[setting.path.removeprefix("rules.")] = FieldRow(setting, self._theme)
            row.edited.connect(self._edited)
            self._column.insertWidget(self._column.count() - 1, row)
        self._edited()

    def values(self) -> dict[str, Any]:
        """All rules as they are set."""
        return {key: row.value() for key, row in self.rows.items()}

    def problem(self) -> str:
        """What is wrong with a rule, in a sentence, or ""."""
        return next((sentence for row in self.rows.values() if (sentence := row.problem())), "")

    def _edited(self) -> None:
        if "similarity" in self.rows:
            self.rows["similarity"].setEnabled(bool(self.rows["near_duplicates"].value()))
        self.changed.emit()
