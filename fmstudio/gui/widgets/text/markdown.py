"""A model's Markdown laid out: its lists, headings, code and emphasis, and nothing that would fetch or run anything."""

import re

from PySide6.QtGui import QColor, QTextBlock, QTextCursor, QTextDocument, QTextFormat

_MARKS = re.compile(r"^\s{0,3}(#{1,6} |[-*+] |\d+[.)] |>|```|\|.+\|)|\*\*\S|`[^`\n]+`|(?<!\w)_\S[^_\n]*_", re.MULTILINE)
_NO_HTML = QTextDocument.MarkdownFeature.MarkdownNoHTML | QTextDocument.MarkdownFeature.MarkdownDialectGitHub


def has_markdown(text: str) -> bool:
    """Whether a text has marks that say something: lists, headings, code, emphasis."""
    return bool(_MARKS.search(text))


def set_markdown(document: QTextDocument, text: str, code_ground: QColor) -> None:
    """Fill a document with a text's Markdown; lines of code stand on their ground. HTML is shown as it is written."""
    document.setMarkdown(_with_line_breaks(text), _NO_HTML)
    block = document.begin()
    while block.isValid():
        _space_out(block, code_ground)
        block = block.next()


def _space_out(block: QTextBlock, code_ground: QColor) -> None:
    """Markdown comes without room between paragraphs and with code that looks like a line among others."""
    form, after = block.blockFormat(), block.next()
    if _is_code(block):
        form.setBackground(code_ground)
    if after.isValid():
        close = (_is_code(block) and _is_code(after)) or (block.textList() and after.textList())
        form.setBottomMargin((0 if _is_code(block) else 2) if close else 6)
    QTextCursor(block).setBlockFormat(form)


def _is_code(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)


def _with_line_breaks(text: str) -> str:
    """Markdown in which a line ends where the model ended it; plain Markdown would join the lines of a verse."""
    lines, in_code = [], False
    for line in text.split("\n"):
        in_code ^= line.lstrip().startswith("```")
        lines.append(line if in_code or not line.strip() else f"{line.rstrip()}  ")
    return "\n".join(lines)
