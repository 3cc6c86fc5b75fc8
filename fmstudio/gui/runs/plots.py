"""Which plots a run has: those that its family describes, or, before it is known, one for each quantity measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunPlot:
    """A quantity with a plot of its own. Large ones share one place, `tab` chooses; small ones stand beneath."""

    name: str
    title: str
    unit: str = ""
    small: bool = False
    tab: str = ""

    @property
    def choice(self) -> str:
        """What the choice between large plots calls it."""
        return self.tab or self.title


DEFAULT = (
    RunPlot("loss", "Loss"),
    RunPlot("learning_rate", "Learning rate", small=True),
    RunPlot("gradient_norm", "Gradient norm", small=True),
)
RATE = "_per_second"


def plots_of(description: Mapping[str, Any], family: str, measured: Iterable[str] = ()) -> tuple[RunPlot, ...]:
    """The plots of a family, the large ones first.

    description: what the studio knows of families, empty until it has been told. measured: names of a run's metrics,
    from which the plots of a family that nobody described are guessed.
    """
    for each in description.get("families", ()):
        if each["name"] == family and each.get("plots"):
            found = [RunPlot(**plot) for plot in each["plots"]]
            return tuple(sorted(found, key=lambda plot: plot.small))
    rates = sorted({name for name in measured if name.endswith(RATE)})
    return (*DEFAULT, *(RunPlot(name, "Speed", f"{name.removesuffix(RATE)}/s", small=True) for name in rates))
