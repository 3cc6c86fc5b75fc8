"""The rows of the index as frozen records. `details` holds what only one kind of thing has, as plain data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np  # loaded when there are numbers: the window opens sooner without it

RunStatus = Literal["running", "completed", "stopped", "cancelled", "failed", "interrupted"]


def now() -> str:
    """The present time as ISO 8601 text in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def parsed_recipe(text: str) -> dict[str, Any]:
    """The tables of a run's recipe; none where it is no TOML, as an edited record may hold."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A dataset of the workspace; its files are in datasets/<name>/."""

    name: str
    kind: str
    items: int
    bytes: int
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A training run; its files are in runs/<id>/. `step` is the last step that the index has heard of."""

    id: str
    name: str
    family: str
    recipe: str
    status: RunStatus = "running"
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    model: str = ""
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model of the workspace; its files are in models/<name>/."""

    name: str
    family: str
    parameters: int
    bytes: int
    run: str = ""
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def forgets(self) -> str:
        """What it has forgotten of what its base knew, in a sentence, where that is more than its recipe allows."""
        return str(self.details.get("retained", "")) if self.details.get("forgets") is True else ""


@dataclass(frozen=True, slots=True)
class LinkedModel:
    """A model that stays where the person keeps it: a GGUF file or a folder elsewhere on the disk."""

    name: str
    path: str
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection of documents to look things up in; its files are in collections/<name>/."""

    name: str
    documents: int
    chunks: int
    bytes: int
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """A copy of a model written for another program, with the proof that it works there."""

    model: str
    format: str
    path: str
    created: str = field(default_factory=now)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One metric of a run in order of step; three arrays of one length. `seconds` is training time so far."""

    steps: "np.ndarray"
    seconds: "np.ndarray"
    values: "np.ndarray"
