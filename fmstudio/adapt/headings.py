"""Headings of plain text: Markdown's number signs, and underlines as in reStructuredText and Python's own topics."""

import re
from collections.abc import Sequence

from fmstudio.data.readers.structure import DEEPEST, Heading

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
_SIGNS = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"""([=\-*~^"'`#+:._])\1{2,}$""")


def find_headings(text: str) -> list[Heading]:
    """The headings of a plain text in their order.

    Number signs count inside no code fence, which ends at one of the same sign that is as long and says nothing more
    (CommonMark 0.31, section 4.5); an underline must be as long as the line above it. Kinds of underline get
    their levels in the order in which they appear, as reStructuredText has it.
    """
    found: list[Heading] = []
    kinds: list[str] = []
    before, before_start, start, fence = "", 0, 0, ""
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened.group(1)
        elif opened and opened.group(1).startswith(fence) and not opened.group(2).strip():
            fence = ""
        elif not fence and (signs := _SIGNS.match(line)) and signs.group(2):
            found.append(Heading(start, len(signs.group(1)), signs.group(2)))
        elif not fence and before and _underlines(line, before):
            if line[0] not in kinds:
                kinds.append(line[0])
            found.append(Heading(before_start, min(kinds.index(line[0]) + 1, DEEPEST), before.strip()))
        before, before_start = line.rstrip(), start
        start += len(line) + 1
    return found


def _underlines(line: str, title: str) -> bool:
    line = line.rstrip()
    is_title = title[0].isalnum() or title[0] in "\"'`_$<(@\\"
    return is_title and len(line) >= len(title) and _UNDERLINE.match(line) is not None


def heading_paths(headings: Sequence[Heading]) -> list[tuple[str, ...]]:
    """For each heading its own words behind those of the headings that it stands under."""
    paths: list[tuple[str, ...]] = []
    above: list[Heading] = []
    for heading in headings:
        above = [each for each in above if each.level < heading.level] + [heading]
        paths.append(tuple(each.title for each in above))
    return paths
