"""A text of a conversation: as high as it is long, to be selected and copied, growing without flicker.

What comes piece by piece is plain. When it is whole it is laid out as Markdown where it has any; HTML, pictures and
links of a model's text do nothing here: nothing is fetched and nothing opens by itself.
"""

import re

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import (
    QPalette,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

MOST_SHOWN = 60_000  # characters; what is longer is cut on the screen, never in what is kept
_MARKS = re.compile(r"^\s{0,3}(#{1,6} |[-*+] |\d+[.)] |>|```|\|.+\|)|\*\*\S|`[^`\n]+`|(?<!\w)_\S[^_\n]*_", re.MULTILINE)
_ENDLESS = re.compile(r"\S{3000}")
_NO_HTML = QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub


class FlowingText(QTextBrowser):
    """Has no scroll bars of its own: whatever it stands in scrolls."""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self._laid_out = ""
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "flowing")
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def show_text(self, text: str, rich: bool = False) -> None:
        """Show a whole text, with its Markdown laid out if `rich`."""
        shown = cut(text)
        self.setWordWrapMode(wrapping(shown))
        self._laid_out = text if rich and has_markdown(shown) else ""
        if self._laid_out:
            self.document().setMarkdown(with_line_breaks(shown), _NO_HTML)
            self._space_out()
        else:
            self.setPlainText(shown)
        self._fit()

    def _space_out(self) -> None:
        """Markdown comes without room between paragraphs and with code that looks like a line among others."""
        ground, block = self.palette().color(QPalette.ColorRole.Midlight), self.document().begin()
        while block.isValid():
            form = block.blockFormat()
            if _is_code(block):
                form.setBackground(ground)
            if block.next().isValid():
                close = (_is_code(block) and _is_code(block.next())) or (block.textList() and block.next().textList())
                form.setBottomMargin((0 if _is_code(block) else 2) if close else 6)
            QTextCursor(block).setBlockFormat(form)
            block = block.next()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._laid_out:
            self.show_text(self._laid_out, rich=True)  # the ground of code is another colour now

    def append_piece(self, piece: str) -> None:
        """Go on at the end; what a person has selected stays selected."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(piece)

    def _fit(self, *_: object) -> None:
        height = max(self.fontMetrics().lineSpacing(), round(self.document().size().height() + 0.5))
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)

    def loadResource(self, kind: int, address: QUrl | str) -> None:
        return None

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the conversation scrolls

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.minimumHeight())


def _is_code(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)


def wrapping(text: str) -> QTextOption.WrapMode:
    """How to break the lines of a text. In a word without end Qt seeks a good place to break for seconds."""
    endless = _ENDLESS.search(text)
    return QTextOption.WrapMode.WrapAnywhere if endless else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


def cut(text: str) -> str:
    """A text as the screen shows it: its beginning, and how much is left out."""
    if len(text) <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN]}\n\n… {len(text) - MOST_SHOWN:,} more characters are not shown; Copy takes them all."


def has_markdown(text: str) -> bool:
    """Whether a text has marks that say something: lists, headings, code, emphasis."""
    return bool(_MARKS.search(text))


def with_line_breaks(text: str) -> str:
    """Markdown in which a line ends where the model ended it; plain Markdown would join the lines of a verse."""
    lines, in_code = [], False
    for line in text.split("\n"):
        in_code ^= line.lstrip().startswith("```")
        lines.append(line if in_code or not line.strip() else f"{line.rstrip()}  ")
    return "\n".join(lines)
