"""The left side of the window: the panels in the order of the life cycle, with icons, labels and shortcuts."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton

from fmstudio.gui.panel import HOME, LABORATORY, PROGRAM, PanelInfo
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import IconLabel, button, label

_WIDTH = 184
_KEYS = {HOME: "Ctrl+0", PROGRAM: "Ctrl+,"}


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
        of_program = [info for info in infos if info.chapter == PROGRAM]
        chapter = HOME
        for info in (info for info in infos if info not in of_program):
            if info.chapter != chapter and HOME in (info.chapter, chapter):
                layout.addSpacing(8)
            elif info.chapter == LABORATORY != chapter:
                layout.addWidget(self._heading("Laboratories"))
            chapter = info.chapter
            layout.addWidget(self._button(info, infos, theme))
        layout.addStretch(1)
        layout.addWidget(self._find_button(theme))
        for info in of_program:
            layout.addWidget(self._button(info, infos, theme))

    def _brand(self, theme: Theme) -> QHBoxLayout:
        return hbox(
            IconLabel(theme, "mdi6.orbit", "accent", 22),
            label("FM Studio", "section", "brand"),
            ...,
            margins=(10, 0, 0, 0),
        )

    def _heading(self, text: str) -> QLabel:
        made = label(text, "caption", "navigation-laboratories")
        made.setContentsMargins(10, 14, 0, 4)
        return made

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
            _add_key(made, key.removeprefix("Ctrl+") if info.chapter not in _KEYS else "")
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
    """Ctrl+1…9 go through life cycle and laboratories; Home is Ctrl+0 and Settings Ctrl+Comma, as in other programs."""
    if info.chapter in _KEYS:
        first = next(each for each in infos if each.chapter == info.chapter)
        return _KEYS[info.chapter] if info is first else ""
    numbered = [each.name for each in infos if each.chapter not in _KEYS]
    number = numbered.index(info.name) + 1
    return f"Ctrl+{number}" if number <= 9 else ""


def _add_key(made: QPushButton, key: str) -> None:
    """A quiet reminder of the shortcut at the right end of a button."""
    hint = label(key, "caption", f"{made.objectName()}-key")
    hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    made.setLayout(hbox(..., hint, gap=6, margins=(0, 0, 10, 0)))
