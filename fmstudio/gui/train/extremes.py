"""The held-back rows that a model finds hardest and easiest: a bad row is often a mistake in the data."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.runs.state import RunState
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import boxed, hbox, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.lists.entries import Entry, EntryList, Line

SIDES = (("worst", "Hardest: the highest loss"), ("best", "Easiest: the lowest loss"))


class RunExtremes(QWidget):
    """Rows of the latest validation. row_wanted(dataset, number from 1): one was clicked, or Enter pressed on it."""

    row_wanted = Signal(str, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("run-extremes")
        self._run: RunState | None = None
        self._rows: dict[str, Mapping[str, Any]] = {}
        self.lists: dict[str, EntryList] = {}
        self.captions = {side: label(title, "caption", f"extremes-{side}-title", wrap=True) for side, title in SIDES}
        for side, title in SIDES:
            self.lists[side] = EntryList(theme, f"extremes-{side}", title, bare=True)
            self.lists[side].opened.connect(self._open)
        columns = [boxed(vbox(self.captions[side], (self.lists[side], 1), gap=4)) for side, _ in SIDES]
        self.setLayout(hbox(*((each, 1) for each in columns), gap=16, margins=(12, 6, 6, 6)))

    def set_run(self, run: RunState | None) -> None:
        """Show a run's rows from now on."""
        if self._run is not None:
            self._run.changed.disconnect(self._hear)
        self._run = run
        if run is not None:
            run.changed.connect(self._hear)
            self._hear("sample")

    def _hear(self, what: str) -> None:
        if what != "sample" or self._run is None:
            return
        rows = self._run.rows
        step = max(rows, default=0)
        shown = rows.get(step, [])
        self._rows = {f"{row['side']} {place}": row for place, row in enumerate(shown)}
        for side, title in SIDES:
            self.captions[side].setText(f"{title} at step {step:,}")
            self.lists[side].show_entries([_entry(key, row) for key, row in self._rows.items() if row["side"] == side])

    def _open(self, key: str) -> None:
        row = self._rows[key]
        self.row_wanted.emit(str(row["dataset"]), int(row["number"]))


def _entry(key: str, row: Mapping[str, Any]) -> Entry:
    loss, where = f"loss {formatting.number(row['loss'])}", f"row {row['number']:,} of {row['dataset']}"
    return Entry(
        key, (Line(row["question"], "body", "text", aside=loss), Line(where)),
        f"{row['question']}, {loss}, {where}", "Click shows this row in Data.",
    )  # fmt: skip
