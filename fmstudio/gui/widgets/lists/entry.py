"""What a list shows of something: a few lines, an icon, a bar, a box."""

from dataclasses import dataclass

from PySide6.QtCore import Qt


@dataclass(frozen=True, slots=True)
class Line:
    """A text in a role and a colour, cut to the room; `aside` is a quiet text at its right that is never cut.

    A caption that is too long for the room goes on in a second line before it is cut.
    """

    text: str
    role: str = "caption"
    token: str = "secondary"
    aside: str = ""
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list shows of something.

    key: by which it is known. spoken: what a screen reader says; tip: what pointing at it tells. icon: its name and
    colour. fraction: how far it is, shown as a bar under the lines that are there. checked: whether its box is checked,
    None where it has none; box: the colour of a checked box. name: what can be changed in place with F2.
    """

    key: str
    lines: tuple[Line, ...]
    spoken: str = ""
    tip: str = ""
    icon: tuple[str, str] | None = None
    fraction: float | None = None
    busy: bool = False
    checked: bool | None = None
    box: str = "accent"
    name: str | None = None
