"""The system prompt of a chat, and what it is for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import vbox
from fmstudio.gui.widgets.form.fields import LinesField
from fmstudio.gui.widgets.labels import button

_SYSTEM_HELP = "What the model is told before the conversation. It holds from the next answer on."


class SystemPrompt(QWidget):
    """A field that folds away under its title."""

    edited = Signal(str)

    def __init__(self, studio: Studio, name: str = "system-prompt") -> None:
        super().__init__()
        self.setObjectName(f"{name}-box")
        self._theme = studio.theme
        self.fold = button("System prompt", f"{name}-fold", studio.theme, role="fold", clicked=self._swap)
        self.fold.setToolTip("Show or hide it")
        self.field = LinesField(name, "System prompt", 92)
        self.field.setPlaceholderText("None: the model begins with your message.")
        self.field.setToolTip(_SYSTEM_HELP)
        self.field.edited.connect(self._edited)
        self.setLayout(vbox(self.fold, self.field, gap=4, margins=(0, 0, 12, 0)))
        self.set_open(True)

    def set_open(self, opened: bool) -> None:
        """Unfold or fold."""
        self.field.setVisible(opened)
        self.fold.setIcon(self._theme.icon("mdi6.chevron-down" if opened else "mdi6.chevron-right", "secondary"))

    def _swap(self) -> None:
        self.set_open(self.field.isHidden())

    def set_value(self, text: str) -> None:
        """Show another system prompt without telling anyone."""
        if text != self.field.value():
            self.field.set_value(text)

    def _edited(self) -> None:
        self.edited.emit(self.field.value())
