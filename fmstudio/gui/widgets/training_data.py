"""What dialogs that make training data say: what it holds, what was left out and why, and where one goes on with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.workspace.contents import counted


def left_out_words(left_out: Sequence[Mapping[str, Any]]) -> str:
    """How many entries are left out, and why."""
    return "Left out: " + "; ".join(f"{each['entries']:,} – {each['reason']}" for each in left_out) + "."


class MadeDataset(QWidget):
    """Says which dataset was made, and leads to it and to Train. left: one goes there."""

    left = Signal()

    def __init__(self, studio: Studio, name: str) -> None:
        """name: begins the object names of its parts."""
        super().__init__()
        self.setObjectName(name)
        self._studio = studio
        self.dataset = ""
        self.told = label("", "success", f"{name}-told", wrap=True)
        self.look = button(
            "Look at it", f"{name}-look", studio.theme, "mdi6.text-box-search-outline",
            clicked=lambda: self._go("data", dataset=self.dataset),
        )  # fmt: skip
        self.train = button(
            "Train on it", f"{name}-train", studio.theme, "mdi6.school-outline",
            clicked=lambda: self._go("train", dataset=self.dataset),
        )  # fmt: skip
        self.setLayout(hbox((self.told, 1), self.look, self.train))
        self.hide()

    def tell(self, result: Mapping[str, Any]) -> None:
        """Show what a job made: {dataset, counts}."""
        self.dataset = str(result["dataset"])
        self.told.setText(f"“{self.dataset}” is here: {counted(result['counts'])}.")
        self.show()

    def _go(self, panel: str, **what: Any) -> None:
        self._studio.navigate(panel, **what)
        self.left.emit()
