"""What the views of the playground share: the models there are, the one that is talked to, and how tokens are drawn."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal

from fmstudio.gui.models.shelf import ModelShelf
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.recipe import RecipeError, Setting, check

LISTING = "fmstudio.adapt.models:listing"
DESCRIBE = "fmstudio.training.describe:describe"
STARTER = "smollm2-135m-instruct"
FAMILY = "language"
ADAPTER_SCALE = "adapter.scale"
"""The setting that means something to adapters alone."""

# What a view asks for itself, in a field of its own.
_NOT_SAMPLING = ("prompt", "system")
_NEWS = {"model", "run", "collection", "linked"}


GROUPS = (
    ("Starter", ("catalogue",), ""),
    ("On this disk", ("linked",), "Any GGUF file, and any Llama- or Qwen-style folder. It stays where it is."),
    ("Trained here", ("workspace", "run"), "What you train appears here."),
)


class PlayState(ModelShelf):
    """One for the panel; every view takes it in its constructor.

    model_changed(reference): another model is talked to. sampling_changed: tokens are drawn otherwise now.
    settings_changed: `settings` has become known.
    """

    model_changed = Signal(str)
    sampling_changed = Signal()
    settings_changed = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__(*GROUPS)
        self._studio = studio
        self.settings: list[Setting] = []
        self.listed = False
        self.model = str(self._recall("model") or "")
        self._values: dict[str, Any] = self._recalled_sampling()
        self._system = ""
        self._listing = JobFollower(self, studio, LISTING)
        self._listing.answered.connect(self._take_models)
        self._listing.failed.connect(self.failed)
        self._describing = JobFollower(self, studio, DESCRIBE)
        self._describing.answered.connect(studio.know_families)
        studio.workspace_changed.connect(self._workspace_changed)
        studio.described.connect(self._described)
        studio.renamed.connect(self._renamed)

    # The models.

    def refresh(self) -> None:
        """Ask which models there are, and once how tokens can be drawn."""
        self._listing.ask()
        if not self.settings:
            self._learn_settings()

    @property
    def chosen(self) -> dict[str, Any]:
        """The record of the model that is talked to; empty while there is none."""
        return self.record(self.model)

    def choose(self, reference: str) -> None:
        """Talk to this model from now on."""
        if reference == self.model:
            return
        self.model = reference
        self._remember("model", reference)
        self.model_changed.emit(reference)
        self.sampling_changed.emit()  # an adapter has a setting more

    @property
    def backend(self) -> str:
        """What runs the chosen model: "auto", "llama.cpp" or "torch". Pass it to jobs beside `model`."""
        return self.backend_of(self.model)

    def heard_from(self, reference: str) -> None:
        """A model has answered, so it is in memory now: the list is asked for again where it says otherwise."""
        if not self.record(reference).get("loaded"):
            self._listing.ask()

    def refusal(self, reference: str = "") -> str:
        """Why a model (the chosen one) cannot be asked now, or ""."""
        if not self.listed:
            return "Looking for models…"
        record = self.record(reference or self.model)
        if not record:
            return "Choose a model first."
        if record.get("problem"):
            return "This model cannot be used."
        return "" if record.get("here", True) else "Fetch the model first."

    def _take_models(self, models: Sequence[Mapping[str, Any]]) -> None:
        self.listed = True
        known = bool(self.chosen)
        self.put(models)
        if not self.chosen:
            self.choose(self._best())
        elif not known:
            self.sampling_changed.emit()

    def _best(self) -> str:
        """What to begin with: a model to chat with, else any that can be used."""
        usable = [each for each in self.models if each.get("here") and not each.get("problem")]
        usable.sort(key=lambda each: (each["reference"] != STARTER, not each.get("chat")))
        return str(usable[0]["reference"]) if usable else ""

    def _renamed(self, kind: str, name: str, new: str) -> None:
        """The model that is talked to is called otherwise."""
        if kind in ("model", "linked model") and name == self.model:
            self.choose(new)

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if self.listed and kind in _NEWS:
            self._listing.ask()

    # How tokens are drawn.

    def sampling(self, model: str = "", own: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The sampling form's values for a model (the chosen one), to pass as `settings`; the prompt and the system
        prompt are the view's own. own: values that go before.
        """
        values = {each.path: self._values.get(each.path, each.default) for each in self.settings} | dict(own or {})
        if not self.record(model or self.model).get("adapter_of"):
            values.pop(ADAPTER_SCALE, None)
        return values

    @property
    def form_settings(self) -> list[Setting]:
        """Those that a form asks for; the strength of an adapter has a slider of its own."""
        return [each for each in self.settings if each.path != ADAPTER_SCALE]

    @property
    def scale_setting(self) -> Setting | None:
        """What is known of the strength of adapters."""
        return next((each for each in self.settings if each.path == ADAPTER_SCALE), None)

    @property
    def scale(self) -> float:
        """How strong adapters are where a column has no wish of its own."""
        return float(self._values.get(ADAPTER_SCALE, 1.0))

    def set_sampling(self, values: Mapping[str, Any]) -> None:
        """Take values by name; a name that is no setting is left out."""
        known = {each.path for each in self.settings}
        before = dict(self._values)
        self._values |= {name: value for name, value in values.items() if name in known}
        if self._values != before:
            self._remember("sampling", json.dumps(self._values))
            self.sampling_changed.emit()

    def sampling_problem(self) -> str:
        """What is wrong with the values, in a sentence, or ""."""
        for each in self.settings:
            try:
                check(each, self._values.get(each.path, each.default))
            except RecipeError:
                return f"{each.title} must be {each.allowed}."
        return ""

    @property
    def default_system(self) -> str:
        """The system prompt that a conversation begins with."""
        return self._system

    def _learn_settings(self) -> None:
        if self._studio.description:
            self._described(self._studio.description)
        else:
            self._describing.ask()

    def _described(self, description: Mapping[str, Any]) -> None:
        family = next((each for each in description.get("families", ()) if each["name"] == FAMILY), None)
        if family is None or self.settings:
            return
        self.settings = [each for each in family["sampling"] if each.path not in _NOT_SAMPLING]
        self._system = next((str(each.default) for each in family["sampling"] if each.path == "system"), "")
        self._forget_what_is_not_allowed()
        self.settings_changed.emit()

    def _forget_what_is_not_allowed(self) -> None:
        """Values that were kept by an older program may not be allowed any more."""
        for each in self.settings:
            try:
                self._values[each.path] = check(each, self._values[each.path])
            except (KeyError, RecipeError):
                self._values.pop(each.path, None)

    # What is kept between two openings of the window.

    def _recall(self, key: str) -> Any:
        return self._studio.preferences.recall(self._studio.workspace.path, f"playground-{key}")

    def _remember(self, key: str, value: str) -> None:
        self._studio.preferences.remember(self._studio.workspace.path, f"playground-{key}", value)

    def _recalled_sampling(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._recall("sampling") or "{}")
        except (TypeError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}
