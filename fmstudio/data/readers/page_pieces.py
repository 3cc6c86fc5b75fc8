"""The text of a PDF's page in pieces, each with its place: a piece for every time that the pen was set down."""

from dataclasses import dataclass
from typing import Any

import pypdf
from pypdf.generic import ContentStream, FloatObject, NameObject

_SETS_DOWN = (b"Td", b"TD", b"Tm", b"T*", b"'", b'"')
_SAME = ([FloatObject(number) for number in (1, 0, 0, 1, 0, 0)], b"cm")
_CONTENTS = NameObject("/Contents")
# Widths of letters in thousandths of the size, for fonts whose file does not tell them: about those of Helvetica.
_USUAL = {letter: width for letters, width in (
    ("ijl|!'.,:;", 240), ("ft()[]-r /\\", 300), ("ckszvxyJ", 500), ("ABEKPSVXYmw", 690), ("CDGHNOQRU", 740),
    ("MW%@", 880),
) for letter in letters}  # fmt: skip
_OTHER, _WIDE = 556, 1000
_FIRST_WIDE = "\u2e80"  # from here on come the characters of Chinese, Japanese and Korean
_TURNED = 0.01


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a page's text: where it begins and about where it ends, its baseline, its height (all in points, from
    the page's lower left corner). upright: whether it is written from left to right along a level line."""

    text: str
    left: float
    right: float
    baseline: float
    height: float
    upright: bool


def pieces_of(page: pypdf.PageObject) -> list[Piece]:
    """All text of a page in the order in which it was written; their texts in a row are what the page says."""
    pieces: list[Piece] = []

    def add(text: str, outer: list[float], inner: list[float], font: Any, size: float) -> None:
        if text:
            pieces.append(_placed(text, _product(inner, outer), font, size))

    original = page.get(_CONTENTS)
    if original is None:
        return []
    page[_CONTENTS] = _apart(ContentStream(original.get_object(), page.pdf, "bytes"))
    try:
        page.extract_text(visitor_text=add)
    finally:
        page[_CONTENTS] = original
    return pieces


def _apart(contents: ContentStream) -> ContentStream:
    """The same drawing, but pypdf ends a piece wherever the pen is set down: it does so at every change of the axes."""
    apart = ContentStream(None, contents.pdf, "bytes")
    operations: list[tuple[Any, bytes]] = []
    for operands, operator in contents.operations:
        if operator in _SETS_DOWN:
            operations.append(_SAME)
        operations.append((operands, operator))
    apart.operations = operations
    return apart


def _product(inner: list[float], outer: list[float]) -> list[float]:
    """Two changes of the axes after each other (ISO 32000-1, 8.3.4)."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m]


def _placed(text: str, axes: list[float], font: Any, size: float) -> Piece:
    words = text.strip()
    width = size * axes[0] * sum(_widths(words, font)) / 1000
    upright = axes[0] > 0 and max(abs(axes[1]), abs(axes[2])) < _TURNED * axes[0]
    return Piece(text, axes[4], axes[4] + width, axes[5], abs(size * axes[3]), upright)


def _widths(text: str, font: Any) -> list[float]:
    """The widths of a text's letters in thousandths of the font's size; about, where the font does not tell them."""
    told, first = (font.get("/Widths"), font.get("/FirstChar", 0)) if font else (None, 0)
    told = told.get_object() if told is not None else ()
    widths = []
    for letter in text:
        place = ord(letter) - int(first)
        width = told[place] if 0 <= place < len(told) and ord(letter) < 256 else 0
        usual = _WIDE if letter >= _FIRST_WIDE else _USUAL.get(letter, _OTHER)
        widths.append(float(width) or usual)
    return widths
