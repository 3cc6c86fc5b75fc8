"""One document to read: its title and place, and its text set for reading."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit

from fmstudio.gui import formatting
from fmstudio.gui.data.text.documents import Document
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.labels import ElidedLabel, icon_button, label

_LEADING = 150  # per cent of a line: long texts want air
_MARKED = 200  # finds of a search that are marked


class ReadingView(Card):
    """`stepped` asks for the document before (-1) or after (1)."""

    stepped = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__("", "reading")
        self._theme = theme
        self._search = ""
        self.set_padding(16, 12, 12, 8)
        self.heading = ElidedLabel("", "section", "reading-heading")
        self.about = label("", "caption", "reading-about", wrap=True)
        self.place = label("", "caption", "reading-place")
        self.previous = icon_button(
            "mdi6.chevron-up", "Document before", "reading-previous", theme, lambda: self.stepped.emit(-1)
        )
        self.next = icon_button(
            "mdi6.chevron-down", "Next document", "reading-next", theme, lambda: self.stepped.emit(1)
        )
        self.text = QTextEdit()
        self.text.setObjectName("reading-text")
        self.text.setAccessibleName("Text of the document")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setStyleSheet("QTextEdit { background: transparent; border: none; padding: 0; }")
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.document().setDocumentMargin(0)
        self._lay_out()
        theme.changed.connect(self._restyle)

    def _lay_out(self) -> None:
        head = hbox((vbox(self.heading, self.about, gap=2), 1), self.place, hbox(self.previous, self.next, gap=0))
        self.body.addLayout(head)
        self.body.addSpacing(4)
        self.body.addWidget(self.text, 1)

    def set_noun(self, noun: str) -> None:
        """What is read here is called so."""
        self.text.setAccessibleName(f"Text of the {noun}")
        for step, words in ((self.previous, f"{noun.capitalize()} before"), (self.next, f"Next {noun}")):
            step.setToolTip(words)
            step.setAccessibleName(words)

    def clear(self, sentence: str) -> None:
        """Show no document, and say why."""
        self.heading.setText("")
        self.about.setText("")
        self.text.setPlainText("")
        self.text.setPlaceholderText(sentence)

    def show_document(self, document: Document, search: str = "") -> None:
        """Show a document from its beginning, or from the first place that a search found."""
        self._search = search
        shown = formatting.size(len(document["text"].encode("utf-8", "replace")))
        size = formatting.size(document["bytes"])
        part = f" · a part of {shown} is shown" if document.get("truncated") else ""
        self.heading.setText(document["title"])
        self.heading.setToolTip(document["title"])
        self.about.setText(formatting.breakable(f"{document['source']} · {size}{part}"))
        self.about.setToolTip(document["source"])
        self.text.setPlainText(document["text"])
        self._set_for_reading()
        self._mark_finds()

    def show_place(self, row: int, total: int) -> None:
        """Say which of how many it is."""
        self.place.setText(f"{row + 1:,} of {total:,}" if 0 <= row < total else "")
        self.previous.setEnabled(row > 0)
        self.next.setEnabled(0 <= row < total - 1)

    def _set_for_reading(self) -> None:
        font = self._theme.font()
        font.setPixelSize(self._theme.size("body") + 1)
        self.text.setFont(font)
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        airy = QTextBlockFormat()
        airy.setLineHeight(_LEADING, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(airy)

    def _mark_finds(self) -> None:
        marks: list[QTextEdit.ExtraSelection] = []
        first = None
        look = QTextCharFormat()
        look.setBackground(self._theme.color("selection"))
        look.setForeground(self._theme.color("text"))
        cursor = QTextCursor(self.text.document())
        while self._search and len(marks) < _MARKED:
            cursor = self.text.document().find(self._search, cursor)
            if cursor.isNull():
                break
            first = first or QTextCursor(cursor)
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = QTextCursor(cursor), look
            marks.append(mark)
        self.text.setExtraSelections(marks)
        if first is not None:
            first.clearSelection()
            self.text.setTextCursor(first)
            bar = self.text.verticalScrollBar()
            bar.setValue(bar.value() + self.text.cursorRect().top() - self.text.viewport().height() // 3)

    def _restyle(self) -> None:
        self._set_for_reading()
        self._mark_finds()
