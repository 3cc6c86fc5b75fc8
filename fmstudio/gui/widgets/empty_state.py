"""What a place shows while it has nothing: what it is for, and the button that begins."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import IconLabel, button, label

_WIDTH, _LEAST = 420, 180
_MARGINS = 24


class EmptyState(QWidget):
    """An icon, a title, a sentence and up to a few buttons, the first of which is the primary one."""

    def __init__(self, theme: Theme, icon: str, title: str, sentence: str, name: str = "empty-state") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setMinimumWidth(_LEAST)
        self._theme = theme
        self._title = label(title, "section", f"{name}-title", wrap=True)
        self._sentence = label(sentence, "secondary", f"{name}-sentence", wrap=True)
        self._buttons = hbox()
        layout = vbox((..., 2), (IconLabel(theme, icon, "disabled", 48), 0, Qt.AlignmentFlag.AlignHCenter), margins=8)
        self.setLayout(layout)
        for text in (self._title, self._sentence):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            text.setFixedWidth(_WIDTH)
            # In a row of its own, which asks for the height that the text has at its own width, not at the page's.
            row = hbox(..., text, ...)
            layout.addLayout(row)
        layout.addSpacing(8)
        layout.addLayout(self._buttons)
        self._below = QVBoxLayout()
        layout.addLayout(self._below)
        layout.addStretch(3)
        self._buttons.setAlignment(Qt.AlignmentFlag.AlignHCenter)

    def add_button(self, text: str, name: str, clicked: Callable[[], object], icon: str = "") -> QPushButton:
        """Add a way to begin; the first one is the primary button."""
        role = "plain" if self._buttons.count() else "primary"
        made = button(text, name, self._theme, icon, role, clicked)
        self._buttons.addWidget(made)
        return made

    def add_below(self, widget: QWidget) -> None:
        """Put something under the buttons, such as the progress of what they began."""
        self._below.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for text in (self._title, self._sentence):
            text.setFixedWidth(max(_LEAST - _MARGINS, min(_WIDTH, event.size().width() - _MARGINS)))

    def set_text(self, title: str, sentence: str) -> None:
        """Say something else in the same place."""
        self._title.setText(title)
        self._sentence.setText(sentence)
