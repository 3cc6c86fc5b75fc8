"""What a chat looked like, to be found again when the program is opened, or was killed: which conversation, what was
written and not sent yet, and which part was seen.
"""

import json
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QTimer

from fmstudio.gui.playground.chat.completion import CompletionEditor
from fmstudio.gui.playground.chat.thread_pane import TalkView
from fmstudio.gui.studio import Studio
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversations import ConversationStore

_KEY = "chat"
_REST = 400  # milliseconds after a change
_MOST = 50_000  # characters of a draft; preferences are no place for books


class ChatMemory(QObject):
    """Follows a talk and a text that is written with a model, and keeps how they stand in the window's own memory."""

    def __init__(self, studio: Studio, store: ConversationStore, talk: TalkView, writing: CompletionEditor) -> None:
        super().__init__(talk)
        self._studio, self._store, self._talk, self._writing = studio, store, talk, writing
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._keep)

    def begin(self) -> None:
        """Bring back what was there, and keep what changes from now on."""
        self._bring_back(self._kept())
        for signal in (
            self._talk.session.path_changed, self._talk.composer.field.textChanged, self._talk.messages.moved,
            self._writing.text.textChanged, self._writing.conversations_changed,
        ):  # fmt: skip
            signal.connect(self._rest.start)

    def keep_now(self) -> None:
        """Keep what has changed a moment ago: it is about to go."""
        if self._rest.isActive():
            self._rest.stop()
            self._keep()

    def _keep(self) -> None:
        talk, text = self._talk.session.conversation, self._writing.conversation
        state = {
            "conversation": "" if talk.empty else talk.id,
            "draft": self._talk.composer.text[:_MOST],
            "place": self._talk.messages.place,
            "text": "" if text.empty else text.id,
            "pieces": self._pieces(),
        }
        self._studio.preferences.remember(self._studio.workspace.path, _KEY, json.dumps(state))

    def _pieces(self) -> list[dict[str, Any]]:
        long = self._writing.text.document().characterCount() > _MOST
        return [] if long or self._writing.busy else self._writing.text.pieces()

    def _kept(self) -> dict[str, Any]:
        kept = self._studio.preferences.recall(self._studio.workspace.path, _KEY)
        try:
            state = json.loads(kept) if isinstance(kept, str) else {}
        except ValueError:
            return {}  # it was changed by hand
        return state if isinstance(state, dict) else {}

    def _bring_back(self, state: dict[str, Any]) -> None:
        """As far as it is still there: a conversation may have been deleted, or its file damaged; the list says so."""
        with suppress(WorkspaceError):
            if state.get("conversation"):
                self._talk.session.open(str(state["conversation"]))
        if place := state.get("place"):
            self._talk.messages.go_to(str(place[0]), int(place[1]))
        self._talk.composer.field.setPlainText(str(state.get("draft", "")))
        with suppress(WorkspaceError):
            if state.get("text"):
                self._writing.show_conversation(self._store.load(str(state["text"])))
        if pieces := state.get("pieces"):
            self._writing.text.show_pieces(pieces)
