"""The exact text that a model was given, with its template, and how much of what it can read that is."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QProgressBar, QWidget

from fmstudio.gui.playground.figures import room_of
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.labels import icon_button, label
from fmstudio.gui.widgets.text.long_text import cut

_NOTHING = "What the model is given, word for word, appears here with the first answer."


class PromptTab(QWidget):
    """Shows one prompt at a time."""

    def __init__(self, studio: Studio, name: str = "exact-prompt") -> None:
        super().__init__()
        self.setObjectName(f"{name}-tab")
        self._text = ""
        self.text = QPlainTextEdit()
        self.text.setObjectName(name)
        self.text.setAccessibleName("The exact prompt")
        self.text.setReadOnly(True)
        self.text.setProperty("role", "log")
        self.text.setPlaceholderText(_NOTHING)
        self.room = label("", "caption", f"{name}-room")
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}-bar")
        self.bar.setAccessibleName("Used of the context")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.copy = icon_button("mdi6.content-copy", "Copy the exact prompt", f"{name}-copy", studio.theme, self._copy)
        self.setLayout(
            vbox(hbox((self.room, 1), self.copy, gap=6), self.bar, (self.text, 1), gap=6, margins=(0, 8, 0, 0))
        )
        self.clear()

    def show_prompt(self, prompt: Mapping[str, Any]) -> None:
        """prompt: text, tokens and context, as the job that generates tells them."""
        self._text = str(prompt.get("text", ""))
        self.text.setPlainText(cut(self._text))
        tokens, context = prompt.get("tokens"), prompt.get("context")
        self.room.setText(room_of(tokens, context))
        self.bar.setValue(round(1000 * min(1, (tokens or 0) / context)) if context else 0)
        self.bar.setVisible(bool(context))
        self.copy.setEnabled(bool(self._text))

    def clear(self) -> None:
        """Show none."""
        self.show_prompt({})

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
