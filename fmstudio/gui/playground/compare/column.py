"""A column of a comparison: whom it asks and how it differs, what is answered, and how good that is."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.models.model_jobs import ModelJobs
from fmstudio.gui.models.picker import ModelPicker
from fmstudio.gui.playground.compare.own_prompt import OwnWishes
from fmstudio.gui.playground.compare.variants import Variant
from fmstudio.gui.playground.figures import compared, figures_of, pace_of, room_of
from fmstudio.gui.playground.reply import Reply, can_replay, ending_of, replayed
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, empty, hbox, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.feedback.bar import FeedbackBar
from fmstudio.gui.widgets.labels import ElidedLabel, button, icon_button, label, scroll_area, set_property
from fmstudio.gui.widgets.text.streamed_text import StreamedText
from fmstudio.jobs import Progress

WIDTH = 236


class CompareColumn(QFrame):
    """changed: its variant. busy_changed, better: this answer is the best, closed, inside_wanted(what), own_wanted."""

    changed = Signal()
    busy_changed = Signal()
    better = Signal()
    closed = Signal()
    own_wanted = Signal()
    inside_wanted = Signal(dict)

    def __init__(self, studio: Studio, state: PlayState, jobs: ModelJobs, number: int, variant: Variant) -> None:
        super().__init__()
        self._name = name = f"compare-{number}"
        self.setObjectName(name)
        self.setProperty("role", "card")
        self.setMinimumWidth(WIDTH)
        self._studio, self._state = studio, state
        self.variant = variant
        self.result: dict[str, Any] = {}
        self._reply, self._replay = Reply(self, studio), Reply(self, studio)
        theme = studio.theme
        self.picker = ModelPicker(theme, state, f"{name}-model", jobs=jobs)
        self.picker.show_model(variant.model)
        self.picker.chosen.connect(self._chose)
        self.own = icon_button("mdi6.tune-variant", "What this column has for itself", f"{name}-own", theme)
        self.own.clicked.connect(self.own_wanted)
        self.close_button = icon_button("mdi6.close", "Take this column away", f"{name}-close", theme, self.closed.emit)
        self.wishes = OwnWishes(studio, state, name, self.own)
        self.wishes.changed.connect(self.changed)
        self._chips = QVBoxLayout()
        self.text = StreamedText(theme, f"{name}-text", "Answer", fitted=True)
        self.error = ErrorBox(theme, f"{name}-error", stacked=True)
        self.figures = label("", "caption", f"{name}-figures", wrap=True)
        self.note = label("", "caption", f"{name}-note", wrap=True)
        self.note.hide()
        self.copy = icon_button("mdi6.content-copy", "Copy", f"{name}-copy", theme, self._copy)
        self.replay = icon_button("mdi6.replay", "Replay: the same model, settings and seed", f"{name}-replay", theme)
        self.replay.clicked.connect(self.replay_answer)
        self.inside = icon_button("mdi6.magnify-scan", "Look inside", f"{name}-inside", theme, self._look_inside)
        self.best = button("Better", f"{name}-better", theme, "mdi6.trophy-outline", clicked=self.better.emit)
        self.why = label("", "caption", f"{name}-why", wrap=True)
        self.why.hide()
        self.feedback = FeedbackBar(studio, f"{name}-feedback")
        self._lay_out()
        self._connect()
        self._show_state()

    def _connect(self) -> None:
        self._reply.grew.connect(self.text.append)
        self._reply.progressed.connect(self._paced)
        self._reply.replied.connect(self._ended)
        self._reply.failed.connect(self._failed)
        self._replay.replied.connect(self._replayed)
        self._replay.failed.connect(self._replay_failed)

    def _lay_out(self) -> None:
        content = boxed(vbox(self.text, ..., gap=6, margins=(0, 0, 8, 0)))
        self._chips.setSpacing(4)
        self.setLayout(
            vbox(
                hbox((self.picker, 1), 4, self.own, self.close_button, gap=0),
                self._chips,
                (scroll_area(content, f"{self._name}-scroll", reads=True), 1),
                self.error,
                self.figures,
                self.note,
                hbox(self.copy, self.replay, self.inside, ..., self.best, gap=0),
                self.why,
                self.feedback,
                margins=12,
            )
        )

    # What it is.

    def _chose(self, reference: str) -> None:
        self.variant.model = reference
        self.changed.emit()

    def show_differences(self, words: Sequence[str]) -> None:
        """Say in what this column differs from another."""
        empty(self._chips)
        for each in words:
            self._chips.addWidget(_chip(each), 0, Qt.AlignmentFlag.AlignLeft)

    def title(self) -> str:
        """What its model is called, with what runs it where a person chose that."""
        backend = self._state.backend_of(self.variant.model)
        title = str(self._state.record(self.variant.model).get("title") or self.variant.model or "No model")
        return title if backend == "auto" else f"{title}, {backend}"

    # Asking.

    @property
    def busy(self) -> bool:
        """Whether something is being written here."""
        return self._reply.busy or self._replay.busy

    def ask(self, prompt: str, system: str) -> None:
        """Have the prompt answered, with what this column has for itself on top of what all have."""
        prompt = self.variant.prompt or prompt
        system = system if self.variant.system is None else self.variant.system
        settings = self._state.sampling(self.variant.model, self.variant.sampling) | {"system": system}
        said: dict[str, Any] = {"messages": [{"role": "user", "content": prompt}]}
        if not self._state.record(self.variant.model).get("chat"):
            said = {"prompt": prompt}
        self._clear()
        self._reply.ask(
            f"Compare: {self.title()}", model=self.variant.model, settings=settings,
            backend=self._state.backend_of(self.variant.model), log=self._studio.preferences.logging, **said,
        )  # fmt: skip
        self._show_state()

    def stop(self) -> None:
        """End here and keep what was written."""
        self._reply.stop()
        self._replay.stop()

    def give_up(self) -> None:
        """End and say nothing any more: the column goes."""
        self._reply.forget()
        self._replay.forget()

    def _clear(self) -> None:
        self.result = {}
        self.error.clear()
        self.note.hide()
        self.text.begin()
        self.figures.setText("Waiting for its turn…")
        self.mark_best(None)

    def _paced(self, progress: Progress) -> None:
        self.figures.setText(pace_of(progress))

    def _ended(self, result: Mapping[str, Any]) -> None:
        self.result = dict(result)
        self._state.heard_from(self.variant.model)
        self.text.show_text(str(result["text"]), rich=True, ending=ending_of(result))
        used = room_of((result.get("prompt_tokens") or 0) + (result.get("tokens") or 0), result.get("context"))
        self.figures.setText(" · ".join(part for part in (figures_of(result), used) if part))
        self._show_state()

    def _failed(self, reason: str, details: str) -> None:
        self.text.finish("failed")
        self.figures.setText("")
        self.error.show_error(reason, details)
        self._show_state()

    def _show_state(self) -> None:
        answered = bool(self.result) and not self.busy
        for each in (self.copy, self.inside):
            each.setEnabled(answered)
        self.replay.setEnabled(answered and can_replay(self.result))
        self.feedback.setVisible(bool(self.result))
        if self.result and (self.feedback.entry != self.entry or not self.entry):
            self.feedback.show_entry(self.entry, str(self.result["text"]))
        self.busy_changed.emit()

    # Judging and looking again.

    @property
    def entry(self) -> str:
        """The answer's entry in the feedback log, or ""."""
        return str(self.result.get("feedback", ""))

    @property
    def asked(self) -> Any:
        """What was answered: the messages, system prompt included, or the text that was to be continued."""
        return self.result.get("messages") or self.result.get("prompt", "")

    def offer_best(self, reason: str, tell: bool) -> None:
        """Let this answer be called the better one, unless there is a reason against it; tell: say so in view."""
        self.best.setEnabled(not reason)
        self.why.setText(reason)
        self.why.setVisible(bool(reason) and tell)
        self.best.setToolTip(reason or "Marks it with a thumb up and the others with a thumb down.")

    def mark_best(self, best: bool | None) -> None:
        """Show that it was called the better one (or not; None: nothing was said)."""
        set_property(self, "current", bool(best))
        self.best.setText("✓ Better" if best else "Better")

    def replay_answer(self) -> None:
        """Ask once more for exactly this answer, and tell whether the same comes out."""
        if self.busy or not can_replay(self.result):
            return
        self._replay.ask("Replay an answer", **replayed(self.result))
        self._show_state()

    def _replayed(self, again: Mapping[str, Any]) -> None:
        self.note.setText(compared(self.result, again))
        self.note.show()
        self._show_state()

    def _replay_failed(self, reason: str, details: str) -> None:
        self.error.show_error(reason, details)
        self._show_state()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(str(self.result["text"]))

    def _look_inside(self) -> None:
        text = f"{self.result.get('prompt', '')}{self.result['text']}"
        self.inside_wanted.emit({"text": text, "model": self.variant.model})


def _chip(words: str) -> QLabel:
    made = ElidedLabel(words, "chip", "")
    made.setToolTip(f"{words}\nIn this the columns differ.")
    return made
