"""Where one is in a latent space: a point that a click on the map, a slider or a picture moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

CLASS = "class"
SPAN = 3.0
"""How many deviations a slider reaches to each side of the centre."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Where a dataset's pictures lie in a model's latent space of D dimensions, as the laboratory found it.

    `classes` and `labels` are those of the grouping that the map is coloured by: the class, or an attribute.
    """

    points: np.ndarray
    labels: np.ndarray
    indices: np.ndarray
    classes: list[str]
    axes: list[str]
    centre: np.ndarray
    components: np.ndarray
    deviations: np.ndarray
    kl: np.ndarray
    order: list[int]
    active: int
    collapse: str = ""
    codebook: Mapping[str, Any] | None = None
    groupings: Mapping[str, tuple[list[str], np.ndarray]] = field(default_factory=dict)
    coloured_by: str = CLASS

    @property
    def dimensions(self) -> int:
        """D."""
        return len(self.centre)

    def grouped(self, name: str) -> "Survey":
        """The same coloured by another of its groupings."""
        classes, labels = self.groupings[name]
        return replace(self, classes=classes, labels=labels, coloured_by=name)

    def nearest(self, place: tuple[float, float]) -> int:
        """The picture, as a row of `points`, that lies closest to a place on the map."""
        return int(np.argmin(((self.points - np.asarray(place)) ** 2).sum(axis=1)))

    def class_of(self, index: int) -> str:
        """The class of a picture by its index in the dataset, "" where it has none."""
        rows = np.flatnonzero(self.indices == index)
        label = int(self.labels[rows[0]]) if len(rows) else -1
        return self.classes[label] if 0 <= label < len(self.classes) else ""


def survey_of(data: Mapping[str, Any]) -> Survey:
    """A survey from the laboratory's answer."""
    array = {name: np.asarray(data[name], float) for name in ("points", "centre", "components", "deviations", "kl")}
    groupings = _groupings(data)
    classes, labels = next(iter(groupings.values()), ([], np.full(len(array["points"]), -1)))
    return Survey(
        **array, labels=labels, indices=np.asarray(data["indices"], int), classes=classes,
        axes=[str(title) for title in data["axes"]], order=[int(each) for each in data["order"]],
        active=int(data["active"]), collapse=str(data.get("collapse", "")), codebook=data.get("codebook"),
        groupings=groupings, coloured_by=next(iter(groupings), CLASS),
    )  # fmt: skip


def _groupings(data: Mapping[str, Any]) -> dict[str, tuple[list[str], np.ndarray]]:
    """By name: the names of the groups, and the group of each picture (-1: none). The class comes first."""
    found = {CLASS: (data["classes"], data["labels"])} if len(data["classes"]) > 1 else {}
    found |= {name: (each["values"], each["labels"]) for name, each in data.get("attributes", {}).items()}
    return {name: ([str(each) for each in names], np.asarray(labels, int)) for name, (names, labels) in found.items()}


class LatentPoint(QObject):
    """A vector of the latent space. moved: it is another one now. surveyed: the space itself is."""

    moved = Signal()
    surveyed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.survey: Survey | None = None
        self.vector = np.zeros(0)

    def take_survey(self, survey: Survey | None) -> None:
        """Be in another space, or in the same one as it is now; the point stays where it can."""
        stays = survey is not None and self.survey is not None and survey.dimensions == self.survey.dimensions
        self.survey = survey
        if survey is None:
            self.vector = np.zeros(0)
        elif not stays:
            self.vector = survey.centre.copy()
        self.surveyed.emit()
        if survey is not None:
            self.moved.emit()

    @property
    def place(self) -> tuple[float, float]:
        """Where the point is on the map: its shadow on the plane of the two axes."""
        if self.survey is None:
            return 0.0, 0.0
        across, down = self.survey.components @ (self.vector - self.survey.centre)
        return float(across), float(down)

    def place_at(self, across: float, down: float) -> None:
        """Go to the point of the plane that lies there on the map; the other directions go back to their mean."""
        if (survey := self.survey) is not None:
            self.set_vector(survey.centre + across * survey.components[0] + down * survey.components[1])

    def set_dimension(self, dimension: int, value: float) -> None:
        """Move along one dimension alone."""
        self.vector = self.vector.copy()
        self.vector[dimension] = value
        self.moved.emit()

    def set_vector(self, vector: np.ndarray) -> None:
        """Go to a point that is known in full, such as where the encoder puts a picture."""
        self.vector = np.asarray(vector, float).copy()
        self.moved.emit()

    def go_back(self) -> None:
        """To the centre of the pictures."""
        if self.survey is not None:
            self.set_vector(self.survey.centre)

    def span(self, dimension: int) -> tuple[float, float]:
        """How far a slider of this dimension goes."""
        if self.survey is None:
            return -SPAN, SPAN
        centre, deviation = float(self.survey.centre[dimension]), float(self.survey.deviations[dimension])
        reach = SPAN * max(deviation, 0.25)
        return centre - reach, centre + reach
