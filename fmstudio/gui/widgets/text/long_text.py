"""What the screen can bear of a long text: how much of it is laid out, and how its lines break."""

import re

from PySide6.QtGui import QTextOption

MOST_SHOWN = 60_000
"""Characters; what is longer is cut on the screen, never in what is kept."""

ENDLESS = 3000
"""Letters without a space from which on a word is broken anywhere: Qt seeks a good place in it for seconds."""

_ENDLESS = re.compile(rf"\S{{{ENDLESS}}}")


def wrapping(text: str) -> QTextOption.WrapMode:
    """How to break the lines of a text."""
    endless = _ENDLESS.search(text)
    return QTextOption.WrapMode.WrapAnywhere if endless else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


def cut(text: str) -> str:
    """A text as the screen shows it: its beginning, and how much is left out."""
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + left_out(len(text))


def left_out(length: int) -> str:
    """What to say beneath the beginning of a text of so many characters."""
    return f"\n\n… {length - MOST_SHOWN:,} more characters are not shown; Copy takes them all."
