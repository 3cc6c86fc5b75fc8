"""A text that two write: a person's words in the colour of text, the model's in the colour of what is generated."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QTextEdit

from fmstudio.gui.playground.composer import MOST
from fmstudio.gui.studio import Studio

_BY_MODEL = QTextFormat.Property.UserProperty + 1
_NEAR = 12


class CompletionText(QTextEdit):
    """submitted: the keys that let the model go on. Whose a word is, its format tells, and goes with it."""

    submitted = Signal()
    refused = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("completion-text")
        self.setAccessibleName("The text that you and the model write")
        self.setPlaceholderText("Begin a text, and let the model go on. It can also begin by itself.")
        self.setAcceptRichText(False)
        self._theme = studio.theme
        self._grown = 0  # what the model wrote last, in the letters that Qt counts
        self._theme.changed.connect(self._recolour)
        self.currentCharFormatChanged.connect(self._type_as_person)

    # Whose words.

    def _format(self, by_model: bool) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setForeground(self._theme.color("generated" if by_model else "text"))
        made.setProperty(_BY_MODEL, by_model)
        return made

    def _type_as_person(self, present: QTextCharFormat) -> None:
        if present.property(_BY_MODEL) and not self.isReadOnly():
            self.setCurrentCharFormat(self._format(False))

    def pieces(self) -> list[dict[str, Any]]:
        """The text in pieces: {"text", "model": whether the model wrote it}."""
        found: list[dict[str, Any]] = []
        for text, by_model in self._runs():
            if found and found[-1]["model"] == by_model:
                found[-1]["text"] += text
            else:
                found.append({"text": text, "model": by_model})
        return found

    def _runs(self) -> Iterator[tuple[str, bool]]:
        block, by_model = self.document().begin(), False
        while block.isValid():
            each = block.begin()
            while not each.atEnd():
                fragment = each.fragment()
                by_model = bool(fragment.charFormat().property(_BY_MODEL))
                yield fragment.text().replace("\u2028", "\n"), by_model
                each += 1
            block = block.next()
            if block.isValid():
                yield "\n", by_model

    def show_pieces(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """Show a text that was kept."""
        self.clear()
        cursor = QTextCursor(self.document())
        for piece in pieces:
            cursor.insertText(str(piece["text"]), self._format(bool(piece["model"])))
        last = self.pieces()[-1:]
        self._grown = _letters(last[0]["text"]) if last and last[0]["model"] else 0
        self.document().clearUndoRedoStacks()
        self.moveCursor(QTextCursor.MoveOperation.End)

    def _recolour(self) -> None:
        grown = self._grown
        self.show_pieces(self.pieces())
        self._grown = grown

    # The model writes.

    def begin_growing(self) -> None:
        """The model's words come now; until they end, nobody else writes."""
        self._grown = 0
        self.setReadOnly(True)

    def grow(self, piece: str) -> None:
        """Go on at the end; the sight follows only for a person who reads there."""
        bar = self.verticalScrollBar()
        following = bar.value() >= bar.maximum() - _NEAR
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        before = cursor.position()
        cursor.insertText(piece, self._format(True))
        self._grown += cursor.position() - before
        if following:
            bar.setValue(bar.maximum())

    def end_growing(self) -> None:
        """A person may write again, from the end on."""
        self.setReadOnly(False)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.setCurrentCharFormat(self._format(False))

    @property
    def can_take_back(self) -> bool:
        """Whether the text still ends with what the model wrote last."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return self._grown > 0 and bool(cursor.charFormat().property(_BY_MODEL))

    def take_back(self) -> None:
        """Remove what the model wrote last."""
        last = self.pieces()[-1:]
        if not last or not last[0]["model"]:
            return
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        amount = min(self._grown, _letters(last[0]["text"]))
        cursor.setPosition(cursor.position() - amount, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._grown = 0
        self.setCurrentCharFormat(self._format(False))

    # A person writes.

    def insertFromMimeData(self, source: QMimeData) -> None:
        if len(source.text()) + self.document().characterCount() > MOST:
            self.refused.emit(source.text())
        else:
            super().insertFromMimeData(source)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and _goes_on(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _goes_on(event):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)


def _goes_on(event: QKeyEvent) -> bool:
    enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def _letters(text: str) -> int:
    """The length of a text as Qt counts it: a character outside the first plane counts for two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
