"""The laboratories, beneath the loop: places to look inside, through which no model must pass."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from fmstudio.gui.home.life_cycle import Stage
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import ClickableCard
from fmstudio.gui.widgets.labels import IconLabel, label

_COLUMNS = 3


class Laboratories(QWidget):
    """wanted(panel, what): a laboratory was clicked. Takes no room where there is none."""

    wanted = Signal(str, dict)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("laboratories")
        self._theme = theme
        self._cards: dict[str, LaboratoryCard] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(16)
        caption = label("See how each kind of model works.", "secondary", "laboratories-caption")
        heading = hbox(label("Laboratories", "section", "laboratories-title"), caption, ..., gap=12)
        self.setLayout(vbox(heading, self._grid, gap=12))

    def show_laboratories(self, laboratories: Sequence[Stage]) -> None:
        """Show them, with what the workspace has for each."""
        if list(self._cards) != [each.panel for each in laboratories]:
            self._build(laboratories)
        for each in laboratories:
            self._cards[each.panel].show_made(each.made)
        self.setVisible(bool(laboratories))

    def card(self, name: str) -> "LaboratoryCard":
        """The card of a laboratory."""
        return self._cards[name]

    def _build(self, laboratories: Sequence[Stage]) -> None:
        for card in self._cards.values():
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = {each.panel: LaboratoryCard(each, self._theme) for each in laboratories}
        columns = min(_COLUMNS, len(laboratories))
        for place, (name, card) in enumerate(self._cards.items()):
            card.clicked.connect(partial(self.wanted.emit, name, {}))
            self._grid.addWidget(card, place // columns, place % columns)
            self._grid.setColumnStretch(place % columns, 1)


class LaboratoryCard(ClickableCard):
    """Its icon and title, what one sees there, and what there is to look at."""

    def __init__(self, laboratory: Stage, theme: Theme) -> None:
        name = f"laboratory-{laboratory.panel}"
        super().__init__(name, laboratory.title)
        self.setToolTip(f"Open {laboratory.title}")
        self._made = label("", "caption", f"{name}-made")
        title = hbox(label(laboratory.title, "strong", f"{name}-title"), ..., self._made)
        what = label(laboratory.invitation, "secondary", f"{name}-summary", wrap=True)
        icon = IconLabel(theme, laboratory.icon, "accent", 22)
        self.body.addLayout(hbox((icon, 0, Qt.AlignmentFlag.AlignTop), (vbox(title, what, gap=2), 1), gap=12))

    def show_made(self, made: str) -> None:
        """Say what there is to look at."""
        self._made.setText(made)
        self.setAccessibleDescription(made)
