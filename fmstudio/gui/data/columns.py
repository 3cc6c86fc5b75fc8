"""The columns of a table that is to be imported, with values of each: which one holds the text can be chosen."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.jobs import COLUMNS
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import discard, vbox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, label
from fmstudio.gui.widgets.tab_order import follow

_PATIENCE = 200  # milliseconds without another change
_MOST = 40


class ColumnsView(QWidget):
    """`chosen` tells the name of the column that a person wants."""

    chosen = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("import-columns")
        self.heading = label("", "body", "import-columns-heading", wrap=True)
        self.problem = label("", "warning", "import-columns-problem", wrap=True)
        self.buttons: dict[str, QRadioButton] = {}
        self._grid = QWidget()
        self._asked: tuple[str, Mapping[str, Any]] | None = None
        self._question = JobFollower(self, studio, COLUMNS, patience=_PATIENCE)
        self._question.answered.connect(self._show)
        self._question.failed.connect(lambda reason, _details: self._fill({"problem": reason}))
        self._column = vbox(self.heading, self._grid, self.problem, gap=8)
        self.setLayout(self._column)
        self.hide()

    def preview(self, source: str, options: Mapping[str, Any]) -> None:
        """Show the columns of a table, or of the first in a folder; nothing, where there is no source."""
        if not source:
            self._question.forget()
            self._asked = None
            self.hide()
        elif (source, options) != self._asked:
            self._asked = (source, dict(options))
            self._question.ask(source=source, options=dict(options))

    def _show(self, told: Mapping[str, Any]) -> None:
        self._fill(told)
        self.setVisible(bool(told["file"]))

    def _fill(self, told: Mapping[str, Any]) -> None:
        columns = told.get("columns", ())
        self.heading.setText(f"{told.get('file', '')} has {formatting.plural(len(columns), 'column')}: the text is in")
        self.heading.setVisible(bool(columns))
        self.problem.setText(told.get("problem", ""))
        self.problem.setVisible(bool(told.get("problem")))
        had_focus = next((name for name, each in self.buttons.items() if each.hasFocus()), "")
        self._column.removeWidget(self._grid)
        discard(self._grid)
        self._grid = self._rows(columns[:_MOST], told.get("column", ""))
        self._column.insertWidget(1, self._grid)
        follow(self, self.buttons.values())
        if had_focus in self.buttons:
            self.buttons[had_focus].setFocus()

    def _rows(self, columns: Any, column: str) -> QWidget:
        made = QWidget()
        group, grid = QButtonGroup(made), QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.buttons = {}
        for number, each in enumerate(columns):
            name = str(each["name"])
            button = self.buttons[name] = QRadioButton(name.replace("&", "&&") or "(no name)")
            button.setObjectName(f"import-column-{number}")
            button.setAccessibleName(f"{name}: {', '.join(each['values'])}")
            button.setChecked(name == column)
            button.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
            group.addButton(button)
            values = ElidedLabel(" · ".join(each["values"]) or "empty", "caption", f"import-column-{number}-values")
            values.setToolTip("\n".join(each["values"]))
            grid.addWidget(button, number, 0)
            grid.addWidget(values, number, 1)
        return made
