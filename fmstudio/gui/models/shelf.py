"""The models that can be chosen at some place of the window: what a picker lists there."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.workspace import ModelRecord

Record = dict[str, Any]
"""A model as fmstudio.adapt.models:listing tells it. The least is "reference", "title" and "source"."""

Group = tuple[str, tuple[str, ...], str]
"""A heading, the sources of the models beneath it, and what to say while there is none."""

TRAINED = ("Trained here", ("workspace",), "What you train appears here.")
UNFINISHED = ("In training, or not finished", ("run",), "")


class ModelShelf(QObject):
    """models_changed: `models` is new. failed(reason, details): they cannot be listed."""

    models_changed = Signal()
    failed = Signal(str, str)

    def __init__(self, *groups: Group) -> None:
        super().__init__()
        self.groups = groups
        self.models: list[Record] = []
        self.backends: dict[str, str] = {}

    def refresh(self) -> None:
        """Ask anew which models there are, where somebody must be asked."""

    def put(self, models: Sequence[Mapping[str, Any]]) -> None:
        """Offer these from now on."""
        self.models = [dict(each) for each in models]
        self.models_changed.emit()

    def record(self, reference: str) -> Record:
        """What is known of a model; empty where it is not listed."""
        return next((each for each in self.models if each["reference"] == reference), {})

    def backend_of(self, reference: str) -> str:
        """What runs a model: "auto" unless a person chose."""
        return self.backends.get(reference, "auto")

    @property
    def references(self) -> list[str]:
        """All that can be chosen."""
        return [each["reference"] for each in self.models]


def model_record(model: ModelRecord, kind: str = "") -> Record:
    """A model of the workspace as a picker shows it; kind: what to say of it at the right."""
    return {
        "reference": model.name, "title": model.name, "source": "workspace", "family": model.family, "kind": kind,
        "parameters": model.parameters, "size": model.bytes, "made": model.created,
        "forgets": model.forgets,
    }  # fmt: skip
