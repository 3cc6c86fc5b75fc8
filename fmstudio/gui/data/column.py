"""The left of the Data panel: the datasets, and the way to train on several."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.data.list import DatasetList
from fmstudio.gui.data.mixture import kinds_to_mix
from fmstudio.gui.data.store import DatasetStore
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.menus import MenuEntry


class DatasetColumn(QWidget):
    """`mixture_wanted` asks to mix datasets, offered where there are several of a kind; `tokenizers_wanted` to see
    those that are kept, offered where there is a text.
    """

    mixture_wanted = Signal()
    tokenizers_wanted = Signal()

    def __init__(self, theme: Theme, store: DatasetStore, offered: Callable[[str], Sequence[MenuEntry]]) -> None:
        """offered: what a right click offers for a dataset."""
        super().__init__()
        self.setObjectName("data-column")
        self.list = DatasetList(theme, store, offered)
        self._store = store
        self._several = button(
            "Train on several…", "data-mix", theme, "mdi6.tune-vertical", "quiet", self.mixture_wanted.emit
        )
        self._several.setToolTip("Mix datasets of one kind, each with its share of what the model sees.")
        self._tokenizers = button(
            "Tokenizers", "data-tokenizers", theme, "mdi6.format-letter-matches", "quiet", self.tokenizers_wanted.emit
        )
        self._tokenizers.setToolTip("The vocabularies that this workspace keeps: who uses them, and what they do.")
        left = Qt.AlignmentFlag.AlignLeft
        ways = vbox((self._several, 0, left), (self._tokenizers, 0, left), gap=0)
        self.setLayout(vbox(label("Datasets", "section", "data-list-title"), (self.list, 1), ways))
        self.setMinimumWidth(232)
        self.setMaximumWidth(360)
        store.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self._several.setVisible(bool(kinds_to_mix(self._store.records)))
        self._tokenizers.setVisible(any(record.kind == "text" for record in self._store.records.values()))
