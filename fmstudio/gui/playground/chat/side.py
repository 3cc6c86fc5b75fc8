"""The left side of a chat: what the model is told beforehand and how it draws, or the conversations that were had."""

from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.chat.conversation_list import Conversations
from fmstudio.gui.playground.sampling_form import SamplingForm
from fmstudio.gui.playground.system_prompt import SystemPrompt
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, row, stack, vbox
from fmstudio.gui.widgets.segments import Segments
from fmstudio.workspace.conversations import ConversationStore


class ChatSide(QWidget):
    """Settings or conversations, one at a time."""

    def __init__(self, studio: Studio, state: PlayState, store: ConversationStore) -> None:
        super().__init__()
        self.setObjectName("chat-side")
        self.sight = Segments(
            [("settings", "Settings"), ("conversations", "Conversations")], "chat-side-sight", "Settings, or the list"
        )
        self.system = SystemPrompt(studio)
        self.sampling = SamplingForm(studio, state)
        self.conversations = Conversations(studio, store)
        settings = boxed(vbox(self.system, (self.sampling, 1), gap=12))
        self._pages = stack("chat-side-pages", settings, self.conversations)
        self.setLayout(vbox(row(self.sight), (self._pages, 1), gap=12))
        self.sight.changed.connect(self.look_at)

    def look_at(self, sight: str) -> None:
        """Show "settings" or "conversations"."""
        self.sight.set_value(sight)
        self._pages.setCurrentIndex(int(sight == "conversations"))
        if sight == "conversations":
            self.conversations.refresh()
