"""How a diffusion model is asked for pictures: which model, how it walks, and what the pictures should be."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, empty, hbox, vbox
from fmstudio.gui.widgets.form.field_row import FieldRow
from fmstudio.gui.widgets.form.fields import ChoiceField
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.titled import titled
from fmstudio.recipe import Setting

ANYTHING = ""
_ASKED = ("sampler", "steps", "guidance")


class WalkFields(QWidget):
    """Model, sampler, steps, and whatever the chosen model can be asked for. `edited` when a person changed one."""

    edited = Signal()

    def __init__(self, theme: Theme, models: DiffusionModels, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}-fields")
        self._theme, self._models, self._name = theme, models, name
        self.model = ModelPicker(theme, models, f"{name}-model")
        self.note = label("", "caption", f"{name}-model-note", wrap=True)
        self.rows: dict[str, FieldRow] = {}
        self.conditions: dict[str, ChoiceField] = {}
        self._how = vbox(gap=12)
        self._layout()
        self.model.chosen.connect(self._model_chosen)
        models.models_changed.connect(self.list_models)
        models.known.connect(self._learn)
        self.list_models()

    def _layout(self) -> None:
        self._rows = vbox(gap=12)
        self._asked = boxed(self._rows)
        model = titled("Model", self.model, "A model of this workspace, or one that is still in training.")
        self.setLayout(vbox(model, self.note, self._how, self._asked, ..., gap=12))

    # The model and what it can be asked for.

    def list_models(self) -> None:
        """The models that can be chosen now."""
        present = self.model.reference
        self.choose_model(present if present in self._models.references else self._models.chosen)

    def choose_model(self, reference: str) -> None:
        """Show a model and ask what it can do."""
        self.model.show_model(reference)
        note = self._models.record(reference).get("about", "")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if self.isVisible():
            self._models.ask(reference)
        self._learn(reference)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._models.ask(self.model.reference)

    def _model_chosen(self, reference: str) -> None:
        self.choose_model(reference)
        self.edited.emit()

    @property
    def about(self) -> Mapping[str, Any] | None:
        """What is known of the chosen model."""
        return self._models.about(self.model.reference)

    def _learn(self, reference: str) -> None:
        if reference != self.model.reference:
            return
        fields = (self.about or {}).get("conditions", [])
        if self.about and not self.rows:
            self._ask_how(self.about["settings"])
        if [field["name"] for field in fields] != list(self.conditions):
            self._ask_for(fields)
        if self.rows:
            self.rows["guidance"].setVisible(bool(fields))
        self._asked.setVisible(bool(fields))
        self.edited.emit()

    def _ask_how(self, settings: Sequence[Setting]) -> None:
        """How to walk, as the laboratory tells it; the same for all models."""
        self.rows = {each.path: FieldRow(each, self._theme) for each in settings if each.path in _ASKED}
        for row in self.rows.values():
            row.edited.connect(self.edited)
        sampler, steps, guidance = (self.rows[name] for name in _ASKED)
        self._how.addWidget(sampler)
        self._how.addLayout(hbox((steps, 1), (guidance, 1), gap=12))

    def _ask_for(self, fields: list[Mapping[str, Any]]) -> None:
        empty(self._rows)
        self.conditions = {}
        if fields:
            self._rows.addWidget(label("What it should be", "strong", f"{self._name}-conditions-title"))
        for field in fields:
            title = _words(field["name"])
            choice = ChoiceField(
                f"{self._name}-condition-{field['name']}", title, [ANYTHING, *field["values"]],
                ["Anything", *map(_words, field["values"])],
            )  # fmt: skip
            choice.edited.connect(self.edited)
            self.conditions[field["name"]] = choice
            self._rows.addWidget(titled(title, choice))

    # What is asked.

    def settings(self) -> dict[str, Any]:
        """How to walk; guidance says nothing where there is no condition to follow."""
        left_out = () if self.conditions else ("guidance",)
        return {name: row.setting.default if name in left_out else row.value() for name, row in self.rows.items()}

    @property
    def sampler_title(self) -> str:
        """How the sampler is called."""
        row = self.rows["sampler"]
        return row.editor.currentText() if isinstance(row.editor, ChoiceField) else str(row.value())

    def condition(self) -> dict[str, str]:
        """What the pictures should be, without what is left open."""
        return {name: choice.value() for name, choice in self.conditions.items() if choice.value() != ANYTHING}

    def begin_from(self, other: "WalkFields") -> None:
        """Take another's settings, but for the sampler: something must differ to be compared."""
        self.choose_model(other.model.reference)
        for name, row in self.rows.items():
            row.set_value(other.rows[name].value())
        for name, choice in self.conditions.items():
            choice.set_value(other.conditions[name].value())
        if self.rows:
            sampler = self.rows["sampler"]
            sampler.set_value("euler" if sampler.value() != "euler" else sampler.setting.default)

    def problem(self) -> str:
        """Why these settings cannot be used, or ""."""
        asked = [row for name, row in self.rows.items() if self.conditions or name != "guidance"]
        if found := next((sentence for row in asked if (sentence := row.problem())), ""):
            return found
        return "" if self.about else "Opening the model…"


def _words(name: str) -> str:
    """An attribute's name as a person reads it: "headVariant" → "Head variant"."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.replace("_", " "))
    return spaced.strip()[:1].upper() + spaced.strip()[1:]
