"""Headings and pages inside a text: readers mark them where they are asked to, and this takes the marks out again.

A mark is one character of a private plane that no text uses, so it survives whatever a reader does to white space.
Only a source with `marked` set gets them; everybody else reads the same text as ever.
"""

import re
from dataclasses import dataclass

_BASE = 0x10FF00
_PAGE = chr(_BASE)
DEEPEST = 6
"""Levels of headings that are told apart."""
_MARK = re.compile(f"{_PAGE}(\\d+){_PAGE}|([{chr(_BASE + 1)}-{chr(_BASE + DEEPEST)}])([^\n]*)")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading or a page: where in the text it begins, how deep it is (1 is the top), and its words."""

    start: int
    level: int
    title: str


def heading_mark(level: int) -> str:
    """To be put before a heading's first letter; the heading is the rest of its line."""
    return chr(_BASE + min(max(level, 1), DEEPEST))


def page_mark(number: int) -> str:
    """To be put before the first letter of a page."""
    return f"{_PAGE}{number}{_PAGE}"


def take_marks(text: str) -> tuple[str, list[Heading]]:
    """The text as it reads without marks, and the headings and pages that were marked in it."""
    pieces: list[str] = []
    headings: list[Heading] = []
    length = before = 0
    for found in _MARK.finditer(text):
        page, level, title = found.groups()
        pieces.append(text[before : found.start()])
        length += len(pieces[-1])
        if page:
            headings.append(Heading(length, 1, f"page {page}"))
        elif title.strip():
            headings.append(Heading(length, ord(level) - _BASE, " ".join(title.split())))
        before = found.end() if page else found.start() + 1
    pieces.append(text[before:])
    return "".join(pieces), headings
