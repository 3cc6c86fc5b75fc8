"""A text and what a tokenizer makes of it: its tokens in colours, how many they are, and how much each holds."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from fmstudio.gui import formatting
from fmstudio.gui.data.counting import Figure
from fmstudio.gui.data.jobs import EXPLAIN
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import tiled
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.labels import label
from fmstudio.gui.widgets.text.token_view import TokenView
from fmstudio.jobs import Progress

_PATIENCE = 200  # milliseconds without a keystroke
_FIGURES = (
    ("count", "Tokens"),
    ("bytes", "Size"),
    ("bytes_per_token", "Bytes per token"),
    ("vocabulary", "Vocabulary"),
)


class TokenizerTrial(QWidget):
    """`changed` tells that the text is another one, for whoever knows the tokenizer to ask again."""

    changed = Signal()

    def __init__(self, studio: Studio, name: str, *beside: QWidget) -> None:
        """name: begins the object names of its parts. beside: what stands at the right above the text."""
        super().__init__()
        self.setObjectName(f"{name}-trial")
        theme = studio.theme
        self._asked: dict[str, Any] = {}
        self.text = QPlainTextEdit()
        self.text.setObjectName(f"{name}-text")
        self.text.setAccessibleName("Text to cut into tokens")
        self.text.setPlaceholderText("Type or paste a text.")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(5 * self.text.fontMetrics().lineSpacing() + 18)
        self.text.textChanged.connect(self.changed)
        self.figures = {each: Figure(title, f"{name}-{each}") for each, title in _FIGURES}
        self.view = TokenView(theme, f"{name}-view")
        self.view.setMinimumHeight(96)
        self.state = label("", "caption", f"{name}-state")
        self.error = ErrorBox(theme, f"{name}-error", dismissable=False)
        card = Card("Tokens", f"{name}-card")
        card.add_control(self.state)
        card.body.addWidget(self.error)
        card.body.addWidget(self.view, 1)
        upper = vbox(hbox(label("Text", "body"), ..., *beside, gap=4), self.text, gap=4)
        self.setLayout(vbox(upper, tiled(*self.figures.values()), (card, 1), gap=12))
        self._explaining = JobFollower(self, studio, EXPLAIN, patience=_PATIENCE)
        self._explaining.answered.connect(self._show)
        self._explaining.progressed.connect(self._show_progress)
        self._explaining.failed.connect(self._failed)

    def ask(self, tokenizer: Mapping[str, Any], problem: str = "") -> None:
        """Cut the text with a tokenizer, once it rests. problem: why that cannot be, which is said instead."""
        asked = {"text": self.text.toPlainText(), "tokenizer": dict(tokenizer)}
        if asked == self._asked:
            return
        if problem:
            self._explaining.forget()
            self.show_nothing(problem)
            return
        self._asked = asked
        self._explaining.ask(**asked)

    def show_nothing(self, why: str = "") -> None:
        """Show no tokens, and say why."""
        self._asked = {}
        self.error.clear()
        self.state.setText(why)
        self.view.set_tokens([])
        for figure in self.figures.values():
            figure.show_value("–")

    def _show_progress(self, progress: Progress) -> None:
        self.state.setText(f"{progress.message}…")

    def _failed(self, reason: str, details: str) -> None:
        self.show_nothing()
        self.error.show_error(reason, details)

    def _show(self, found: Mapping[str, Any]) -> None:
        self.error.clear()
        self.state.setText("The first 20,000 characters" if found.get("truncated") else "")
        self.view.set_tokens(found["tokens"])
        some = found["count"] > 0
        self.figures["count"].show_value(formatting.count(found["count"]))
        self.figures["bytes"].show_value(formatting.size(found["bytes"]))
        self.figures["bytes_per_token"].show_value(f"{found['bytes_per_token']:.2f}" if some else "–")
        self.figures["vocabulary"].show_value(formatting.count(found["vocabulary_size"]))
