"""One document of a collection with its chunks, at the passage that is looked at; the same for a preview."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from fmstudio.gui.playground.retrieval.legend import ChunkLegend
from fmstudio.gui.playground.retrieval.text import ChunkedText, chunks_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label


class PassageView(Card):
    """Asks for the document by itself. shown: a document has come. failed: it cannot be shown, and it says why."""

    shown = Signal()
    failed = Signal()

    def __init__(self, studio: Studio, name: str, target: str) -> None:
        """target: the job that tells a document with its chunks."""
        super().__init__("", name)
        theme = studio.theme
        self.set_padding(16, 12, 8, 8)
        self.heading = ElidedLabel("", "section", f"{name}-heading")
        self.about = ElidedLabel("", "caption", f"{name}-about")
        self.place = label("", "caption", f"{name}-place")
        self.previous = icon_button("mdi6.chevron-up", "Chunk before", f"{name}-previous", theme, lambda: self.step(-1))
        self.next = icon_button("mdi6.chevron-down", "Next chunk", f"{name}-next", theme, lambda: self.step(1))
        self.error = ErrorBox(theme, f"{name}-error", dismissable=False)
        self.text = ChunkedText(theme, f"{name}-text")
        self.text.pointed.connect(self._choose)
        self.legend = ChunkLegend(theme, f"{name}-legend")
        self._chunk: object = None
        self.document: Mapping[str, Any] = {}
        self._question = JobFollower(self, studio, target)
        self._question.answered.connect(self._take)
        self._question.failed.connect(self._fail)
        self._lay_out()
        self._show_place()

    def _lay_out(self) -> None:
        self._actions = QHBoxLayout()
        head = hbox(
            (vbox(self.heading, self.about, gap=2), 1), self._actions, self.place, hbox(self.previous, self.next, gap=0)
        )
        self.body.addLayout(head)
        self.body.addWidget(self.error)
        self.body.addWidget(self.text, 1)
        self.body.addWidget(self.legend)

    def add_action(self, control: QWidget) -> None:
        """Put a control before the number of the chunk."""
        self._actions.addWidget(control)

    # What is shown.

    def open(self, chunk: object = None, **arguments: Any) -> None:
        """Show the document that the job tells for these arguments, at a chunk by its id; else at its beginning."""
        self._chunk = chunk
        if self.document and arguments == self._asked and not self.error.showing:
            self._go_to_chunk()
        else:
            self._asked = arguments
            self._question.ask(**arguments)

    _asked: Mapping[str, Any] = {}

    def clear(self, sentence: str = "") -> None:
        """Show no document, and say why."""
        self._question.forget()
        self.document, self._asked = {}, {}
        self.error.clear()
        for each in (self.heading, self.about):
            each.setText("")
        self.text.setPlaceholderText(sentence)
        self.text.show_text("", [])
        self._show_place()

    def step(self, by: int) -> None:
        """Go to the chunk before or after."""
        self._choose(max(0, self.text.chosen + by))

    def _take(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.error.clear()
        chunks = chunks_of(document["chunks"])
        self.heading.setText(document["title"])
        self.heading.setToolTip(document["title"])
        self.text.show_text(document["text"], chunks)
        self.about.setText(_facts(document, self.text.partial))
        self.about.setToolTip(document["source"])
        self.legend.show_chunks(chunks)
        self._go_to_chunk()
        self.shown.emit()

    def _go_to_chunk(self) -> None:
        found = [number for number, chunk in enumerate(self.text.chunks) if chunk.id == self._chunk]
        self.text.go_to(found[0] if found and self._chunk is not None else -1)
        self._show_place()

    def _choose(self, number: int) -> None:
        if 0 <= number < len(self.text.chunks):
            self.text.go_to(number)
            self._show_place()

    def _show_place(self) -> None:
        chosen, count = self.text.chosen, len(self.text.chunks)
        self.place.setText(f"Chunk {chosen + 1:,} of {count:,}" if chosen >= 0 else "")
        self.previous.setEnabled(chosen > 0)
        self.next.setEnabled(chosen < count - 1)
        self.legend.setVisible(count > 0)

    def _fail(self, reason: str, details: str) -> None:
        self.clear()
        self.error.show_error(reason, details)
        self.failed.emit()


def _facts(document: Mapping[str, Any], cut: bool) -> str:
    size = f"{len(document['text']):,} characters"
    part = " · a part of them at a time" if cut else ""
    return f"{document['source']} · {size}{part}"
