"""The text that a model writes, growing as it comes: one view of it, wherever in the window something is written.

Pieces that come in one turn of the event loop are laid out together, at the end only, and in at most a fifth of the
window's time. A person's place and selection stay theirs. Nothing of a model's text is fetched or opens by itself.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextFragment,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.end_follower import EndFollower
from fmstudio.gui.widgets.text.long_text import ENDLESS, MOST_SHOWN, cut, left_out, wrapping
from fmstudio.gui.widgets.text.markdown import has_markdown, set_markdown

TextState = Literal["still", "waiting", "writing", "completed", "stopped", "failed"]
Ending = Literal["completed", "stopped", "failed"]
Link = tuple[int, int, str]
"""From where to where in a text, in characters, and the address that a click there tells."""

SAID: dict[TextState, str] = {
    "still": "",
    "waiting": "Waiting for the first words.",
    "writing": "The model is writing.",
    "completed": "The text is complete.",
    "stopped": "The text was stopped before its end.",
    "failed": "An error ended the text before its end.",
}
"""What a screen reader says of a text in each state."""


_BY_MODEL = QTextFormat.Property.UserProperty + 1
_MARK = 12  # pixels
_REST = 4  # times as long as a layout took the window is left to everything else


class StreamedText(QTextBrowser):
    """fitted: it is as high as its text, and whatever it stands in scrolls; else it scrolls by itself.

    parts: what the model writes has a colour of its own and is told apart from a person's words. links: finds what is
    to be clicked in the text; `anchorClicked` tells. In each of `state` it says to a screen reader how things stand.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        accessible_name: str,
        *,
        fitted: bool = False,
        parts: bool = False,
        links: Callable[[str], Iterable[Link]] | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._fitted, self._parts, self._links = theme, fitted, parts, links
        self.state: TextState = "still"
        self.written = ""  # by the model, all of it, however much is shown
        self._pending = ""
        self._unbroken = 0  # letters since the last space
        self._laid_out = ""  # the text whose Markdown is shown
        self._to_lay_out = False  # its Markdown waits until a person lets go of what is selected
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._flush)
        self._follower = EndFollower(self, on=False)
        self._mark = QRect()  # where the sign stands that more comes, or that it was ended
        self._set_up(name, accessible_name)
        self.selectionChanged.connect(self._lay_out_soon)
        theme.changed.connect(self._recolour)

    def _set_up(self, name: str, accessible_name: str) -> None:
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setOpenLinks(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        readable = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(readable if self._links is None else Qt.TextInteractionFlag.TextBrowserInteraction)
        if self._fitted:
            self.make_bare()
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.document().documentLayout().documentSizeChanged.connect(self._fit)
            self._fit()

    def make_bare(self) -> None:
        """Without a frame and a ground of its own: it stands in a card."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "flowing")
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)

    # Growing.

    def begin(self, prompt: str = "") -> None:
        """Begin anew, with a person's words that the model goes on from."""
        self._empty()
        self.end().insertText(prompt, self.look(by_model=False))
        self.go_on()

    def go_on(self) -> None:
        """The model goes on from the end of what is there."""
        self.written = ""
        self._follower.on = True
        self.tell("waiting")

    def append(self, piece: str) -> None:
        """Go on at the end, in this turn of the event loop or, where the layout takes long, a little later."""
        self.written += piece
        self._pending += piece
        if not self._soon.isActive():
            self._soon.start()
        if self.state != "writing":
            self.tell("writing")

    def finish(self, ending: Ending = "completed") -> None:
        """No more comes; what is there stays."""
        if self.growing:
            self._flush()
            if self._fitted and len(self.written) > MOST_SHOWN:
                self._insert(left_out(len(self.written)))
            self.tell(ending)

    @property
    def growing(self) -> bool:
        """Whether more is expected."""
        return self.state in ("waiting", "writing")

    def _flush(self) -> None:
        """Show what has come since the last time."""
        self._soon.stop()
        piece, self._pending = self._pending, ""
        if self._fitted:
            piece = piece[: max(0, MOST_SHOWN - len(self.written) + len(piece))]
        if piece:
            began = time.perf_counter()
            self._mind_endless(piece)
            self._insert(piece)
            self._soon.setInterval(round(_REST * 1000 * (time.perf_counter() - began)))

    def _insert(self, piece: str) -> None:
        cursor, person, bar = self.end(), self.textCursor(), self.verticalScrollBar()
        anchor, position, place = person.anchor(), person.position(), bar.value()
        before, following = cursor.position(), self._follower.following
        cursor.insertText(piece, self.look(by_model=True))
        if self._links is not None:
            self._link(self.document().findBlock(before).position())
        person = self.textCursor()
        if (person.anchor(), person.position()) != (anchor, position):  # it was at the end and went along
            person.setPosition(anchor)
            person.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(person)
            if following:
                self._follower.go_to_end()
            else:
                bar.setValue(place)
        self._show_mark()

    def _mind_endless(self, piece: str) -> None:
        """Keep Qt from seeking a good place to break a word that does not end."""
        last = "" if piece[-1].isspace() else piece.split()[-1]
        self._unbroken = len(last) + (self._unbroken if len(last) == len(piece) else 0)
        if self._unbroken >= ENDLESS:
            self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)

    def end(self) -> QTextCursor:
        """A cursor after the last letter."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def toPlainText(self) -> str:
        """All that has come, as it is shown."""
        self._flush()
        return super().toPlainText()

    # How things stand.

    def tell(self, state: TextState) -> None:
        """Enter a state; that the text ended is said aloud to whoever cannot see it."""
        ended = self.growing and state in ("completed", "stopped", "failed")
        self.state = state
        self.setAccessibleDescription(SAID[state])
        if ended and self.isVisible() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, SAID[state]))
        self._show_mark()

    def _show_mark(self) -> None:
        """Paint the sign after the last letter, and no longer where it was."""
        self.viewport().update(self._mark)
        self._mark = self.cursorRect(self.end())
        self._mark.setWidth(_MARK)
        self.viewport().update(self._mark)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar after the last letter says that more comes, a square that it was ended before its time."""
        super().paintEvent(event)
        end, empty = self.cursorRect(self.end()), self.document().isEmpty()
        if self.growing and not (empty and self.placeholderText()):
            self._fill(QRect(end.left() + 1, end.top(), 2, end.height()), "generated")
        elif self.state in ("stopped", "failed") and not empty:
            token = "secondary" if self.state == "stopped" else "error"
            self._fill(QRect(end.left() + 4, end.center().y() - 2, 6, 6), token)

    def _fill(self, area: QRect, token: str) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(area, self._theme.color(token))
        painter.end()

    # A whole text.

    def show_text(self, text: str, rich: bool = False, ending: Ending = "completed") -> None:
        """Show a whole text, with its Markdown laid out if `rich`; ending: how it came to be whole.

        What is there already stays as it lies. Where a person has selected some of a text that came, its Markdown is
        laid out when they let go.
        """
        rich = rich and has_markdown(cut(text))
        grew = self.growing
        if text == self.written and not self._parts and (rich or not self._laid_out):
            self.finish(ending)
            self._to_lay_out = rich and not self._laid_out
            self._lay_out()
        else:
            self._follower.on = False
            self._show(text, rich)
            self.tell(ending if grew else "still")

    def _show(self, text: str, rich: bool) -> None:
        self._empty()
        self.written = text
        shown = cut(text) if self._fitted else text
        self.setWordWrapMode(wrapping(shown))
        if rich:
            self._laid_out = text
            set_markdown(self.document(), shown, self.palette().color(QPalette.ColorRole.Midlight))
        else:
            self.end().insertText(shown, self.look(by_model=True))
            self.find_links()
            self.moveCursor(QTextCursor.MoveOperation.Start)
        if self._fitted:
            self._fit()

    def _empty(self) -> None:
        self._soon.stop()
        self._soon.setInterval(0)
        self.written = self._pending = self._laid_out = ""
        self._unbroken, self._to_lay_out = 0, False
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.clear()

    def _lay_out_soon(self) -> None:
        if self._to_lay_out:
            QTimer.singleShot(0, self, self._lay_out)

    def _lay_out(self) -> None:
        """Lay the Markdown out, unless a person is selecting."""
        if self._to_lay_out and not self.textCursor().hasSelection() and not QGuiApplication.mouseButtons():
            place, self._follower.on = self.verticalScrollBar().value(), False
            self._show(self.written, rich=True)
            self.verticalScrollBar().setValue(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._lay_out_soon()

    # Whose words, and what can be clicked.

    def look(self, by_model: bool) -> QTextCharFormat:
        """The look of the model's words, or of a person's; it goes with them wherever they are moved."""
        made = QTextCharFormat()
        if self._parts and by_model:
            made.setForeground(self._theme.color("generated"))
            made.setProperty(_BY_MODEL, True)
        return made

    def formatted(self) -> Iterator[tuple[int, QTextFragment]]:
        """The text in stretches of one look, each with the number of its paragraph."""
        block = self.document().begin()
        while block.isValid():
            each = block.begin()
            while not each.atEnd():
                yield block.blockNumber(), each.fragment()
                each += 1
            block = block.next()

    def find_links(self) -> None:
        """Make a link of all that is to be clicked now."""
        if self._links is not None:
            self._link(0)

    def _link(self, start: int) -> None:
        """Make links from a place on; what is one already stays as it is."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        text = cursor.selectedText().replace("\u2029", "\n")
        for first, last, address in self._links(text) if self._links is not None else ():
            cursor.setPosition(start + letters(text[:first]))
            cursor.setPosition(start + letters(text[:last]), QTextCursor.MoveMode.KeepAnchor)
            if cursor.charFormat().anchorHref() != address:
                link = QTextCharFormat()
                link.setAnchor(True)
                link.setAnchorHref(address)
                link.setForeground(self._theme.color("accent"))
                cursor.mergeCharFormat(link)

    def _recolour(self) -> None:
        """Give the model's words and the links the colours that the theme has now."""
        self._flush()
        for start, length, form in [
            (each.position(), each.length(), each.charFormat()) for _, each in self.formatted()
        ]:
            token = "generated" if by_model(form) else "accent" if form.isAnchor() else ""
            if token:
                cursor = QTextCursor(self.document())
                cursor.setPosition(start)
                cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
                form.setForeground(self._theme.color(token))
                cursor.setCharFormat(form)
        self.document().clearUndoRedoStacks()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._laid_out:
            self._show(self._laid_out, rich=True)  # the ground of code is another colour now

    def loadResource(self, kind: int, address: QUrl | str) -> None:
        return None

    # Its room.

    def _fit(self, *_: object) -> None:
        height = max(self.fontMetrics().lineSpacing(), round(self.document().size().height() + 0.5))
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._fitted:
            event.ignore()  # what it stands in scrolls
        else:
            super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self._fit()
        self._show_mark()

    def sizeHint(self) -> QSize:
        return QSize(240, self.height()) if self._fitted else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.minimumHeight()) if self._fitted else super().minimumSizeHint()


def by_model(look: QTextCharFormat) -> bool:
    """Whether words of this look are the model's."""
    return bool(look.property(_BY_MODEL))


def letters(text: str) -> int:
    """The length of a text as Qt counts it: a character outside the first plane counts for two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
