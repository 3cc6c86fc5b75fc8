"""Exactly what the model gets: the text with its chat template, its tokens, and how much of the context they take."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QWidget

from fmstudio.gui.playground.figures import room_of
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.boxes import hbox, stack, vbox
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.segments import Segments
from fmstudio.gui.widgets.text.long_text import cut
from fmstudio.gui.widgets.text.token_view import TokenView


class ExactPrompt(QWidget):
    """Shows what fmstudio.adapt.prompts:preview tells, or the sentence why there is nothing to show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("prompt-exact")
        self.form = Segments([("tokens", "Tokens"), ("text", "Text")], "prompt-exact-form", "Tokens or text")
        self.form.changed.connect(self._show_form)
        self.room = label("", "caption", "prompt-exact-room")
        self.sentence = label("", "secondary", "prompt-exact-sentence", wrap=True)
        self.tokens = TokenView(theme, "prompt-exact-tokens")
        self.text = QPlainTextEdit()
        self.text.setObjectName("prompt-exact-text")
        self.text.setAccessibleName("Exactly what the model gets")
        self.text.setReadOnly(True)
        self.text.setProperty("role", "log")
        self._pages: QStackedWidget = stack("prompt-exact-pages", self.tokens, self.text)
        self.setLayout(vbox(hbox(self.form, ..., self.room), self.sentence, (self._pages, 1)))
        self.refuse("Looking…")

    def show_prompt(self, prompt: Mapping[str, Any]) -> None:
        """Show a prompt as {text, tokens, count, context, note}."""
        self.room.setText(room_of(prompt["count"], prompt["context"]))
        self.text.setPlainText(cut(prompt["text"]))
        self.tokens.set_tokens(prompt["tokens"])
        self.sentence.setText(prompt["note"])
        self.sentence.setVisible(bool(prompt["note"]))
        self._pages.show()

    def refuse(self, sentence: str) -> None:
        """Say why there is nothing to show."""
        self.sentence.setText(sentence)
        self.sentence.show()
        self.room.clear()
        self._pages.hide()

    def _show_form(self, form: object) -> None:
        self._pages.setCurrentWidget(self.text if form == "text" else self.tokens)
