"""How a diffusion model is asked for pictures: which model, how it walks, and what the pictures should be."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui.diffusion.models import DiffusionModels
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.form.fields import ChoiceField, NumberField
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.titled import side_by_side, titled

SAMPLERS = {
    "dpm-solver++": "DPM-Solver++(2M)", "heun": "Heun", "euler": "Euler", "ddim": "DDIM", "ddpm": "DDPM ancestral",
}  # fmt: skip
SAMPLER_HELP = (
    "How to get from one noise level to the next. DPM-Solver++ needs the fewest steps; Heun asks the network twice a "
    "step; DDPM ancestral draws fresh noise at every step."
)
STEPS_HELP = "How many steps from noise to picture, from 1 to 1,000. More take longer and come closer to the true path."
GUIDANCE_HELP = (
    "How strongly to follow the condition (classifier-free guidance). 1 takes the network's answer as it is; above 1 "
    "exaggerates what the condition changes and asks the network twice."
)
ANYTHING = ""


class WalkFields(QWidget):
    """Model, sampler, steps, and whatever the chosen model can be asked for. `edited` when a person changed one."""

    edited = Signal()

    def __init__(self, theme: Theme, models: DiffusionModels, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}-fields")
        self._models, self._name = models, name
        self.model = ChoiceField(f"{name}-model", "Model", [])
        self.model.setMinimumContentsLength(12)
        self.model.setSizeAdjustPolicy(self.model.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.note = label("", "caption", f"{name}-model-note", wrap=True)
        self.sampler = ChoiceField(f"{name}-sampler", "Sampler", list(SAMPLERS), list(SAMPLERS.values()))
        self.sampler.setSizeAdjustPolicy(self.sampler.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.steps = NumberField(f"{name}-steps", "Steps", whole=True, minimum=1, maximum=1000)
        self.steps.set_value(20)
        self.guidance = NumberField(f"{name}-guidance", "Guidance", minimum=0, maximum=30)
        self.guidance.set_value(1)
        self.conditions: dict[str, ChoiceField] = {}
        self._guidance = titled("Guidance", self.guidance, GUIDANCE_HELP)
        self._asked = QWidget()
        self._rows = QVBoxLayout(self._asked)
        self._layout()
        for field in (self.sampler, self.steps, self.guidance):
            field.edited.connect(self.edited)
        self.model.edited.connect(self._model_edited)
        models.listed.connect(self.list_models)
        models.known.connect(self._learn)
        self.list_models()

    def _layout(self) -> None:
        layout = QVBoxLayout(self)
        for each in (layout, self._rows):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(12)
        layout.addWidget(titled("Model", self.model, "A model of this workspace, or one that is still in training."))
        layout.addWidget(self.note)
        layout.addWidget(titled("Sampler", self.sampler, SAMPLER_HELP))
        layout.addWidget(side_by_side(titled("Steps", self.steps, STEPS_HELP), self._guidance))
        layout.addWidget(self._asked)

    # The model and what it can be asked for.

    def list_models(self) -> None:
        """The models that can be chosen now."""
        present = self.model.value() or self._models.chosen
        self.model.clear()
        for reference, title in self._models.titles.items():
            self.model.addItem(title, reference)
        self.choose_model(present if present in self._models.titles else self._models.chosen)

    def choose_model(self, reference: str) -> None:
        """Show a model and ask what it can do."""
        if self.model.findData(reference) >= 0:
            self.model.set_value(reference)
        note = self._models.notes.get(reference, "")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if self.isVisible():
            self._models.ask(reference)
        self._learn(reference)

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._models.ask(self.model.value())

    def _model_edited(self) -> None:
        self.choose_model(self.model.value())
        self.edited.emit()

    @property
    def about(self) -> Mapping[str, Any] | None:
        """What is known of the chosen model."""
        return self._models.about(self.model.value())

    def _learn(self, reference: str) -> None:
        if reference != self.model.value():
            return
        fields = (self.about or {}).get("conditions", [])
        if [field["name"] for field in fields] != list(self.conditions):
            self._ask_for(fields)
        self._guidance.setVisible(bool(fields))
        self._asked.setVisible(bool(fields))
        self.edited.emit()

    def _ask_for(self, fields: list[Mapping[str, Any]]) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            item.widget().hide()
            item.widget().deleteLater()
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
        """How to walk."""
        guidance = self.guidance.value() if self.conditions else 1.0
        return {"sampler": self.sampler.value(), "steps": self.steps.value(), "guidance": guidance}

    def condition(self) -> dict[str, str]:
        """What the pictures should be, without what is left open."""
        return {name: choice.value() for name, choice in self.conditions.items() if choice.value() != ANYTHING}

    def begin_from(self, other: "WalkFields") -> None:
        """Take another's settings, but for the sampler: something must differ to be compared."""
        self.choose_model(other.model.value() or "")
        self.steps.set_value(other.steps.value())
        self.guidance.set_value(other.guidance.value())
        for name, choice in self.conditions.items():
            choice.set_value(other.conditions[name].value())
        self.sampler.set_value("euler" if other.sampler.value() != "euler" else "dpm-solver++")

    def problem(self) -> str:
        """Why these settings cannot be used, or ""."""
        steps, guidance = self.steps.value(), self.guidance.value()
        if not isinstance(steps, int) or not 1 <= steps <= 1000:
            return f"Steps is {steps!r}; type a whole number from 1 to 1,000."
        if self.conditions and (isinstance(guidance, str) or not 0 <= guidance <= 30):
            return f"Guidance is {guidance!r}; type a number from 0 to 30."
        return "" if self.about else "Opening the model…"


def _words(name: str) -> str:
    """An attribute's name as a person reads it: "headVariant" → "Head variant"."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.replace("_", " "))
    return spaced.strip()[:1].upper() + spaced.strip()[1:]
