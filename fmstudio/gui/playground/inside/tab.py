"""What every view of the inside has: a sentence on what one sees, the state of the question, errors in their place."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui import formatting
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, stack, vbox
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import TYPING, JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, label, scroll_area
from fmstudio.jobs import Progress, Sample


class InsideTab(QWidget):
    """Subclasses fill `body` and take the answers in `take`; they ask for more with `extra`.

    Asks only while it is in sight. While there is no text or no model, it says what to do instead.
    """

    nothing = "Type a text to see this."

    def __init__(self, studio: Studio, target: str, name: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._studio, self._theme = studio, studio.theme
        self.model, self.text, self.chat, self.system = "", "", False, ""
        self.sentence = label(sentence, "secondary", f"{name}-sentence", wrap=True)
        self.status = ElidedLabel("", "caption", f"{name}-status")
        self.status.setFixedHeight(18)  # always there, so that nothing moves when it speaks
        self.note = label("", "warning", f"{name}-note", wrap=True)
        self.note.hide()
        self.error = ErrorBox(studio.theme, f"{name}-error", dismissable=False)
        self.error.add_action("Try again", f"{name}-again", self.refresh)
        self.question = JobFollower(self, studio, target, "waits", patience=TYPING, once=True, at_once="model")
        self.body = vbox()
        self._lay_out(name)
        self.question.sampled.connect(self._answered)
        self.question.progressed.connect(self._progressed)
        self.question.failed.connect(self._failed)
        self.question.busy_changed.connect(self._busy)

    def _lay_out(self, name: str) -> None:
        content = Yielding(self.body)
        content.setProperty("role", "card")
        self.body.setContentsMargins(12, 12, 12, 12)
        self._empty = label(self.nothing, "secondary", f"{name}-nothing", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._places = stack(f"{name}-places", scroll_area(content, f"{name}-scroll"), self._empty)
        self.setLayout(vbox(self.sentence, self.note, self.error, (self._places, 1), self.status, margins=(0, 8, 0, 0)))

    # Asking.

    def look(self, model: str, text: str, chat: bool = False, system: str = "") -> None:
        """Show what this model makes of a text; with `chat`, of the text as a message in a chat."""
        if model != self.model:  # what is seen is another one's
            self.show_nothing("Opening the model…")
        self.model, self.text, self.chat, self.system = model, text, chat, system
        if self.isVisible():
            self.ask()

    def refresh(self) -> None:
        """Ask again."""
        self.question.forget()
        self.ask()

    def ask(self) -> None:
        """Ask what is to be shown, unless nothing can be."""
        if not self.model or not self.text:
            self.question.forget()
            self.show_nothing("Choose a model first." if not self.model else self.nothing)
            return
        self.question.ask(**self.arguments())

    def arguments(self) -> dict[str, Any]:
        """What is asked."""
        return {"model": self.model, "text": self.text, "chat": self.chat, "system": self.system if self.chat else ""}

    def stop(self) -> None:
        """Let what is being computed end."""
        self.question.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    # Answers.

    def take(self, sample: Sample) -> None:
        """Show an answer."""
        raise NotImplementedError

    def show_nothing(self, why: str) -> None:
        """Say why there is nothing to see."""
        self.error.clear()
        self.note.hide()
        self.status.clear()
        self._empty.setText(why)
        self._places.setCurrentIndex(1)

    def show_note(self, note: str) -> None:
        """A sentence on what is not shown, or none."""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _answered(self, sample: Sample) -> None:
        self.error.clear()
        self._places.setCurrentIndex(0)
        if "note" in sample.structure:
            self.show_note(sample.structure["note"])
        self.take(sample)

    def _progressed(self, progress: Progress) -> None:
        of = f" {formatting.count(progress.done)} of {formatting.count(progress.total)}" if progress.total else ""
        self.status.setText(f"{progress.message or 'Writing'}…{of}")

    def _busy(self, busy: bool) -> None:
        if not busy:
            self.status.setText(self.summary())

    def summary(self) -> str:
        """What stands beneath the view once it is complete."""
        return ""

    def _failed(self, reason: str, details: str) -> None:
        self.status.clear()
        self.error.show_error(reason, details)
