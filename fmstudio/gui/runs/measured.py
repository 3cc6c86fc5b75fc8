"""What was measured and sampled in a run, read from the workspace as its job left it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fmstudio.gui.runs.sheets import read_sheet
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.workspace import Workspace


@dataclass(eq=False, slots=True)
class Measured:
    """Curves by the name of their metric; samples by their step: a text, or pictures as `read_sheet` returns them."""

    series: dict[str, Series] = field(default_factory=dict)
    samples: dict[int, str | np.ndarray] = field(default_factory=dict)


def measured_of(workspace: Workspace, run: str) -> Measured:
    """The curves and samples that the workspace has of a run."""
    found = Measured(samples=_samples(workspace.run_folder(run) / "samples"))
    for name, stored in workspace.metrics(run).items():
        series = found.series[name] = Series()
        series.extend(stored.steps.astype(float), stored.values, stored.seconds)
    return found


def _samples(folder: Path) -> dict[int, str | np.ndarray]:
    found: dict[int, str | np.ndarray] = {}
    for file in sorted(folder.glob("step-*")):
        digits = file.stem.removeprefix("step-")
        if not digits.isdigit():
            continue
        sample = read_sheet(file) if file.suffix == ".png" else file.read_text("utf-8", errors="replace")
        if sample is not None:
            found[int(digits)] = sample
    return found
