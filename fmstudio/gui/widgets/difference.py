"""What differs between two texts, word by word: pieces that are the same and pieces that are not."""

import difflib
import html
import re
from collections.abc import Iterable

from fmstudio.gui.theme import Theme

Piece = tuple[str, bool]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def difference(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts as pieces of (text, whether the other text has something else there)."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = kind == "equal"
        if a < b:
            left.append(("".join(old[a:b]), not same))
        if c < d:
            right.append(("".join(new[c:d]), not same))
    return left, right


def as_html(pieces: Iterable[Piece], theme: Theme, token: str, decoration: str) -> str:
    """Pieces as rich text; what differs has a coloured ground, and a line under or through it as the second sign."""
    look = f"background-color: {theme.css(token)}; text-decoration: {decoration}"
    parts = [f'<span style="{look}">{_escaped(text)}</span>' if differs else _escaped(text) for text, differs in pieces]
    return f'<div style="white-space: pre-wrap">{"".join(parts)}</div>'


def _escaped(text: str) -> str:
    return html.escape(text)
