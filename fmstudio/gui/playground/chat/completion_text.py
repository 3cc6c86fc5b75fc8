"""A text that two write: a person's words in the colour of text, the model's in the colour of what is generated."""

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCharFormat, QTextCursor

from fmstudio.gui.playground.composer import MOST
from fmstudio.gui.playground.no_files import let_files_pass
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.text.streamed_text import Ending, StreamedText, by_model


class CompletionText(StreamedText):
    """submitted: the keys that let the model go on. refused(text): a paste was too long."""

    submitted = Signal()
    refused = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "completion-text", "The text that you and the model write", parts=True)
        self.setPlaceholderText("Begin a text, and let the model go on. It can also begin by itself.")
        self.setAcceptRichText(False)
        self.setReadOnly(False)
        self.setUndoRedoEnabled(True)
        let_files_pass(self)
        self._mark_start()
        self.currentCharFormatChanged.connect(self._type_as_person)
        self.textChanged.connect(self._edited)

    def _type_as_person(self, present: QTextCharFormat) -> None:
        if by_model(present) and not self.isReadOnly():
            self.setCurrentCharFormat(self.look(by_model=False))

    def _edited(self) -> None:
        """A text that a person goes on with is no longer one that was ended before its time."""
        if not self.growing and self.state != "still":
            self.tell("still")

    # The text in pieces.

    def pieces(self) -> list[dict[str, Any]]:
        """The text in pieces: {"text", "model": whether the model wrote it}."""
        self.toPlainText()
        found: list[dict[str, Any]] = []
        line, whose = 0, False
        for number, fragment in self.formatted():
            _add(found, "\n" * (number - line), whose)
            line, whose = number, by_model(fragment.charFormat())
            _add(found, fragment.text().replace("\u2028", "\n"), whose)
        _add(found, "\n" * (self.document().blockCount() - 1 - line), whose)
        return found

    def show_pieces(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """Show a text that was kept."""
        self.show_text("")
        for piece in pieces:
            self._mark_start()
            self.end().insertText(str(piece["text"]), self.look(bool(piece["model"])))
        self.document().clearUndoRedoStacks()
        self.moveCursor(QTextCursor.MoveOperation.End)

    # The model writes.

    def go_on(self) -> None:
        """The model's words come now; until they end, nobody else writes."""
        super().go_on()
        self._mark_start()
        self.setReadOnly(True)

    def finish(self, ending: Ending = "completed") -> None:
        """A person may write again, from the end on."""
        super().finish(ending)
        self.setReadOnly(False)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.setCurrentCharFormat(self.look(by_model=False))

    def _mark_start(self) -> None:
        """What comes from here on can be taken back."""
        self._start = self.end()
        self._start.setKeepPositionOnInsert(True)

    @property
    def can_take_back(self) -> bool:
        """Whether the text still ends with what the model wrote last."""
        end = self.end()
        return end.position() > self._start.position() and by_model(end.charFormat())

    def take_back(self) -> None:
        """Remove what the model wrote last."""
        if self.can_take_back:
            cursor = self.end()
            cursor.setPosition(self._start.position(), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()

    # A person writes.

    def insertFromMimeData(self, source: QMimeData) -> None:
        if len(source.text()) + self.document().characterCount() > MOST:
            self.refused.emit(source.text())
        else:
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _goes_on(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _goes_on(event):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)


def _add(pieces: list[dict[str, Any]], text: str, whose: bool) -> None:
    """Go on with the last piece where it is of the same hand."""
    if text and pieces and pieces[-1]["model"] == whose:
        pieces[-1]["text"] += text
    elif text:
        pieces.append({"text": text, "model": whose})


def _goes_on(event: QKeyEvent) -> bool:
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
