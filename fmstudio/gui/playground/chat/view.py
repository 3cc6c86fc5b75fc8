"""Chat: a conversation with branches where the model chats, and a text to go on with where it only completes."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtGui import QHideEvent, QResizeEvent

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.chat.completion import CompletionEditor
from fmstudio.gui.playground.chat.memory import ChatMemory
from fmstudio.gui.playground.chat.session import ChatSession
from fmstudio.gui.playground.chat.side import ChatSide
from fmstudio.gui.playground.chat.tabs import ChatTabs
from fmstudio.gui.playground.chat.thread_pane import TalkView
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, splitter, stack
from fmstudio.gui.widgets.fold import Fold
from fmstudio.gui.widgets.labels import button, icon_button
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversation import Conversation
from fmstudio.workspace.conversations import ConversationStore

_SIDES = [260, 492, 320]
_SMALL = 46  # times the height of the text: as narrow as three columns can be read


class ChatView(PlayView):
    """act_changed: what Ctrl+Enter does, or whether it can. inside_wanted(what): see a text from inside, as `look` of

    that view takes it. index_wanted(text): a text that is too long should become a document.
    """

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("chat-view")
        self._studio, self._state = studio, state
        self.store = ConversationStore(studio.workspace)
        self.session = ChatSession(studio, state, self.store)
        self.middle = TalkView(studio, state, self.session)
        self.messages, self.composer, self.start = self.middle.messages, self.middle.composer, self.middle.start
        self.completion = CompletionEditor(studio, state, self.store)
        self.side = ChatSide(studio, state, self.store)
        self.tabs = ChatTabs(studio, state)
        self._make_tools()
        self._lay_out()
        self._connect()
        self._follow_model()
        self.middle.show_path()
        self._memory = ChatMemory(studio, self.store, self.middle, self.completion)
        self._memory.begin()

    def _make_tools(self) -> None:
        theme = self._studio.theme
        self.undo = button("Undo the deletion", "chat-undo", theme, "mdi6.undo", "quiet", self.session.undo)
        self.undo.hide()
        new = icon_button("mdi6.message-plus-outline", "New conversation", "chat-new", theme, self.begin)
        left = icon_button("mdi6.dock-left", "Show or hide the settings", "chat-left", theme, self._swap_left)
        right = icon_button("mdi6.dock-right", "Show or hide the prompt", "chat-right", theme, self._swap_right)
        self.tools = [self.undo, new, left, right]

    def _lay_out(self) -> None:
        self._ways = stack("chat-ways", self.middle, self.completion)
        self._split = splitter("chat-splitter", self.side, (self._ways, 1), self.tabs, sizes=_SIDES)
        self._left = Fold(self.side, self, self._studio.theme, _SMALL)
        self.setLayout(hbox(self._split))
        self.setFocusProxy(self.composer.field)  # what is typed is meant for the model

    def _connect(self) -> None:
        self._studio.renamed.connect(self._model_renamed)
        self.session.prompted.connect(self._show_prompt_of_last)
        self.session.conversations_changed.connect(self._conversations_changed)
        self.middle.path_shown.connect(self._path_shown)
        self.middle.looked_at.connect(self._looked_at)
        self.middle.changed.connect(self.act_changed)
        self.messages.inside_wanted.connect(self._look_inside)
        self.composer.index_wanted.connect(self.index_wanted)
        self.completion.prompted.connect(self.tabs.show_prompt)
        self.completion.busy_changed.connect(self.act_changed)
        self.completion.conversations_changed.connect(self._conversations_changed)
        self.completion.inside_wanted.connect(self._look_inside_text)
        self.completion.index_wanted.connect(self.index_wanted)
        self.side.system.edited.connect(self.session.set_system)
        listed = self.side.conversations
        listed.opened.connect(self.open)
        listed.begun.connect(self.begin)
        listed.deleted.connect(self._delete)
        listed.renamed.connect(self._renamed)
        listed.restored.connect(self._restored)
        self._state.model_changed.connect(self._follow_model)
        self._state.models_changed.connect(self._follow_model)
        self._state.sampling_changed.connect(self.act_changed)

    def hideEvent(self, event: QHideEvent) -> None:
        self._memory.keep_now()
        super().hideEvent(event)

    # What the panel asks.

    @property
    def completes(self) -> bool:
        """Whether a text is written here, and no conversation held."""
        return self._ways.currentIndex() == 1

    @property
    def running(self) -> bool:
        """Whether an answer is being written here."""
        return self.completion.busy if self.completes else bool(self.session.busy)

    @property
    def act_words(self) -> tuple[str, str]:
        """What Ctrl+Enter does now, and its icon."""
        if self.running:
            return "Stop", "mdi6.stop"
        return ("Continue", "mdi6.play") if self.completes else ("Send", "mdi6.send")

    def refusal(self) -> str:
        """Why that cannot be done now, or ""."""
        if self.running:
            return ""
        if reason := self._state.refusal() or self._state.sampling_problem():
            return reason
        return "" if self.completes or self.composer.text.strip() else "Write a message first."

    def act(self) -> None:
        """Send, go on, or stop."""
        if self.running:
            self.stop()
        elif self.completes:
            self.completion.go_on()
        else:
            self.composer.submit()

    def stop(self) -> None:
        """End what is being written and keep it."""
        for each in (self.session, self.completion, self.tabs):
            each.stop()

    def look(self, prompt: str = "", conversation: str = "", messages: Sequence[dict[str, str]] = (), **_: Any) -> None:
        """Open a conversation; or put a prompt into the field, after the messages that were said before it."""
        if conversation:
            self.open(conversation)
        if messages and not self.completes:
            prompt = self._begin_from(messages)
        if prompt and self.completes:
            self.completion.show_conversation(Conversation(kind="completion"))
            self.completion.text.setPlainText(prompt)
        elif prompt:
            self.composer.field.setPlainText(prompt)
            self.composer.field.setFocus()

    def _begin_from(self, messages: Sequence[dict[str, str]]) -> str:
        """A new conversation with what was said before; returns the last message, to be said again."""
        said = [each for each in messages if each["role"] != "system"]
        system = next((each["content"] for each in messages if each["role"] == "system"), "")
        made, last = Conversation(system=system), ""
        for each in said[:-1]:
            last = made.add(last, each["role"], each["content"]).id
        self.session.take(made)
        return said[-1]["content"] if said else ""

    # Conversations.

    def begin(self) -> None:
        """Turn to a new conversation, or to a new text."""
        self.middle.error.clear()
        if self.completes:
            self.completion.show_conversation(Conversation(kind="completion"))
            self.tabs.clear()
        else:
            self.session.begin()
            self.composer.field.setFocus()
        self._mark()

    def open(self, id: str) -> None:
        """Come back to a conversation, with the model that it was held with where that is still here."""
        self.middle.error.clear()
        try:
            found = self.store.load(id)
            if self._state.record(found.model):
                self._state.choose(found.model)
            if found.kind == "completion":
                self.completion.show_conversation(found)
            else:
                self.session.open(id)
                self.messages.follow()
            self._show_way(found.kind == "completion")
        except WorkspaceError as error:
            self.side.conversations.error.show_error(str(error))
        self._mark()

    def _delete(self, id: str) -> None:
        title = self.side.conversations.headings[id].title
        try:
            self.session.delete(id)
        except WorkspaceError as error:
            self.side.conversations.error.show_error(str(error))
        else:
            self.side.conversations.offer_undo(id, title)
        if self.completion.conversation.id == id:
            self.completion.show_conversation(Conversation(kind="completion"))

    def _restored(self, id: str) -> None:
        """Show what was taken back, unless something else has been begun meanwhile."""
        shown = self.completion.conversation if self.completes else self.session.conversation
        if shown.empty:
            self.open(id)

    def _renamed(self, id: str, title: str) -> None:
        for conversation in (self.session.conversation, self.completion.conversation):
            if conversation.id == id:
                conversation.title = title.strip()

    def _model_renamed(self, _kind: str, name: str, new: str) -> None:
        """What is shown is written anew with the next answer, and must not bring the old name back."""
        for conversation in (self.session.conversation, self.completion.conversation):
            conversation.rename_model(name, new)

    def _conversations_changed(self) -> None:
        if self.side.conversations.isVisible():
            self.side.conversations.refresh()
        self._mark()

    def _mark(self) -> None:
        shown = self.completion.conversation if self.completes else self.session.conversation
        self.side.conversations.mark(shown.id)
        self.act_changed.emit()

    # What the model was given.

    def _path_shown(self) -> None:
        self.side.system.set_value(self.session.conversation.system)
        self.undo.setVisible(bool(self.session.removed))
        self._show_prompt_of_last()
        self._mark()

    def _show_prompt_of_last(self, *_: object) -> None:
        """What the model was given for the last answer that is seen, be it one that is being written."""
        running = self.session.busy
        on_path = any(each.id == running for each in self.session.conversation.path())
        if on_path and (prompt := self.session.prompt_of(running)):
            self.tabs.show_prompt(prompt)
        elif last := self.middle.last_answered():
            self._looked_at(last.id)
        else:
            self.tabs.clear()

    def _looked_at(self, id: str) -> None:
        """Show what the model was given for this answer."""
        message = self.session.conversation.messages.get(id)
        if message is not None and message.result.get("prompt"):
            self.tabs.show_result(message.result, message.text)

    def _look_inside(self, id: str) -> None:
        message = self.session.conversation.messages[id]
        text = f"{message.result.get('prompt', '')}{message.text}"
        self.inside_wanted.emit({"text": text, "model": message.result.get("model", self._state.model)})

    def _look_inside_text(self, text: str) -> None:
        self.inside_wanted.emit({"text": text, "model": self._state.model})

    # How it is divided, and which way the model goes.

    def _follow_model(self, *_: object) -> None:
        record = self._state.chosen
        if record and not self.running and self.completes == bool(record.get("chat")):
            self._show_way(not record.get("chat"))
        self.start.set_model(str(record.get("title", "")))
        self.act_changed.emit()

    def _show_way(self, completes: bool) -> None:
        self._ways.setCurrentIndex(int(completes))
        self.setFocusProxy(self.completion.text if completes else self.composer.field)
        self.side.system.setVisible(not completes)
        result = self.completion.conversation.result
        if completes and result:
            self.tabs.show_result(result, str(result.get("text", "")))
        elif completes:
            self.tabs.clear()
        else:
            self._show_prompt_of_last()
        self._mark()

    def _swap_left(self) -> None:
        self._left.swap()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._left.fit()

    def _swap_right(self) -> None:
        self.tabs.setVisible(self.tabs.isHidden())
