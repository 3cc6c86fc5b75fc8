"""The left side of the window: the panels in the order of the life cycle, with icons, labels and shortcuts."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton

from fmstudio.gui.panel import PanelInfo
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import IconLabel, button, label

_WIDTH = 184
FIRST, LAST = 0, 1000  # Home stands before the life cycle, Settings after it


class Navigation(QFrame):
    """A button for each panel. `chosen` tells the name of the one that a person wants."""

    chosen = Signal(str)
    palette_wanted = Signal()

    def __init__(self, infos: Sequence[PanelInfo], theme: Theme) -> None:
        super().__init__()
        self.setObjectName("navigation")
        self.setAccessibleName("Navigation")
        self.setFixedWidth(_WIDTH)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        layout = vbox(self._brand(theme), 12, gap=2, margins=(8, 16, 8, 12))
        self.setLayout(layout)
        for info in infos:
            if info.order >= LAST:
                layout.addStretch(1)
                layout.addWidget(self._find_button(theme))
            layout.addWidget(self._button(info, infos, theme))
            if info.order == FIRST:
                layout.addSpacing(8)
        if not any(info.order >= LAST for info in infos):
            layout.addStretch(1)

    def _brand(self, theme: Theme) -> QHBoxLayout:
        return hbox(
            IconLabel(theme, "mdi6.orbit", "accent", 22),
            label("FM Studio", "section", "brand"),
            ...,
            margins=(10, 0, 0, 0),
        )

    def _find_button(self, theme: Theme) -> QPushButton:
        made = button("Find", "navigation-find", theme, "mdi6.magnify", "navigation", self.palette_wanted.emit)
        _add_key(made, "Ctrl K")
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setToolTip("Find a panel, dataset, model, run or command (Ctrl+K)")
        return made

    def _button(self, info: PanelInfo, infos: Sequence[PanelInfo], theme: Theme) -> QPushButton:
        made = button(info.title.replace("&", "&&"), f"navigation-{info.name}", theme, info.icon, "navigation")
        made.setAccessibleName(info.title)
        key = shortcut_of(info, infos)
        made.setToolTip(f"{info.summary} ({key})" if key else info.summary)
        if key:
            _add_key(made, key.removeprefix("Ctrl+") if info.order not in (FIRST, LAST) else "")
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda: self.chosen.emit(info.name))
        self._group.addButton(made)
        self._buttons[info.name] = made
        return made

    def show_chosen(self, name: str) -> None:
        """Mark the panel that is shown."""
        self._buttons[name].setChecked(True)

    def button(self, name: str) -> QPushButton:
        """The button of a panel."""
        return self._buttons[name]


def shortcut_of(info: PanelInfo, infos: Sequence[PanelInfo]) -> str:
    """Ctrl+1…9 go through the life cycle; Home is Ctrl+0 and Settings Ctrl+Comma, as in other programs."""
    if info.order <= FIRST:
        return "Ctrl+0"
    if info.order >= LAST:
        return "Ctrl+,"
    stages = [each.name for each in infos if FIRST < each.order < LAST]
    number = stages.index(info.name) + 1
    return f"Ctrl+{number}" if number <= 9 else ""


def _add_key(made: QPushButton, key: str) -> None:
    """A quiet reminder of the shortcut at the right end of a button."""
    hint = label(key, "caption", f"{made.objectName()}-key")
    hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    made.setLayout(hbox(..., hint, gap=6, margins=(0, 0, 10, 0)))
