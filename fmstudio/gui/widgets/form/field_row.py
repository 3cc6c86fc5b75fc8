"""One setting of a form: its title with help, its editor, a mark when it was changed, and its error."""

import dataclasses
import re
from typing import Any

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.datasets_field import DatasetsField
from fmstudio.gui.widgets.form.fields import ChoiceField, LinesField, NumberField, TextField
from fmstudio.gui.widgets.labels import icon_button, label, set_property
from fmstudio.gui.widgets.switch import Switch
from fmstudio.recipe import RecipeError, Setting, check

_TINY = QSize(15, 15)
Editor = NumberField | ChoiceField | TextField | LinesField | DatasetsField | Switch


class FieldRow(QWidget):
    """The label above, the field below, or both in one line for a switch."""

    edited = Signal()

    def __init__(self, setting: Setting, theme: Theme) -> None:
        super().__init__()
        self.setting = setting
        self.setObjectName(f"row-{setting.path}")
        self.baseline = setting.default
        self.editor = make_editor(setting, theme)
        self.editor.setToolTip(tooltip(setting))
        self._title = label(setting.title, "body", f"title-{setting.path}")
        self._title.setBuddy(self.editor)
        self._mark = label("", "modified", f"modified-{setting.path}")
        self._mark.setToolTip("Changed from its default.")
        self._reset = icon_button("mdi6.restore", "", f"reset-{setting.path}", theme, self.reset)
        self._info = icon_button("mdi6.information-outline", "", f"info-{setting.path}", theme, self._explain)
        self._error = label("", "error", f"error-{setting.path}", wrap=True)
        self._describe_buttons()
        self._lay_out()
        self.editor.toggled.connect(self._edited) if isinstance(self.editor, Switch) else self.editor.edited.connect(
            self._edited
        )
        self.set_value(setting.default)

    def _describe_buttons(self) -> None:
        for each in (self._reset, self._info):
            set_property(each, "role", "tiny")
            each.setIconSize(_TINY)
        self._info.setToolTip(tooltip(self.setting))
        self._info.setAccessibleName(f"Help on {self.setting.title}")
        self._info.setAccessibleDescription(tooltip(self.setting))
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing jumps when a value becomes its default
        self._reset.setSizePolicy(policy)

    def _lay_out(self) -> None:
        head = hbox(self._mark, self._title, self._info, ..., self._reset, gap=6)
        layout = vbox(head, gap=4)
        self.setLayout(layout)
        (head if isinstance(self.editor, Switch) else layout).addWidget(self.editor)
        layout.addWidget(self._error)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._error.hide()

    # Its value.

    def value(self) -> Any:
        """What is set: checked and in its own type, or what was typed where that is not allowed."""
        raw = self.editor.isChecked() if isinstance(self.editor, Switch) else self.editor.value()
        if self.setting.kind == "datasets":
            return raw
        try:
            return check(self.setting, raw)
        except RecipeError:
            return raw

    def problem(self) -> str:
        """What is wrong with the value, in a sentence, or ""."""
        raw = self.editor.isChecked() if isinstance(self.editor, Switch) else self.editor.value()
        try:
            check(self.setting, raw)
        except RecipeError:
            return f"{self.setting.title} must be {allowed(self.setting)}."
        return ""

    def set_value(self, value: Any) -> None:
        """Show a value without telling anyone."""
        blocked = self.editor.blockSignals(True)
        if isinstance(self.editor, Switch):
            self.editor.setChecked(bool(value))
            self.editor.update()
        else:
            self.editor.set_value(value)
        self.editor.blockSignals(blocked)
        self.show_error("")
        self._show_mark()

    def set_baseline(self, value: Any) -> None:
        """The value that counts as unchanged."""
        self.baseline = value
        self._show_mark()

    def reset(self) -> None:
        """Back to the baseline."""
        self.set_value(self.baseline)
        self.edited.emit()

    @property
    def modified(self) -> bool:
        """Whether the value differs from the baseline."""
        return _plain(self.value()) != _plain(self.baseline)

    def show_error(self, sentence: str) -> None:
        """Say beneath the field what is wrong with it; an empty sentence takes it away."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))
        set_property(self.editor, "invalid", bool(sentence))
        self.editor.setAccessibleDescription(sentence or tooltip(self.setting))

    @property
    def error(self) -> str:
        """The sentence that is shown beneath the field."""
        return self._error.text()

    def matches(self, words: str) -> bool:
        """Whether a search finds it: all words in its title, path or help."""
        text = f"{self.setting.title} {self.setting.path} {self.setting.help}".casefold()
        return all(word in text for word in words.casefold().split())

    def _edited(self) -> None:
        self.show_error(self.problem())
        self._show_mark()
        self.edited.emit()

    def _show_mark(self) -> None:
        modified = self.modified
        self._mark.setVisible(modified)
        self._reset.setVisible(modified)
        self._reset.setToolTip(f"Back to {_spoken(self.baseline)}")
        self._reset.setAccessibleName(f"Reset {self.setting.title} to {_spoken(self.baseline)}")

    def _explain(self) -> None:
        place = self._info.mapToGlobal(QPoint(0, self._info.height() + 4))
        QToolTip.showText(place, tooltip(self.setting), self._info)


def make_editor(setting: Setting, theme: Theme) -> Editor:
    """The editor for a setting's kind."""
    name = f"field-{setting.path}"
    match setting.kind:
        case "integer" | "number":
            return NumberField(
                name,
                setting.title,
                whole=setting.kind == "integer",
                unit=setting.unit,
                minimum=setting.minimum,
                maximum=setting.maximum,
                logarithmic=setting.logarithmic,
            )
        case "switch":
            return Switch(theme, name, setting.title)
        case "choice":
            made = ChoiceField(name, setting.title, setting.choices or (), setting.titles)
            made.setMinimumContentsLength(8)  # a long choice is not to make the form wide
            made.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            return made
        case "datasets":
            return DatasetsField(theme, name, setting.title)
    text = LinesField(name, setting.title) if setting.lines else TextField(name, setting.title)
    text.setPlaceholderText(setting.placeholder)
    return text


def allowed(setting: Setting) -> str:
    """The allowed values as a person would say them: "from 0 to 10,000", not "from 0.0 to 10000.0"."""
    low, high = (int(n) if isinstance(n, float) and n.is_integer() else n for n in (setting.minimum, setting.maximum))
    words = dataclasses.replace(setting, minimum=low, maximum=high).allowed
    return words if setting.choices else re.sub(r"\d{4,}", lambda number: f"{int(number[0]):,}", words)


def tooltip(setting: Setting) -> str:
    """What it does, what is allowed, its key in a recipe; as rich text, so that long help wraps."""
    words = allowed(setting)
    unit = f" ({setting.unit})" if setting.unit else ""
    return f"<p>{setting.help}</p><p>{words[0].upper()}{words[1:]}{unit}.</p><p><code>{setting.path}</code></p>"


def _plain(value: Any) -> Any:
    """Datasets come as names, tables or records; for a comparison they are all pairs of name and weight."""
    if not isinstance(value, (list, tuple)):
        return value
    return [
        (item, 1.0) if isinstance(item, str) else (item["name"], item.get("weight", 1.0))
        if isinstance(item, dict)
        else (item.name, item.weight)
        for item in value
    ]  # fmt: skip


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(name for name, _ in _plain(value)) or "none"
    return str(value) or "empty"
