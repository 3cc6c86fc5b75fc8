"""Writing with a model that completes: one text in which its words are coloured, to go on with and to take back."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.chat.completion_text import CompletionText
from fmstudio.gui.playground.composer import too_long
from fmstudio.gui.playground.figures import compared, figures_of, pace_of
from fmstudio.gui.playground.reply import Reply, can_replay, ending_of, replayed
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.labels import button, label
from fmstudio.jobs import Progress
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.conversation import Conversation
from fmstudio.workspace.conversations import ConversationStore


class CompletionEditor(QWidget):
    """prompted(prompt), busy_changed, conversations_changed, inside_wanted(text), index_wanted(a long text)."""

    prompted = Signal(dict)
    busy_changed = Signal()
    conversations_changed = Signal()
    inside_wanted = Signal(str)
    index_wanted = Signal(str)

    def __init__(self, studio: Studio, state: PlayState, store: ConversationStore) -> None:
        super().__init__()
        self.setObjectName("completion")
        self._studio, self._state, self._store = studio, state, store
        self.conversation = Conversation(kind="completion")
        self._reply, self._replay = Reply(self, studio), Reply(self, studio)
        theme = studio.theme
        self.text = CompletionText(theme)
        self.text.submitted.connect(self.go_on)
        self.text.textChanged.connect(self._changed)
        self.text.refused.connect(self._refuse)
        self._too_long = ""
        self.error = ErrorBox(theme, "completion-error", stacked=True)
        self.index = self.error.add_action("Index it as a document", "completion-index", self._index)
        self.index.hide()
        self.figures = label("", "caption", "completion-figures", wrap=True)
        self.note = label("", "caption", "completion-note", wrap=True)
        self.note.hide()
        self.undo = button("Undo", "completion-undo", theme, "mdi6.undo", "quiet", self.take_back)
        self.undo.setToolTip("Take back what the model wrote last")
        self.again = button("Another", "completion-again", theme, "mdi6.dice-5-outline", "quiet", self.write_again)
        self.again.setToolTip("Take it back and let the model go on in another way, with the next seed")
        self.replay = button("Replay", "completion-replay", theme, "mdi6.replay", "quiet", self.replay_last)
        self.replay.setToolTip("The same prompt, model, settings and seed: does the same text come out?")
        self.inside = button("Look inside", "completion-inside", theme, "mdi6.magnify-scan", "quiet", self._look_inside)
        self.feedback = FeedbackBar(studio, "completion-feedback")
        self._lay_out()
        self._connect()
        self._judge()

    def _connect(self) -> None:
        self._reply.prompted.connect(self.prompted)
        self._reply.grew.connect(self.text.append)
        self._reply.progressed.connect(self._paced)
        self._reply.replied.connect(self._ended)
        self._reply.failed.connect(self._failed)
        self._replay.replied.connect(self._replayed)
        self._replay.failed.connect(self._replay_failed)

    def _lay_out(self) -> None:
        self.setLayout(
            vbox(
                self.error,
                (self.text, 1),
                self.figures,
                self.note,
                hbox(self.undo, self.again, self.replay, self.inside, ..., gap=0),
                self.feedback,
                gap=6,
            )
        )

    # What is shown.

    @property
    def busy(self) -> bool:
        """Whether the model is writing, here or in a replay."""
        return self._reply.busy or self._replay.busy

    def show_conversation(self, conversation: Conversation) -> None:
        """Go on with a text that was kept, or with a new one."""
        if self._reply.busy:  # what came so far stays with the text that it was written for
            self._reply.forget()
            self.text.finish("stopped")
            self._keep()
        self.conversation = conversation
        self.text.show_pieces(conversation.pieces)
        self._show_result()

    def _show_result(self) -> None:
        result = self.conversation.result
        self.figures.setText(figures_of(result))
        self.note.hide()
        self.feedback.setVisible(bool(result))
        if result:
            self.feedback.show_entry(str(result.get("feedback", "")), str(result.get("text", "")))
        self._judge()

    def _changed(self) -> None:
        self._judge()
        self.busy_changed.emit()

    def _judge(self) -> None:
        ended = bool(self.conversation.result) and not self.busy
        self.undo.setEnabled(ended and self.text.can_take_back)
        self.again.setEnabled(ended and self.text.can_take_back)
        self.replay.setEnabled(ended and can_replay(self.conversation.result))
        self.inside.setEnabled(not self.text.document().isEmpty())

    # Writing.

    def go_on(self, seed: int | None = None) -> None:
        """Let the model go on from the end of the text."""
        if self.busy or self._state.refusal():
            return
        self._clear_error()
        self.conversation.model = self._state.model
        settings = self._state.sampling() | {"system": ""} | ({} if seed is None else {"seed": seed})
        self.text.go_on()
        self.figures.setText("Waiting for its turn…")
        record = self._state.chosen
        raw = {"raw": True} if record.get("chat") else {}
        self._reply.ask(
            f"“{record.get('title', self._state.model)}” writes", model=self._state.model,
            prompt=self.text.toPlainText(), settings=settings | raw, backend=self._state.backend,
            log=self._studio.preferences.logging,
        )  # fmt: skip
        self._changed()

    def stop(self) -> None:
        """End here and keep what was written."""
        self._reply.stop()
        self._replay.stop()

    def take_back(self) -> None:
        """Take back what the model wrote last."""
        if not self.busy:
            self.text.take_back()
            self.conversation.result = {}
            self._show_result()
            self._keep()

    def write_again(self) -> None:
        """Take it back and go on in another way, with the next seed."""
        seed = int(self.conversation.result.get("settings", {}).get("seed", self._state.sampling().get("seed", 0)))
        self.take_back()
        self.go_on(seed + 1)

    def _paced(self, progress: Progress) -> None:
        self.figures.setText(pace_of(progress))

    def _ended(self, result: Mapping[str, Any]) -> None:
        self.text.finish(ending_of(result))
        self.conversation.result = dict(result)
        self._state.heard_from(self.conversation.model)
        self._keep()
        self._show_result()
        self.busy_changed.emit()

    def _failed(self, reason: str, details: str) -> None:
        self.text.finish("failed")
        self.error.show_error(reason, details)
        self._show_result()
        self.busy_changed.emit()

    def _keep(self) -> None:
        self.conversation.pieces = self.text.pieces()
        try:
            self._store.save(self.conversation)
        except WorkspaceError as error:
            self.error.show_error(str(error))
        self.conversations_changed.emit()

    # Looking again.

    def replay_last(self) -> None:
        """Ask once more for what was written last, and tell whether the same comes out."""
        result = self.conversation.result
        if self.busy or not can_replay(result):
            return
        self._replay.ask("Replay a text", **replayed(result))
        self._changed()

    def _replayed(self, again: Mapping[str, Any]) -> None:
        self.note.setText(compared(self.conversation.result, again))
        self.note.show()
        self._changed()

    def _replay_failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)
        self._changed()

    # A text that is too long.

    def _refuse(self, text: str) -> None:
        self._too_long = text
        self.index.show()
        self.error.show_error(too_long(text))

    def _index(self) -> None:
        text, self._too_long = self._too_long, ""
        self._clear_error()
        self.index_wanted.emit(text)

    def _clear_error(self) -> None:
        self.error.clear()
        self.index.hide()

    def _look_inside(self) -> None:
        self.inside_wanted.emit(self.text.toPlainText())
