"""What a chat does: it sends, edits, answers again, replays, and keeps conversations. It knows no widget.

An answer belongs to the conversation in which it was asked for: whoever opens another one, or another panel, finds it
complete when they come back.
"""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.reply import Reply, can_replay, replayed
from fmstudio.gui.studio import Studio
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversation import ROOT, Conversation, Removed
from fmstudio.workspace.conversations import ConversationStore

_SEEDS = 2**31


class ChatSession(QObject):
    """path_changed: other messages are shown. message_changed(id): its text or figures. grew(id, piece).

    paced(id, progress), prompted(id), compared(id, result of a replay), failed(reason, details), busy_changed,
    conversations_changed: the list of conversations. `removed` holds what the latest deletion took, for `undo`.
    """

    path_changed = Signal()
    message_changed = Signal(str)
    grew = Signal(str, str)
    paced = Signal(str, object)
    prompted = Signal(str)
    compared = Signal(str, dict)
    failed = Signal(str, str)
    busy_changed = Signal()
    conversations_changed = Signal()

    def __init__(self, studio: Studio, state: PlayState, store: ConversationStore) -> None:
        super().__init__()
        self._studio, self._state, self._store = studio, state, store
        self.conversation = Conversation(system=state.default_system)
        self._running: dict[str, tuple[Conversation, Reply]] = {}
        self._prompts: dict[str, dict[str, Any]] = {}
        self._replays: dict[str, Reply] = {}
        self.removed: Removed = []
        self._system_is_own = False
        state.settings_changed.connect(self._learn_system)

    # Conversations.

    def begin(self) -> None:
        """Turn to a new conversation."""
        self.take(Conversation(system=self._state.default_system))

    def open(self, id: str) -> None:
        """Come back to a conversation; one in which an answer is being written is found as it stands."""
        running = next((each for each, _ in self._running.values() if each.id == id), None)
        self.take(running or self._store.load(id))
        self._system_is_own = True

    def delete(self, id: str) -> None:
        """Throw a conversation away, and the answer that is being written in it."""
        for message, (owner, reply) in list(self._running.items()):
            if owner.id == id:
                del self._running[message]
                self._prompts.pop(message, None)
                reply.forget()
                reply.deleteLater()
        self._store.remove(id)
        if self.conversation.id == id:
            self.begin()
        self.conversations_changed.emit()

    def take(self, conversation: Conversation) -> None:
        """Turn to this conversation."""
        self.conversation = conversation
        self.removed, self._system_is_own = [], False
        self.path_changed.emit()
        self.busy_changed.emit()

    def set_system(self, text: str) -> None:
        """Change what the model is told before the conversation; it holds from the next answer on."""
        self._system_is_own = True
        if text != self.conversation.system:
            self.conversation.system = text
            if not self.conversation.empty:
                self._keep(self.conversation)

    def _learn_system(self) -> None:
        if self.conversation.empty and not self._system_is_own:
            self.conversation.system = self._state.default_system
            self.path_changed.emit()

    # Saying something.

    @property
    def busy(self) -> str:
        """The message of this conversation that is being written, or ""."""
        return next((each for each, (owner, _) in self._running.items() if owner is self.conversation), "")

    def send(self, text: str) -> None:
        """Say something at the end of the path, and have it answered."""
        last = self.conversation.path()[-1:]
        after = last[0].id if last else ROOT
        if last and last[0].role == "user":
            after = last[0].parent  # that one was never answered: this is said in its place
        self._answer(self.conversation.add(after, "user", text).id)

    def edit(self, id: str, text: str) -> None:
        """Say it another way, on a branch beside the first, and have that answered."""
        parent = self.conversation.messages[id].parent
        self._answer(self.conversation.add(parent, "user", text).id)

    def regenerate(self, id: str) -> None:
        """Another answer beside this one, with the next seed."""
        beside = self.conversation.siblings(id)
        seeds = [int(each.result.get("settings", {}).get("seed", 0)) for each in beside if each.result]
        first = next((str(each.result["feedback"]) for each in beside if each.result.get("feedback")), None)
        self._answer(self.conversation.messages[id].parent, (max(seeds) + 1) % _SEEDS if seeds else None, first)

    def retry(self) -> None:
        """Answer the last question, which was not answered."""
        path = self.conversation.path()
        if path and path[-1].role == "user":
            self._answer(path[-1].id)

    def _answer(self, question: str, seed: int | None = None, alike: str | None = None) -> None:
        if self.busy:
            return
        owner = self.conversation
        owner.model, self.removed = self._state.model, []
        settings = self._state.sampling() | {"system": owner.system}
        settings |= {} if seed is None else {"seed": seed}
        message, reply = owner.add(question, "assistant", ""), Reply(self, self._studio)
        self._running[message.id] = (owner, reply)
        self._connect(message.id, reply)
        title = self._state.record(owner.model).get("title", owner.model)
        reply.ask(
            f"Answer of “{title}”", model=owner.model, messages=owner.history(question), settings=settings,
            backend=self._state.backend, log=self._studio.preferences.logging, alike=alike,
        )  # fmt: skip
        self._keep(owner, without=message.id)
        self.path_changed.emit()
        self.busy_changed.emit()

    def _connect(self, id: str, reply: Reply) -> None:
        reply.grew.connect(lambda piece: self._grew(id, piece))
        reply.progressed.connect(lambda progress: self.paced.emit(id, progress))
        reply.prompted.connect(lambda prompt: self._prompted(id, prompt))
        reply.replied.connect(lambda result: self._ended(id, result))
        reply.failed.connect(lambda reason, details: self._failed(id, reason, details))
        reply.ended.connect(reply.deleteLater)

    def _prompted(self, id: str, prompt: Mapping[str, Any]) -> None:
        self._prompts[id] = dict(prompt)
        if self._running[id][0] is self.conversation:
            self.prompted.emit(id)

    def prompt_of(self, id: str) -> Mapping[str, Any]:
        """What the model was given for the answer that is being written, as far as that is known."""
        return self._prompts.get(id, {})

    def _grew(self, id: str, piece: str) -> None:
        owner, _ = self._running[id]
        owner.messages[id].text += piece
        if owner is self.conversation:
            self.grew.emit(id, piece)

    def _ended(self, id: str, result: Mapping[str, Any]) -> None:
        owner, _ = self._running.pop(id)
        self._prompts.pop(id, None)
        message = owner.messages[id]
        message.text, message.result = str(result["text"]), _kept(result)
        if result.get("finish") == "stopped" and not message.text:
            owner.remove(id)
        self._keep(owner)
        self._state.heard_from(owner.model)
        if owner is self.conversation:
            if id in owner.messages:
                self.message_changed.emit(id)
            else:
                self.path_changed.emit()
        self.busy_changed.emit()

    def _failed(self, id: str, reason: str, details: str) -> None:
        owner, reply = self._running.pop(id)
        self._prompts.pop(id, None)
        if reply.text:
            owner.messages[id].result = {"finish": "failed"}
        else:
            owner.remove(id)
        self._keep(owner)
        if owner is self.conversation:
            self.path_changed.emit()
            self.failed.emit(reason, details)
        self.busy_changed.emit()

    def stop(self) -> None:
        """End the answer, and the replays, where they are."""
        for reply in (*(reply for _, reply in self._running.values()), *self._replays.values()):
            reply.stop()

    # Branches, deletion, replay.

    def choose(self, id: str) -> None:
        """Show the branch of this message."""
        self.conversation.choose(id)
        self._keep(self.conversation)
        self.path_changed.emit()

    def remove(self, id: str) -> None:
        """Delete a message and what follows from it."""
        if not self.busy:
            self.removed = self.conversation.remove(id)
            self._keep(self.conversation)
            self.path_changed.emit()

    def undo(self) -> None:
        """Put back what was deleted last."""
        gone, self.removed = self.removed, []
        self.conversation.restore(gone)
        self._keep(self.conversation)
        self.path_changed.emit()

    def replay(self, id: str) -> None:
        """Ask again for exactly what was answered, and tell whether the same comes out."""
        result = self.conversation.messages[id].result
        if not can_replay(result) or id in self._replays:
            return
        reply = self._replays[id] = Reply(self, self._studio)
        reply.replied.connect(lambda again: self._replayed(id, again))
        reply.failed.connect(lambda reason, details: self._replay_failed(id, reason, details))
        reply.ended.connect(reply.deleteLater)
        reply.ask("Replay an answer", **replayed(result))
        self.busy_changed.emit()

    def _replayed(self, id: str, again: Mapping[str, Any]) -> None:
        self._replays.pop(id, None)
        if id in self.conversation.messages:
            self.compared.emit(id, dict(again))
        self.busy_changed.emit()

    def _replay_failed(self, id: str, reason: str, details: str) -> None:
        self._replays.pop(id, None)
        self.failed.emit(reason, details)
        self.busy_changed.emit()

    # Keeping.

    def _keep(self, owner: Conversation, without: str = "") -> None:
        """Write the conversation's file; `without` names an answer that has only begun."""
        begun = owner.messages.get(without)
        try:
            if begun is not None:
                owner.remove(without)
            self._store.save(owner)
        except WorkspaceError as error:
            self.failed.emit(str(error), "")
        finally:
            if begun is not None:
                owner.restore([begun])
        self.conversations_changed.emit()


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """What of a result is kept with its message: the text is the message's own."""
    return {key: value for key, value in result.items() if key != "text"}
