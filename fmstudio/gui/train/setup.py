"""The left side of Train: what the next run will be. Its values become a recipe; its cost is shown before it begins."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.models.shelf import TRAINED, ModelShelf, Record, model_record
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField, TextField
from fmstudio.gui.widgets.form.form import Form
from fmstudio.gui.widgets.labels import label
from fmstudio.workspace import DatasetRecord, LinkedModel, ModelRecord
from fmstudio.workspace.names import free_name

FROM_SCRATCH = {
    "reference": "",
    "title": "Start from scratch",
    "source": "none",
    "about": "A network of the size that is chosen here, with random weights",
}
CUSTOM = "Custom"
GUTTER = 22  # at the right, where the form scrolls
_FIXED_BY_INIT = ("model.", "tokenizer.")
_ELSEWHERE = (("On this disk", ("linked",), ""), ("Starter", ("catalogue",), ""))
_CONTINUED = (
    "The network and its tokenizer stay as they are. The loss on the data it came from is shown too, so that "
    "forgetting can be seen."
)
_WHOLE = "The model itself stays as it is: a copy of it learns, with all its weights, and becomes a model of its own."
_ADAPTED = "The model itself stays as it is: what is learnt is an adapter beside it, which can be put on and taken off."


DATA, PROMPT = "data.datasets", "sample.prompt"


class RunSetup(QWidget):
    """`changed` tells that the recipe is another one now.

    data: what a person chose to learn from, by the kind of data, as a recipe holds it. It stands, whatever family or
    preset is chosen afterwards, until the person chooses other data of that kind.
    """

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("run-setup")
        self.family: Mapping[str, Any] = {}
        self._preset: Mapping[str, Any] = {}
        self._name_is_mine = False
        self._taken: list[str] = []
        self._known: list[str] = []
        self.data: dict[str, list[Any]] = {}
        self._offered: list[Any] = []
        self._prompt_fits = True
        self.name = TextField("run-name", "Name of the run and its model")
        self.name.setPlaceholderText("Name of the run and its model")
        self.models = ModelShelf(("", ("none",), ""), TRAINED, *_ELSEWHERE)
        self.init = ModelPicker(theme, self.models, "run-init", "Continue from")
        self.size_field = ChoiceField("run-size", "Size of the network", [])
        self.form = Form(theme, name="run-form")
        # The gutter stays free where there is nothing to scroll, so that all fields are of one width.
        self.form.scrolled.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.note = label("", "caption", "run-init-note", wrap=True)
        self.note.hide()
        self._lay_out()
        self.name.edited.connect(self._named)
        self.init.chosen.connect(self._chose_init)
        self.size_field.edited.connect(self._chose_size)
        self.form.changed.connect(self._edited)

    def _lay_out(self) -> None:
        head = hbox(margins=(0, 0, GUTTER, 0))
        for title, field in (("Name", self.name), ("Size", self.size_field)):
            head.addLayout(_titled(title, field), 3 if field is self.name else 2)
        self._beginning_title: QLabel = label("Continue from", "body", "run-init-title")
        self._beginning_title.setBuddy(self.init)
        beginning = vbox(self._beginning_title, self.init, gap=4)
        self._beginning = boxed(hbox(beginning, margins=(0, 0, GUTTER, 0)))
        self.setLayout(vbox(head, self._beginning, self.note, (self.form, 1), gap=12))

    # What can be chosen.

    def set_family(self, family: Mapping[str, Any]) -> None:
        """Ask for this family's settings."""
        if self.family and family["name"] != self.family["name"]:
            self.form.set_settings(())  # what was set for another family says nothing of this one
        self.family = family
        self._beginning.setVisible(bool(family.get("can_continue", True)))
        self._beginning_title.setText("Model to fine-tune" if family.get("begins_from") else "Continue from")
        self.form.set_settings(family["settings"])
        self.size_field.clear()
        for title, values in family["sizes"].items():
            self.size_field.addItem(title, dict(values))
        self.size_field.addItem(CUSTOM, None)
        self._show_size()

    def set_preset(self, preset: Mapping[str, Any], data: bool = False) -> None:
        """Begin from a preset, on what the person chose to learn from.

        data: the preset was asked for with its data. Otherwise its data count only where nothing was chosen, and where
        they are here or nothing else is.
        """
        self._preset = preset
        values = {path: row.setting.default for path, row in self.form.rows.items()} | dict(preset["values"])
        if data and values.get(DATA):
            self.data[self._kind] = values[DATA]
        values[DATA] = self.data.get(self._kind) or self._proposed(values.get(DATA) or [])
        self.form.set_baseline(values)  # so that no reset changes what is learnt from
        self.form.set_values(values)
        self._offered = self._shown_data()
        self._prompt_fits = True
        self._fit_prompt()
        self.init.show_model(preset.get("init", ""))
        self._name_is_mine = False
        self._chose_init()

    def _proposed(self, preset: Sequence[Any]) -> Sequence[Any]:
        """The preset's data, or the first dataset that is here where those are not."""
        here = bool(preset) and set(dataset_names(preset)) <= set(self._known)
        return preset if here or not self._known else self._known[:1]

    @property
    def _kind(self) -> str:
        """The kind of data that the family learns from."""
        return str(self.family.get("data_kind", ""))

    def _shown_data(self) -> list[Any]:
        return list(self.form.value(DATA)) if DATA in self.form.rows else []

    def choose_data(self, data: Sequence[Any]) -> None:
        """Learn from these datasets from now on."""
        self.form.set_values({DATA: data})
        self._offered = []  # a choice, even where the same was offered before
        self._edited()

    def _keep_choice(self) -> None:
        """What is shown and was not offered is what the person wants."""
        shown = self._shown_data()
        if shown == self._offered:
            return
        self._offered = shown
        self.data[self._kind] = shown
        if DATA in self.form.rows:
            self.form.rows[DATA].set_baseline(shown)

    def set_workspace(
        self,
        datasets: Sequence[DatasetRecord],
        models: Sequence[ModelRecord],
        runs: Sequence[str],
        linked: Sequence[LinkedModel] = (),
    ) -> None:
        """The datasets and models there are, of which the family's are offered, and the names that runs have."""
        self._taken = [*runs, *(record.name for record in models)]
        kind, base = self.family.get("data_kind"), self.family.get("begins_from")
        family = base or self.family.get("name")
        kinds = {kind, *self.family.get("also_reads", ())}
        self._known = [record.name for record in datasets if record.kind in kinds]
        self.form.set_datasets(self._known)
        whole = [each for each in reversed(models) if each.family == family and "adapter_of" not in each.details]
        offered = [model_record(each) for each in whole]
        if base:
            elsewhere = [{"reference": each.name, "title": each.name, "source": "linked"} for each in linked]
            offered += elsewhere + list(self.family.get("bases", []))
        self._offer_models(offered if base else [FROM_SCRATCH, *offered])
        self._propose_name()

    def _offer_models(self, models: Sequence[Record]) -> None:
        self.models.put(models)
        if self.init.reference not in self.models.references:
            self.init.show_model(next(iter(self.models.references), ""))
            self._chose_init()

    # What is chosen.

    def recipe(self) -> dict[str, Any]:
        """The recipe as nested tables."""
        head = {
            "family": self.family.get("name", ""),
            "name": self.name.value().strip(),
            "init": self.init.reference,
        }
        return head | self.form.values()

    @property
    def datasets(self) -> list[str]:
        """The names of the chosen datasets."""
        chosen = self.recipe().get("data", {}).get("datasets", [])
        return dataset_names(chosen)

    def continue_from(self, model: str) -> None:
        """Choose the model to continue from."""
        self.init.show_model(model)
        self._chose_init()

    def load(self, recipe: Mapping[str, Any]) -> None:
        """Take all values of another run's recipe."""
        values = {f"{section}.{key}": value for section, table in recipe.items() if isinstance(table, Mapping)
                  for key, value in table.items()}  # fmt: skip
        self.form.set_values(values)
        self.init.show_model(str(recipe.get("init", "")))
        self._chose_init()

    # Reactions.

    def _fit_prompt(self) -> None:
        """A preset's beginning of a text is one of its own data: others begin as the model likes."""
        values = self._preset.get("values", {})
        fits = dataset_names(values.get(DATA, [])) == self.datasets
        if PROMPT not in self.form.rows or PROMPT not in values or fits == self._prompt_fits:
            return
        self._prompt_fits = fits
        row = self.form.rows[PROMPT]
        if not row.modified:
            row.set_baseline(values[PROMPT] if fits else row.setting.default)
            row.reset()

    def _edited(self) -> None:
        self._keep_choice()
        self._fit_prompt()
        self._show_size()
        self._propose_name()
        self.changed.emit()

    def _named(self) -> None:
        self._name_is_mine = bool(self.name.value())
        self.changed.emit()

    def _chose_size(self) -> None:
        values = self.size_field.value()
        if values:
            self.form.set_values(values)
        else:
            self.form.mode.button("advanced").click()
        self.changed.emit()

    def _chose_init(self, *_: object) -> None:
        model = self.init.reference
        adapts = bool(self.family.get("begins_from"))
        self.form.lock(*(_FIXED_BY_INIT if model and not adapts else ()))
        self.size_field.setEnabled(adapts or not model)
        beside = any(path.startswith("adapter.") for path in self.form.rows)
        self.note.setText(_ADAPTED if beside else _WHOLE if adapts else _CONTINUED if model else "")
        self.note.setVisible(bool(model) or adapts)
        self._edited()

    def _show_size(self) -> None:
        """Name the size that the form's values are, if they are one."""
        for place in range(self.size_field.count() - 1):
            values = self.size_field.itemData(place)
            if all(path in self.form.rows and self.form.value(path) == value for path, value in values.items()):
                self.size_field.setCurrentIndex(place)
                return
        self.size_field.setCurrentIndex(self.size_field.count() - 1)

    def _propose_name(self) -> None:
        """Name a run after its data, or after the model that it continues, until a person names it."""
        if not self._name_is_mine:
            names = self.datasets
            kind = f"-{self.family['name']}" if self.family.get("data_kind") == "images" else ""
            base = self.init.reference or (names[0] + kind if names else "")
            added = f"{base}-on-{names[0]}" if self.init.reference and names and names[0] != base else base
            self.name.set_value(self._free(added[:60]))

    def _free(self, name: str) -> str:
        """The name, or the first with a number that no run has."""
        taken = {each.casefold() for each in self._taken}
        return free_name(name, taken.__contains__)


def dataset_names(data: Sequence[Any]) -> list[str]:
    """The names of datasets that a recipe holds with or without their weights."""
    return [each if isinstance(each, str) else each["name"] for each in data]


def _titled(title: str, field: QWidget) -> QVBoxLayout:
    text: QLabel = label(title, "body", f"{field.objectName()}-title")
    text.setBuddy(field)
    return vbox(text, field, gap=4)
