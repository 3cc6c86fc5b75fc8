"""A document's text with its chunks shown on it: quiet backgrounds by turns, and beside it a bracket for each chunk.

What two chunks have in common (their overlap) has a background of its own, and both brackets run beside it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from fmstudio.gui.theme import Theme

SHOWN = 1_000_000
"""Characters that are shown at a time. The view of a longer text moves with the chunk that is looked at."""

TINTS = {"even": "accent_soft", "odd": "pressed", "overlap": "token_2", "chosen": "selection"}
_LONG_LINE = 50_000  # letters of one line that Qt lays out without a pause that one feels
_LONG_SENTENCE = re.compile(r"([^\n]{1500,3000}?) ")
_LANE, _GUTTER, _LABEL = 6, 176, 24


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document: characters `start` to `end`, and the headings that it stands under."""

    id: object
    start: int
    end: int
    tokens: int
    headings: str = ""


def chunks_of(rows: Sequence[Mapping[str, Any]]) -> list[Chunk]:
    """Chunks as jobs tell them, in the order of the document."""
    made = [Chunk(row.get("id"), row["start"], row["end"], row["tokens"], path_of(row)) for row in rows]
    return sorted(made, key=lambda chunk: chunk.start)


def path_of(row: Mapping[str, Any]) -> str:
    """The headings of a chunk in one line."""
    headings = row.get("headings") or ()
    return headings if isinstance(headings, str) else " › ".join(map(str, headings))


def _in_lines(text: str) -> str:
    """A text as Qt lays it out well, letter for letter as long as it is: each end of a line is one letter, and a line
    of a whole book is broken where it has a space.
    """
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    return _LONG_SENTENCE.sub(r"\1\n", text)


