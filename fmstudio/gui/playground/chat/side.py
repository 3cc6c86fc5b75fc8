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
        views = [("settings", "Settings"), ("conversations", "Conversations")]
        self.view_choice = Segments(views, "chat-side-view", "Settings, or the list")
        self.system = SystemPrompt(studio)
        self.sampling = SamplingForm(studio, state)
        self.conversations = Conversations(studio, store)
        settings = boxed(vbox(self.system, (self.sampling, 1), gap=12))
        self._pages = stack("chat-side-pages", settings, self.conversations)
        self.setLayout(vbox(row(self.view_choice), (self._pages, 1), gap=12))
        self.view_choice.changed.connect(self.look_at)

    def look_at(self, view: str) -> None:
        """Show "settings" or "conversations"."""
        self.view_choice.set_value(view)
        self._pages.setCurrentIndex(int(view == "conversations"))
        if view == "conversations":
            self.conversations.refresh()
