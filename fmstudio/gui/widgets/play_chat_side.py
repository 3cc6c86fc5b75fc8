"""The left side of a chat: what the model is told beforehand and how it draws, or the conversations that were had."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import row, stack
from fmstudio.gui.widgets.form.fields import LinesField
from fmstudio.gui.widgets.labels import button
from fmstudio.gui.widgets.play_conversations import Conversations
from fmstudio.gui.widgets.play_sampling import SamplingForm
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace.conversations import Shelf

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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.setSpacing(4)
        layout.addWidget(self.fold)
        layout.addWidget(self.field)
        self.set_open(True)

    def set_open(self, opened: bool) -> None:
        """Unfold or fold."""
        self.field.setVisible(opened)
        self.fold.setIcon(self._theme.icon(f"mdi6.chevron-{'down' if opened else 'right'}", "secondary"))

    def _swap(self) -> None:
        self.set_open(self.field.isHidden())

    def set_value(self, text: str) -> None:
        """Show another system prompt without telling anyone."""
        if text != self.field.value():
            self.field.set_value(text)

    def _edited(self) -> None:
        self.edited.emit(self.field.value())


class ChatSide(QWidget):
    """Settings or conversations, one at a time."""

    def __init__(self, studio: Studio, state: PlayState, shelf: Shelf) -> None:
        super().__init__()
        self.setObjectName("chat-side")
        self.sight = Segments(
            [("settings", "Settings"), ("conversations", "Conversations")], "chat-side-sight", "Settings, or the list"
        )
        self.system = SystemPrompt(studio)
        self.sampling = SamplingForm(studio, state)
        self.conversations = Conversations(studio, shelf)
        settings = QWidget()
        column = QVBoxLayout(settings)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.system)
        column.addWidget(self.sampling, 1)
        self._pages = stack("chat-side-pages", settings, self.conversations)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(row(self.sight))
        layout.addWidget(self._pages, 1)
        self.sight.changed.connect(self.look_at)

    def look_at(self, sight: str) -> None:
        """Show "settings" or "conversations"."""
        self.sight.set_value(sight)
        self._pages.setCurrentIndex(int(sight == "conversations"))
        if sight == "conversations":
            self.conversations.refresh()
