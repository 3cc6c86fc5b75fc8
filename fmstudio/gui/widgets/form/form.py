"""A form built from settings: Simple shows the few that matter, Advanced all, by section and with a search."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.form.datasets_field import DatasetsField
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.tab_order import follow, stops
from fmstudio.recipe import Setting

_WIDTH = 320
_MOST = 400


class Form(QWidget):
    """`values()` is a nested dict as a recipe holds it; `changed` tells that a person changed something."""

    changed = Signal()

    def __init__(self, theme: Theme, settings: Sequence[Setting] = (), name: str = "form") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMinimumWidth(_WIDTH)
        self.setMaximumWidth(_MOST)
        self._theme = theme
        self._rows: dict[str, FieldRow] = {}
        self._sections: list[_Section] = []
        self._datasets: list[str] = []
        self._locked: tuple[str, ...] = ()
        self.mode = Segments([("simple", "Simple"), ("advanced", "Advanced")], f"{name}-mode", "Which settings to show")
        self.mode.changed.connect(self._filter)
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}-search")
        self.search.setAccessibleName("Find a setting")
        self.search.setPlaceholderText("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(theme.icon("mdi6.magnify", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self._nothing = label("", "secondary", f"{name}-nothing-found", wrap=True)
        self._reset_all = button("Reset all", f"{name}-reset-all", theme, role="link", clicked=self.reset)
        # The top keeps clear of a focus frame, the right of the scroll bar.
        self._fields = vbox(gap=16, margins=(0, 4, 12, 16))
        self._content = boxed(self._fields)
        self._lay_out()
        self.set_settings(settings)

    def _lay_out(self) -> None:
        head = hbox(self.mode, ..., self._reset_all, gap=12, margins=(0, 0, 12, 0))
        self.scrolled = scroll_area(self._content, f"{self.objectName()}-scroll")
        self.setLayout(vbox(head, hbox(self.search, margins=(0, 0, 12, 0)), (self.scrolled, 1), gap=12))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    # What it asks for.

    def set_settings(self, settings: Sequence[Setting]) -> None:
        """Ask for these settings instead. What was set for those that stay is kept."""
        kept = {path: row.value() for path, row in self._rows.items() if row.modified}
        self._clear()
        for prefix, group in _by_section(settings):
            section = _Section(prefix)
            for setting in group:
                row = FieldRow(setting, self._theme)
                row.edited.connect(self._edited)
                if isinstance(row.editor, DatasetsField):
                    row.editor.set_known(self._datasets)
                    row.editor.rearranged.connect(self._order_tabs)
                self._rows[setting.path] = row
                section.add(row)
            self._sections.append(section)
            self._fields.addWidget(section)
        self._fields.addWidget(self._nothing)
        self._fields.addStretch(1)
        self.set_values({path: value for path, value in kept.items() if path in self._rows})
        self._filter()

    def set_datasets(self, names: Sequence[str]) -> None:
        """The datasets that can be chosen."""
        self._datasets = list(names)
        for row in self._rows.values():
            if isinstance(row.editor, DatasetsField):
                row.editor.set_known(names)

    def _order_tabs(self) -> None:
        """Tab goes through the fields where they stand, though they came last."""
        follow(self.search, stops(self._content))

    @property
    def rows(self) -> Mapping[str, FieldRow]:
        """The row of each setting by its path."""
        return self._rows

    # What is set.

    def values(self) -> dict[str, Any]:
        """All values as nested tables, e.g. {"training": {"steps": 500}}."""
        tables: dict[str, Any] = {}
        for path, row in self._rows.items():
            *sections, key = path.split(".")
            table = tables
            for section in sections:
                table = table.setdefault(section, {})
            table[key] = row.value()
        return tables

    def value(self, path: str) -> Any:
        """One value by its dotted path."""
        return self._rows[path].value()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values by dotted path; paths that the form does not have are left out. `changed` is not emitted."""
        for path, value in values.items():
            if row := self._rows.get(path):
                row.set_value(value)
        self._follow_values()
        self._order_tabs()

    def lock(self, *prefixes: str) -> None:
        """Let settings whose paths begin so not be changed; those of before can be again."""
        self._locked = prefixes
        self._offer()

    def set_baseline(self, values: Mapping[str, Any]) -> None:
        """The values that count as unchanged (a preset's); settings that are not named go by their defaults."""
        for path, row in self._rows.items():
            row.set_baseline(values.get(path, row.setting.default))
        self._show_reset()

    def reset(self) -> None:
        """All settings back to what counts as unchanged."""
        for row in self._rows.values():
            row.set_value(row.baseline)
        self._edited()

    @property
    def modified(self) -> list[str]:
        """The paths whose values differ from what counts as unchanged."""
        return [path for path, row in self._rows.items() if row.modified]

    # What is wrong.

    def problem(self) -> str:
        """The first field's sentence on why its value is not allowed, or ""."""
        return next((sentence for row in self._rows.values() if (sentence := row.problem())), "")

    def show_error(self, path: str, sentence: str) -> None:
        """Show an error at a field, bringing it into sight; an empty sentence takes it away."""
        row = self._rows.get(path)
        if row is None:
            return
        row.show_error(sentence)
        if sentence:
            if not row.setting.simple and self.mode.value() == "simple":
                self.mode.set_value("advanced")
            self._filter()
            QTimer.singleShot(0, row, lambda: self.scrolled.ensureWidgetVisible(row))

    def clear_errors(self) -> None:
        """Take all errors away."""
        for row in self._rows.values():
            row.show_error("")

    # Its parts.

    def _edited(self) -> None:
        self._follow_values()
        self.changed.emit()

    def _follow_values(self) -> None:
        self._show_reset()
        self._offer()

    def _offer(self) -> None:
        """Let be changed what means something beside the other values, and is not locked."""
        for path, row in self._rows.items():
            counts = self._counts(row.setting)
            row.setEnabled(counts and not path.startswith(self._locked))
            if not counts and row.problem():
                row.set_value(row.baseline)  # what nobody can mend is not to stand in the way

    def _counts(self, setting: Setting) -> bool:
        if setting.when is None or setting.when[0] not in self._rows:
            return True
        decides, values = setting.when
        return self._rows[decides].value() in values

    def _show_reset(self) -> None:
        self._reset_all.setVisible(bool(self.modified))

    def _filter(self) -> None:
        advanced = self.mode.value() == "advanced"
        self.search.setVisible(advanced)
        self._fields.setSpacing(24 if advanced else 12)
        words = self.search.text() if advanced else ""
        for row in self._rows.values():
            row.setVisible((advanced or row.setting.simple) and row.matches(words))
        for section in self._sections:
            section.arrange(titled=advanced)
        found = any(not row.isHidden() for row in self._rows.values())
        self._nothing.setText(f"No setting matches “{words}”." if words else "")
        self._nothing.setVisible(bool(words) and not found)

    def _clear(self) -> None:
        self._rows.clear()
        for section in self._sections:
            section.hide()
            section.deleteLater()
        self._sections.clear()
        while self._fields.takeAt(0):
            pass


class _Section(QWidget):
    """The settings of one table of the recipe under its name."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.setObjectName(f"section-{prefix}")
        self._title = label(prefix.replace("_", " ").replace(".", " · ").capitalize(), "section")
        self._rows: list[FieldRow] = []
        self._layout = vbox(self._title, gap=12)
        self.setLayout(self._layout)

    def add(self, row: FieldRow) -> None:
        self._rows.append(row)
        self._layout.addWidget(row)

    def arrange(self, titled: bool) -> None:
        self._title.setVisible(titled and bool(self._title.text()))
        self.setVisible(any(not row.isHidden() for row in self._rows))


def _by_section(settings: Iterable[Setting]) -> list[tuple[str, list[Setting]]]:
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.path.rpartition(".")[0], []).append(setting)
    return list(groups.items())
