"""How files become a dataset: the settings of one kind of import as a short form."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.labels import button
from fmstudio.recipe import Setting


class OptionsForm(QWidget):
    """`edited` tells that a person changed a setting. Where some settings are marked as simple, the others wait behind
    a button.
    """

    edited = Signal()

    def __init__(
        self, theme: Theme, name: str, beside: QWidget | None = None, columns: tuple[int, int] = (2, 2)
    ) -> None:
        """beside: what is shown at the right of the first settings. columns: of the first settings, and of the rest,
        where there is room for so many.
        """
        super().__init__()
        self.setObjectName(name)
        self._theme = theme
        self.rows: dict[str, FieldRow] = {}
        self._first, self._rest = (tiled(gap=14, columns=most) for most in columns)
        self._others = boxed(self._rest)
        self._others.hide()
        self._more = button("More options", f"{name}-more", theme, "mdi6.chevron-down", "link", self._show_others)
        self._more.hide()
        top = hbox((self._first, 1), gap=24)
        if beside is not None:
            top.addWidget(beside)
        self.setLayout(vbox(top, (self._more, 0, Qt.AlignmentFlag.AlignLeft), self._others, gap=12))

    def set_settings(self, settings: Sequence[Setting]) -> None:
        """Ask for these settings; done once, as they do not change while the window is open."""
        if self.rows or not settings:
            return
        simple = [setting for setting in settings if setting.simple] or list(settings)
        others = [setting for setting in settings if setting not in simple]
        for tiles, group in ((self._first, simple), (self._rest, others)):
            for setting in group:
                tiles.addWidget(self._row(setting))
        self._more.setVisible(bool(others))

    def _row(self, setting: Setting) -> FieldRow:
        row = FieldRow(setting, self._theme)
        row.edited.connect(self.edited)
        self.rows[setting.path.rpartition(".")[2]] = row
        return row

    def _show_others(self) -> None:
        self._others.setVisible(self._others.isHidden())
        hidden = self._others.isHidden()
        self._more.setText("More options" if hidden else "Fewer options")
        self._more.setIcon(self._theme.icon("mdi6.chevron-down" if hidden else "mdi6.chevron-up", "accent"))

    def everything(self) -> dict[str, Any]:
        """All values, the defaults among them."""
        return {key: row.value() for key, row in self.rows.items()}

    def values(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return {key: row.value() for key, row in self.rows.items() if row.modified}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Show these values, and the defaults of the others."""
        for key, row in self.rows.items():
            row.set_value(values.get(key, row.setting.default))

    def problem(self) -> str:
        """What is wrong with the first wrong value, in a sentence, or ""."""
        return next((row.problem() for row in self.rows.values() if row.problem()), "")
