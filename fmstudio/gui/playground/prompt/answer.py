"""What a model answers to a prompt: the text as it comes, its figures, marks for feedback, and the same once more."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.figures import compared, figures_of, pace_of
from fmstudio.gui.playground.reply import Reply, can_replay, ending_of, replayed
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, hbox, scrolled_column, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.labels import button, label
from fmstudio.gui.widgets.text.streamed_text import StreamedText
from fmstudio.jobs import Progress
from fmstudio.workspace.prompts import Message

_INVITATION = "Run the prompt to see what the model makes of it."


class PromptAnswer(QWidget):
    """changed: an answer has begun or ended. prompted(prompt): the exact text that the model was given.

    inside_wanted(what): a person wants to see prompt and answer from inside.
    """

    changed = Signal()
    prompted = Signal(dict)
    inside_wanted = Signal(dict)

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("prompt-answer")
        self._studio, self._state = studio, state
        self._reply, self._replaying = Reply(self, studio), Reply(self, studio)
        self.result: dict[str, Any] = {}
        self.invitation = label(_INVITATION, "secondary", "prompt-answer-invitation", wrap=True)
        self.text = StreamedText(studio.theme, "prompt-answer-text", "The model's answer", fitted=True)
        self.figures = label("", "caption", "prompt-answer-figures", wrap=True)
        self.replay_words = label("", "caption", "prompt-replay-words", wrap=True)
        self.error = ErrorBox(studio.theme, "prompt-answer-error")
        self.copy = button("Copy", "prompt-answer-copy", studio.theme, "mdi6.content-copy", "quiet", self._copy)
        self.replay = button("Replay", "prompt-replay", studio.theme, "mdi6.replay", "quiet", self.ask_again)
        self.replay.setToolTip("Ask again with the same prompt, settings and seed, and compare the answers")
        self.inside = button("Inside", "prompt-inside", studio.theme, "mdi6.magnify-scan", "quiet", self._look_inside)
        self.inside.setToolTip("See the prompt and the answer as the model does, token by token")
        self.feedback = FeedbackBar(studio, "prompt-feedback")
        self._lay_out()
        self._connect()
        self._show()

    def _connect(self) -> None:
        self._reply.grew.connect(self.text.append)
        self._reply.progressed.connect(self._paced)
        self._reply.prompted.connect(self.prompted)
        self._reply.replied.connect(self._ended)
        self._replaying.replied.connect(self._replayed)
        for each in (self._reply, self._replaying):
            each.failed.connect(self._failed)

    def _lay_out(self) -> None:
        column, scroll = scrolled_column("prompt-answer-scroll")
        self._actions = boxed(hbox(self.copy, self.replay, self.inside, ..., gap=4))
        self.card = Card("Answer", "prompt-answer-card")
        for each in (self.text, self.figures, self._actions, self.replay_words, self.feedback):
            self.card.body.addWidget(each)
        column.addWidget(self.invitation)
        column.addWidget(self.card)
        column.addStretch(1)
        self.setLayout(vbox(self.error, (scroll, 1)))

    @property
    def busy(self) -> bool:
        """Whether an answer is being written, or written again."""
        return self._reply.busy or self._replaying.busy

    def ask(self, name: str, question: Sequence[Message] | str) -> None:
        """Put messages, or a text to go on with, to the model that is chosen; `name` is the prompt's."""
        self.card.set_caption(name)
        self.error.clear()
        self.replay_words.clear()
        self.text.begin()
        self.result = {}
        said = {"prompt": question} if isinstance(question, str) else {"messages": list(question)}
        self._reply.ask(
            f"Run “{name}”", model=self._state.model, settings=self._state.sampling(), backend=self._state.backend,
            log=self._studio.preferences.logging, **said,
        )  # fmt: skip
        self._show()
        self.changed.emit()

    def ask_again(self) -> None:
        """Ask exactly what was asked, and tell whether the same comes out."""
        if self.busy or not can_replay(self.result):
            return
        self.replay_words.setText("Replaying…")
        self._replaying.ask("Replay an answer", **replayed(self.result))
        self._show()
        self.changed.emit()

    def stop(self) -> None:
        """End the answer here."""
        self._reply.stop()
        self._replaying.stop()

    def _paced(self, progress: Progress) -> None:
        self.figures.setText(pace_of(progress))

    def _ended(self, result: Mapping[str, Any]) -> None:
        self.result = dict(result)
        self.text.show_text(str(result.get("text", "")), rich=True, ending=ending_of(result))
        self.figures.setText(figures_of(result))
        self.feedback.show_entry(str(result.get("feedback", "")), str(result.get("text", "")))
        self._show()
        self.changed.emit()

    def _replayed(self, again: Mapping[str, Any]) -> None:
        self.replay_words.setText(compared(self.result, again))
        self._show()
        self.changed.emit()

    def _failed(self, reason: str, details: str) -> None:
        self.text.finish("failed")
        self.replay_words.clear()
        self.error.show_error(reason, details)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        begun, whole = bool(self._reply.asked), bool(self.result)
        self.invitation.setVisible(not begun)
        self.card.setVisible(begun)
        self.replay_words.setVisible(bool(self.replay_words.text()))
        self._actions.setVisible(whole)
        self.feedback.setVisible(whole)
        self.replay.setEnabled(not self.busy and can_replay(self.result))

    def _look_inside(self) -> None:
        text = f"{self.result.get('prompt', '')}{self.result.get('text', '')}"
        self.inside_wanted.emit({"text": text, "model": self.result.get("model", "")})

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(str(self.result.get("text", "")))
