"""Widgets put together: beneath each other, at the left of a line, or one at a time."""

from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from fmstudio.gui.widgets.labels import scroll_area


def column(*widgets: QWidget) -> QWidget:
    """Beneath each other; the last takes the room that is left."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretch(len(widgets) - 1, 1)
    return made


def scrolled_column(name: str) -> tuple[QVBoxLayout, QScrollArea]:
    """A column to fill, and the area to put in place, which scrolls where the column is higher than the room."""
    content = QWidget()
    layout = QVBoxLayout(content)
    layout.setContentsMargins(0, 4, 0, 4)  # a focus frame needs some room
    layout.setSpacing(8)
    return layout, scroll_area(content, name)


def row(widget: QWidget) -> QWidget:
    """At the left of a line of its own."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(widget)
    layout.addStretch(1)
    return made


def stack(name: str, *pages: QWidget) -> QStackedWidget:
    """In one place, of which one at a time is seen."""
    made = QStackedWidget()
    made.setObjectName(name)
    for page in pages:
        made.addWidget(page)
    return made
