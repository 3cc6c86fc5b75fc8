"""What was measured and sampled in a run, read from the workspace as its job left it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fmstudio.gui.runs.sheets import read_sheet
from fmstudio.gui.widgets.plot.series import Series
from fmstudio.workspace import Workspace

Table = list[dict[str, Any]]


@dataclass(eq=False, slots=True)
class Measured:
    """Curves by the name of their metric; samples by their step: a text, or pictures as `read_sheet` returns them.

    answers and rows: by their step, what an adapter answers beside its base, and the rows that it finds hardest and
    easiest, as its job tells them. groups: by their step, answers with what rules gave each.
    """

    series: dict[str, Series] = field(default_factory=dict)
    samples: dict[int, str | np.ndarray] = field(default_factory=dict)
    answers: dict[int, Table] = field(default_factory=dict)
    rows: dict[int, Table] = field(default_factory=dict)
    groups: dict[int, Table] = field(default_factory=dict)


def measured_of(workspace: Workspace, run: str) -> Measured:
    """The curves and samples that the workspace has of a run."""
    folder = workspace.run_folder(run) / "samples"
    answers, rows, groups = (_tables(folder, f"{prefix}step-") for prefix in ("", "rows-", "group-"))
    found = Measured(samples=_samples(folder), answers=answers, rows=rows, groups=groups)
    for name, stored in workspace.metrics(run).items():
        series = found.series[name] = Series()
        series.extend(stored.steps.astype(float), stored.values, stored.seconds)
    return found


def _samples(folder: Path) -> dict[int, str | np.ndarray]:
    found: dict[int, str | np.ndarray] = {}
    for file in sorted(folder.glob("step-*")):
        digits = file.stem.removeprefix("step-")
        if not digits.isdigit() or file.suffix == ".json":
            continue
        sample = read_sheet(file) if file.suffix == ".png" else file.read_text("utf-8", errors="replace")
        if sample is not None:
            found[int(digits)] = sample
    return found


def _tables(folder: Path, prefix: str) -> dict[int, Table]:
    found: dict[int, Table] = {}
    for file in sorted(folder.glob(f"{prefix}*.json")):
        digits = file.stem.removeprefix(prefix)
        try:
            table = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if digits.isdigit() and isinstance(table, list):
            found[int(digits)] = table
    return found