class ChunkedText(QPlainTextEdit):
    """`pointed` tells the number of the chunk that was clicked."""

    pointed = Signal(int)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Text of the document with its chunks")
        self.setReadOnly(True)
        self.setMinimumHeight(64)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QPlainTextEdit { background: transparent; border: none; padding: 0; }")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._theme = theme
        self.chunks: list[Chunk] = []
        self.chosen = -1
        self._text, self._first, self._room = "", 0, SHOWN
        self._wide: list[int] = []  # places of letters that Qt counts as two
        self._marked: tuple[object, ...] = ()
        self._gutter = _Gutter(self)
        self.setViewportMargins(0, 0, _GUTTER, 0)
        self.updateRequest.connect(self._follow)
        theme.changed.connect(self._restyle)

    # What is shown.

    def show_text(self, text: str, chunks: Sequence[Chunk], chosen: int = -1) -> None:
        """Show a text with its chunks, at the chosen one."""
        self._text = _in_lines(text)
        self._room = SHOWN if max(map(len, self._text.split("\n"))) < _LONG_LINE else _LONG_LINE
        self.chunks, self._first = [], -1  # while Qt takes the text, the chunks of neither document fit
        self._bring(0 if chosen < 0 else chunks[chosen].start)
        self.chunks = list(chunks)
        self.go_to(chosen)

    @property
    def partial(self) -> bool:
        """Whether only a part of the text is shown."""
        return len(self._text) > self._room

    def go_to(self, number: int) -> None:
        """Choose a chunk and bring it into sight; -1 chooses none and goes to the beginning."""
        self.chosen = number if 0 <= number < len(self.chunks) else -1
        start = self.chunks[self.chosen].start if self.chosen >= 0 else 0
        self._bring(start)
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._place(start))
        self.setTextCursor(cursor)
        bar = self.verticalScrollBar()
        self.ensureCursorVisible()
        lines = self.cursorRect().top() / max(1.0, QFontMetricsF(self.font()).lineSpacing())
        bar.setValue(bar.value() + round(lines) - 2)
        self._restyle()

    def _bring(self, start: int) -> None:
        """Load the stretch of the text that has this place in it."""
        first = max(0, min(start - self._room // 2, len(self._text) - self._room))
        if self._first >= 0 and (first == self._first or (self._first <= start < self._first + self._room * 3 // 4)):
            return
        self._first = first
        part = self._text[first : first + self._room]
        self._wide = [] if part.isascii() else [place for place, letter in enumerate(part) if ord(letter) > 0xFFFF]
        self.setPlainText(part)

    def _place(self, position: int) -> int:
        """Where a place of the text is in Qt's count, kept within what is loaded."""
        inside = max(0, min(position - self._first, self._room, len(self._text) - self._first))
        return inside + bisect_left(self._wide, inside)

    def _position(self, place: int) -> int:
        """The place of the text that Qt counts as `place`."""
        before = bisect_right([wide + number for number, wide in enumerate(self._wide)], place - 1)
        return self._first + place - before

    # Marks on what is in sight.

    def in_sight(self) -> range:
        """The numbers of the chunks of which something is in sight."""
        bottom = self.cursorForPosition(self.viewport().rect().bottomRight()).position()
        top = self._position(self.firstVisibleBlock().position())
        return self._between(top, self._position(bottom) + 1)

    def _between(self, top: int, bottom: int) -> range:
        last = bisect_left(self.chunks, bottom, key=lambda chunk: chunk.start)
        first = last
        while first and self.chunks[first - 1].end > top:
            first -= 1
        return range(first, last)

    def _follow(self) -> None:
        self._gutter.update()
        seen = self.in_sight()
        marks = (seen, self.chosen, self._theme.scheme, self._first, len(self._text))
        if marks != self._marked:
            self._marked = marks
            self.setExtraSelections(self._tints(seen))

    def _restyle(self) -> None:
        self._marked = ()
        self._follow()

    def _tints(self, seen: range) -> list[QTextEdit.ExtraSelection]:
        made = []
        for number in seen:
            chunk = self.chunks[number]
            token = "chosen" if number == self.chosen else "odd" if number % 2 else "even"
            made.append(self._tint(chunk.start, chunk.end, token))
            if number and self.chunks[number - 1].end > chunk.start:
                made.append(self._tint(chunk.start, self.chunks[number - 1].end, "overlap"))
        return made

    def _tint(self, start: int, end: int, token: str) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(self._place(start))
        mark.cursor.setPosition(self._place(end), QTextCursor.MoveMode.KeepAnchor)
        mark.format = QTextCharFormat()
        mark.format.setBackground(self._theme.color(TINTS[token]))
        return mark

    def span(self, number: int) -> tuple[float, float]:
        """Top and bottom of a chunk in the viewport."""
        chunk = self.chunks[number]
        return self._line(chunk.start)[0], self._line(max(chunk.start, chunk.end - 1))[1]

    def _line(self, position: int) -> tuple[float, float]:
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._place(position))
        if cursor.block().blockNumber() < self.firstVisibleBlock().blockNumber():
            return -8.0, -8.0
        line = QRectF(self.cursorRect(cursor))
        return line.top(), line.bottom()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inner = self.contentsRect()
        self._gutter.setGeometry(inner.right() - _GUTTER + 1, inner.top(), _GUTTER, inner.height())
        self._follow()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self.textCursor().hasSelection():
            position = self._position(self.cursorForPosition(event.position().toPoint()).position())
            under = self._between(position, position + 1)
            if under:
                self.pointed.emit(under[-1])


class _Gutter(QWidget):
    """Brackets in two lanes by turns, so that an overlap is where both run; number, tokens and headings beside them."""

    def __init__(self, text: ChunkedText) -> None:
        super().__init__(text)
        self._text = text
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, free = QPainter(self), 0.0
        theme = self._text._theme
        font = theme.font("caption")
        painter.setFont(font)
        line = QFontMetricsF(font).lineSpacing()
        for number in self._text.in_sight():
            top, bottom = self._text.span(number)
            self._bracket(painter, number, top, bottom)
            place = max(free, top, 0.0)
            if place + line <= max(bottom, top + line) + 1:
                free = self._label(painter, number, place, bottom, line)

    def _bracket(self, painter: QPainter, number: int, top: float, bottom: float) -> None:
        theme = self._text._theme
        token = "accent" if number == self._text.chosen else "border"
        x = 8 + _LANE * (number % 2)
        painter.fillRect(QRectF(x, top + 2, 2, max(2.0, bottom - top - 4)), theme.color(token))

    def _label(self, painter: QPainter, number: int, place: float, bottom: float, line: float) -> float:
        theme, chunk = self._text._theme, self._text.chunks[number]
        painter.setPen(theme.color("accent" if number == self._text.chosen else "secondary"))
        texts = [f"{number + 1} · {chunk.tokens:,} tokens"]
        if chunk.headings and bottom - place > 2 * line:
            texts.append(chunk.headings)
        for text in texts:
            room = QRectF(_LABEL, place, self.width() - _LABEL - 4, line)
            shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideLeft, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
            place += line
        return place
