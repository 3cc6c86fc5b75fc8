"""Chooses what a model learns from: datasets of the workspace, and with several, the share of each."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.form.fields import ChoiceField, NumberField
from fmstudio.gui.widgets.labels import button, icon_button, label

_NOTHING = "Choose a dataset…"


class DatasetsField(QWidget):
    """Rows of a dataset and its weight. Weights appear with the second row: the share of one dataset is all.

    rearranged: there are other rows.
    """

    edited = Signal()
    rearranged = Signal()

    def __init__(self, theme: Theme, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self._theme = theme
        self._known: list[str] = []
        self.rows: list[_DatasetRow] = []
        self._hint = label("There is no dataset yet; add one in Data.", "caption", f"{name}-hint", wrap=True)
        self._add = button("Mix in another", f"{name}-add", theme, "mdi6.plus", "link", self._add_by_hand)
        self._layout = vbox(self._hint, self._add)
        self.setLayout(self._layout)
        self._insert("", 1.0)
        self._arrange()

    def set_known(self, names: Sequence[str]) -> None:
        """The datasets that can be chosen; what is chosen stays."""
        self._known = list(names)
        for row in self.rows:
            row.offer(self._known)
        self._arrange()

    def value(self) -> list[dict[str, Any] | str]:
        """Names, or tables of name and weight where the weight is not one: what a recipe holds."""
        chosen = []
        for row in self.rows:
            if row.dataset:
                weight = row.weight.value()
                even = len(self.rows) == 1 or weight == 1
                chosen.append(row.dataset if even else {"name": row.dataset, "weight": weight})
        return chosen

    def set_value(self, value: Any) -> None:
        """Show what a recipe holds: names, tables, or records with name and weight."""
        for row in list(self.rows):
            self._drop(row)
        for item in [value] if isinstance(value, str) else value or [""]:
            if isinstance(item, str):
                self._insert(item, 1.0)
            elif isinstance(item, dict):
                self._insert(item["name"], item.get("weight", 1.0))
            else:
                self._insert(item.name, item.weight)
        self._arrange()

    def _add_by_hand(self) -> None:
        chosen = {row.dataset for row in self.rows}
        self._insert(next((name for name in self._known if name not in chosen), ""), 1.0)
        self._arrange()
        self.rows[-1].choice.setFocus()
        self.edited.emit()

    def _insert(self, dataset: str, weight: float) -> None:
        row = _DatasetRow(self._theme, self._known, dataset, weight)
        row.choice.edited.connect(self.edited)
        row.weight.edited.connect(self.edited)
        row.remove.clicked.connect(lambda: self._remove_by_hand(row))
        self.rows.append(row)
        self._layout.insertWidget(self._layout.count() - 2, row)

    def _remove_by_hand(self, row: "_DatasetRow") -> None:
        self._drop(row)
        self._arrange()
        self.edited.emit()

    def _drop(self, row: "_DatasetRow") -> None:
        self.rows.remove(row)
        self._layout.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _arrange(self) -> None:
        several = len(self.rows) > 1
        for number, row in enumerate(self.rows, 1):
            row.set_name(f"{self.objectName()}-{number}")
            row.weight.setVisible(several)
            row.remove.setVisible(several)
        self._hint.setVisible(not self._known and not any(row.dataset for row in self.rows))
        self._add.setVisible(len(self.rows) < len(self._known))
        self.rearranged.emit()


class _DatasetRow(QWidget):
    def __init__(self, theme: Theme, known: Sequence[str], dataset: str, weight: float) -> None:
        super().__init__()
        self.choice = ChoiceField("", "Dataset", [])
        self.choice.setMinimumContentsLength(10)
        self.choice.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.weight = NumberField("", "Weight", minimum=1e-6, logarithmic=True, unit="×")
        self.weight.setToolTip("How often it is drawn, relative to the other datasets.")
        self.weight.setFixedWidth(88)
        self.weight.set_value(weight)
        self.remove = icon_button("mdi6.close", "Remove this dataset", "", theme)
        self.setLayout(hbox((self.choice, 1), self.weight, self.remove))
        self._show(known, dataset)

    def set_name(self, name: str) -> None:
        """Rows are named by their number, which changes when one above is removed."""
        for part, widget in (("name", self.choice), ("weight", self.weight), ("remove", self.remove)):
            widget.setObjectName(f"{name}-{part}")

    @property
    def dataset(self) -> str:
        """The chosen name, or ""."""
        return self.choice.currentData() or ""

    def offer(self, known: Sequence[str]) -> None:
        """Offer these datasets."""
        self._show(known, self.dataset)

    def _show(self, known: Sequence[str], dataset: str) -> None:
        self.choice.clear()
        if not dataset:
            self.choice.addItem(_NOTHING, "")
        for name in known:
            self.choice.addItem(name, name)
        if dataset and dataset not in known:
            self.choice.addItem(f"{dataset} (not here yet)", dataset)
        self.choice.setCurrentIndex(max(0, self.choice.findData(dataset)))
