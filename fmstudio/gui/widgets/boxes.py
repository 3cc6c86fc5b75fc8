"""Widgets put together: beside each other, beneath each other, or one at a time, on the grid of eight pixels."""

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fmstudio.gui.widgets.labels import scroll_area

Part = QWidget | QLayout | int | EllipsisType | tuple[Any, ...]
"""What a box holds, in order: a widget or a box; `...` for the room that is left; a number of pixels to leave free.

A widget or a box can come as (it, stretch) or (it, stretch, alignment): what stretches shares the room that is left.
"""

Margins = int | tuple[int, int, int, int]
Box = TypeVar("Box", bound=QBoxLayout)


def hbox(*parts: Part, gap: int = 8, margins: Margins = 0) -> QHBoxLayout:
    """Beside each other."""
    return _filled(QHBoxLayout(), parts, gap, margins)


def vbox(*parts: Part, gap: int = 8, margins: Margins = 0) -> QVBoxLayout:
    """Beneath each other."""
    return _filled(QVBoxLayout(), parts, gap, margins)


def boxed(box: QLayout) -> QWidget:
    """A widget around a box, for where one is asked for."""
    made = QWidget()
    made.setLayout(box)
    return made


class _Splitter(QSplitter):
    """Divides anew where a part has come to need more than it has, as it does with larger text."""

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and any(map(self._lacks_room, range(self.count()))):
            self.setSizes(self.sizes())
        return done

    def _lacks_room(self, place: int) -> bool:
        part = self.widget(place)
        if part is None or not part.isVisible():
            return False
        has, needs = part.size(), part.minimumSizeHint()
        across = self.orientation() == Qt.Orientation.Horizontal
        return has.width() < needs.width() if across else has.height() < needs.height()


class Yielding(QFrame):
    """Something to scroll that is as high as the room, until the room is less than it can do with."""

    def __init__(self, box: QLayout) -> None:
        super().__init__()
        self.setLayout(box)
        self._box = box

    def heightForWidth(self, width: int) -> int:
        return self._box.minimumHeightForWidth(width)


def splitter(
    name: str, *parts: QWidget | tuple[QWidget, int], sizes: Sequence[int], vertical: bool = False, handle: int = 0
) -> QSplitter:
    """Parts that a person divides by dragging; how it was divided is remembered by the name.

    A part can come as (it, stretch): what stretches shares the room that is left. sizes: in pixels, at first. handle:
    its width where it is to be narrower than the style's.
    """
    made = _Splitter(Qt.Orientation.Vertical if vertical else Qt.Orientation.Horizontal)
    made.setObjectName(name)
    made.setChildrenCollapsible(False)
    if handle:
        made.setHandleWidth(handle)
    for number, part in enumerate(parts):
        widget, stretch = part if isinstance(part, tuple) else (part, 0)
        made.addWidget(widget)
        if stretch:
            made.setStretchFactor(number, stretch)
    made.setSizes(sizes)
    return made


def stack(name: str, *pages: QWidget) -> QStackedWidget:
    """In one place, of which one at a time is seen."""
    made = QStackedWidget()
    made.setObjectName(name)
    for page in pages:
        made.addWidget(page)
    return made


def column(*widgets: QWidget) -> QWidget:
    """Beneath each other; the last takes the room that is left."""
    *above, last = widgets
    return boxed(vbox(*above, (last, 1), gap=12))


def scrolled_column(name: str) -> tuple[QVBoxLayout, QScrollArea]:
    """A column to fill, and the area to put in place, which scrolls where the column is higher than the room."""
    layout = vbox(margins=(0, 4, 0, 4))  # a focus frame needs some room
    return layout, scroll_area(boxed(layout), name)


def row(widget: QWidget) -> QWidget:
    """At the left of a line of its own."""
    return boxed(hbox(widget, ...))


def empty(box: QLayout) -> None:
    """Take all widgets out: out of sight at once, and deleted when nothing on the stack holds them any more."""
    while (item := box.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            discard(widget)


def discard(widget: QWidget) -> None:
    """Take a widget out of sight at once; it is deleted when nothing on the stack holds it any more."""
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


def _filled(box: Box, parts: tuple[Part, ...], gap: int, margins: Margins) -> Box:
    left, top, right, bottom = margins if isinstance(margins, tuple) else (margins,) * 4
    box.setContentsMargins(left, top, right, bottom)
    box.setSpacing(gap)
    for part in parts:
        what, *how = part if isinstance(part, tuple) else (part,)
        if what is ...:
            box.addStretch(*(how or [1]))
        elif isinstance(what, int):
            box.addSpacing(what)
        elif isinstance(what, QLayout):
            box.addLayout(what, *how)
        else:
            box.addWidget(what, *how)
    return box
