"""The button of a panel's primary action."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton

from fmstudio.gui.panel import PrimaryAction
from fmstudio.gui.theme import Theme

ICON = QSize(22, 18)


class PrimaryButton(QPushButton):
    """The button of a panel's primary action: it shows the action's text, state and reason."""

    def __init__(self, action: PrimaryAction, theme: Theme) -> None:
        super().__init__()
        self._action, self._theme = action, theme
        self.setObjectName(f"{action.objectName()}-button")
        self.setProperty("role", "primary")
        self.setIconSize(ICON)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        action = self._action
        self.setText(action.text())
        self.setAccessibleName(action.text())
        self.setEnabled(action.isEnabled())
        self.setToolTip(action.reason or f"{action.text()} (Ctrl+Enter)")
        self.setIcon(self._theme.icon(action.icon_name, "on_accent"))
