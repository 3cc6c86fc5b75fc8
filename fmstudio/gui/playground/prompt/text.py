"""A field for a part of a prompt, in which the {variables} stand out and a stray brace is marked."""

import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from fmstudio.gui.playground.composer import MOST, PromptField
from fmstudio.gui.theme import Theme
from fmstudio.workspace.prompts import MARKS, NAME

TOO_LONG = (
    f"The pasted text is longer than the {MOST:,} characters that a prompt can have here; ask about it in Retrieval, "
    "or put it in a table for Batch."
)


class PromptText(PromptField):
    """Emits `refused` where a paste is too long."""

    def __init__(self, theme: Theme, name: str, title: str, placeholder: str = "", lines: int = 10) -> None:
        super().__init__(name, title, lines=lines)
        self.setPlaceholderText(placeholder)
        self._highlighter = _Highlighter(self.document(), theme)

    def show_text(self, text: str) -> None:
        """Show another text; one that is the same stays as it is, with its caret."""
        if text != self.toPlainText():
            self.setPlainText(text)


class _Highlighter(QSyntaxHighlighter):
    """A variable has a ground and is strong; what cannot be one is red and underlined."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        theme.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        for mark in MARKS.finditer(text):
            self.setFormat(mark.start(), len(mark[0]), self._format(mark))

    def _format(self, mark: re.Match[str]) -> QTextCharFormat:
        made = QTextCharFormat()
        if mark[0] in ("{{", "}}"):
            made.setForeground(self._theme.color("secondary"))
        elif mark[1] is not None and NAME.fullmatch(mark[1].strip()):
            made.setForeground(self._theme.color("accent"))
            made.setBackground(self._theme.color("accent_soft"))
            made.setFontWeight(QFont.Weight.DemiBold)
        else:
            made.setForeground(self._theme.color("error"))
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        return made
