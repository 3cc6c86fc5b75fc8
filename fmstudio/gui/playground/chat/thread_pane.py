"""The middle of a chat: the messages, what went wrong, and the field for the next one."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.chat.session import ChatSession
from fmstudio.gui.playground.chat.start import ChatStart
from fmstudio.gui.playground.chat.thread import ThreadView
from fmstudio.gui.playground.composer import Composer
from fmstudio.gui.playground.figures import compared, pace_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.jobs import Progress
from fmstudio.workspace.conversation import Message


class TalkView(QWidget):
    """Shows a talk and passes on what a person says. looked_at(id): the prompt of this answer is of interest.

    path_shown: other messages are shown. changed: whether something can be sent is another thing now.
    """

    looked_at = Signal(str)
    path_shown = Signal()
    changed = Signal()

    def __init__(self, studio: Studio, state: PlayState, session: ChatSession) -> None:
        super().__init__()
        self.setObjectName("talk")
        self._state, self.session = state, session
        self.messages = ThreadView(studio)
        self.start = ChatStart(studio)
        self.composer = Composer(studio, "composer", "Say something to the model…")
        self.error = ErrorBox(studio.theme, "chat-error", stacked=True)
        self.retry = self.error.add_action("Try again", "chat-retry", self._retry)
        self._places = stack("chat-places", self.start, self.messages)
        self.setLayout(vbox((self._places, 1), self.error, self.composer))
        self._connect()

    def _connect(self) -> None:
        session, thread, composer = self.session, self.messages, self.composer
        session.path_changed.connect(self.show_path)
        session.message_changed.connect(self._show_message)
        session.grew.connect(self._grew)
        session.paced.connect(self._paced)
        session.compared.connect(self._compared)
        session.failed.connect(self._failed)
        session.busy_changed.connect(self._busy_changed)
        thread.edited.connect(session.edit)
        thread.regenerate_wanted.connect(session.regenerate)
        thread.branch_wanted.connect(session.choose)
        thread.remove_wanted.connect(session.remove)
        thread.replay_wanted.connect(session.replay)
        thread.looked_at.connect(self.looked_at)
        thread.answer_wanted.connect(self._retry)
        composer.sent.connect(self.send)
        composer.stop_wanted.connect(session.stop)
        composer.changed.connect(self.changed)
        self.start.asked.connect(self.send)

    # Saying something.

    def send(self, text: str) -> None:
        """Say it, if the model can be asked now."""
        if self._state.refusal() or self._state.sampling_problem() or self.session.busy:
            self.changed.emit()
            return
        self.error.clear()
        self.composer.clear()
        self.messages.follow()
        self.session.send(text)

    def _retry(self) -> None:
        """Have the last message answered, if the model can be asked now."""
        self.error.clear()
        if reason := self._state.refusal() or self._state.sampling_problem():
            self.error.show_error(reason)
        else:
            self.session.retry()

    # Showing it.

    def show_path(self) -> None:
        """Show the messages of the talk's present path."""
        session = self.session
        titles = {each["reference"]: str(each["title"]) for each in self._state.models}
        self.messages.show_conversation(session.conversation, session.busy, titles)
        self._places.setCurrentIndex(int(bool(session.conversation.messages)))
        self.path_shown.emit()

    def last_answered(self) -> Message | None:
        """The last answer on the path that was kept with its prompt."""
        answered = [message for message in self.session.conversation.path() if message.result.get("prompt")]
        return answered[-1] if answered else None

    def _show_message(self, id: str) -> None:
        if view := self.messages.view(id):
            view.show_message()
            view.show_feedback()
            self.looked_at.emit(id)

    def _grew(self, id: str, piece: str) -> None:
        if view := self.messages.view(id):
            view.append_piece(piece)

    def _paced(self, id: str, progress: Progress) -> None:
        if view := self.messages.view(id):
            view.say_pace(pace_of(progress))

    def _compared(self, id: str, again: Mapping[str, Any]) -> None:
        message = self.session.conversation.messages[id]
        if view := self.messages.view(id):
            view.say(compared({**message.result, "text": message.text}, again))

    def _failed(self, reason: str, details: str) -> None:
        path = self.session.conversation.path()
        self.retry.setVisible(bool(path) and path[-1].role == "user")
        self.error.show_error(reason, details)

    def _busy_changed(self) -> None:
        self.composer.set_running(bool(self.session.busy))
        self.changed.emit()
