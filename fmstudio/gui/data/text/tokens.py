"""How a tokenizer cuts a text: coloured tokens with their ids while one types, and what that costs in bytes a token."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPlainTextEdit

from fmstudio.gui import formatting
from fmstudio.gui.data.counting import Figure
from fmstudio.gui.data.jobs import EXPLAIN, PREVIEW
from fmstudio.gui.data.text.learning import LearnTokenizer
from fmstudio.gui.data.text.tokenizers import TokenizerChoice
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, hbox, vbox
from fmstudio.gui.widgets.card import Card
from fmstudio.gui.widgets.error_box import ErrorBox
from fmstudio.gui.widgets.flow_layout import flow, tiled
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, label, scroll_area
from fmstudio.gui.widgets.text.token_view import TokenView
from fmstudio.jobs import Progress

_PATIENCE = 200  # milliseconds without a keystroke
_EXAMPLE = 280  # characters of the dataset to begin with
_FIGURES = (
    ("count", "Tokens"),
    ("bytes", "Size"),
    ("bytes_per_token", "Bytes per token"),
    ("vocabulary", "Vocabulary"),
)


class TokensView(KeyedView):
    """Asks only while it is in sight: learning a vocabulary takes seconds."""

    acts = True
    train = Signal(str)

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.setObjectName("tokens")
        self._studio, theme = studio, studio.theme
        self._dataset = ""
        self._example = ""
        self._asked: dict[str, Any] = {}
        self.text = QPlainTextEdit()
        self.text.setObjectName("tokens-text")
        self.text.setAccessibleName("Text to cut into tokens")
        self.text.setPlaceholderText("Type or paste a text.")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(5 * self.text.fontMetrics().lineSpacing() + 18)
        self.again = button("Use a line of the dataset", "tokens-example", theme, role="link", clicked=self.use_example)
        self.choice = TokenizerChoice(theme)
        self.figures = {name: Figure(title, f"tokens-{name}") for name, title in _FIGURES}
        self.view = TokenView(theme, "tokens-view")
        self.state = label("", "caption", "tokens-state")
        self.error = ErrorBox(theme, "tokens-error", dismissable=False)
        self.learning = LearnTokenizer(studio, self.choice)
        self._lay_out()
        self._explaining = JobFollower(self, studio, EXPLAIN, patience=_PATIENCE)
        self._fetching = JobFollower(self, studio, PREVIEW)
        self._connect()

    def _lay_out(self) -> None:
        card = Card("Tokens", "tokens-card")
        card.add_control(self.state)
        card.body.addWidget(self.error)
        card.body.addWidget(self.view, 1)
        upper = vbox(hbox(label("Text", "body"), ..., self.again, gap=4), self.text, gap=4)
        content = Yielding(
            vbox(
                flow(self.choice, self.learning, gap=12),
                self.learning.status,
                upper,
                tiled(*self.figures.values()),
                (card, 1),
                gap=12,
            )
        )
        self.view.setMinimumHeight(96)
        self.setLayout(vbox(scroll_area(content, "tokens-scroll")))

    def _connect(self) -> None:
        self.text.textChanged.connect(self.explain)
        self.choice.changed.connect(self.explain)
        self.acted.connect(self.learning.learn)
        self._explaining.answered.connect(self._show)
        self._explaining.progressed.connect(self._show_progress)
        self._explaining.failed.connect(self._failed)
        self._fetching.answered.connect(self._take_example)
        self._studio.workspace_changed.connect(self._workspace_changed)

    def show_dataset(self, name: str) -> None:
        """Learn from this dataset and begin with a line of it; a text of one's own stays."""
        if name == self._dataset:
            self.explain()
            return
        self._dataset = name
        self.choice.set_workspace(self._studio.workspace)
        self.learning.set_dataset(name)
        if self.text.toPlainText() in ("", self._example):
            self.use_example()
        else:
            self.explain()

    def use_example(self) -> None:
        """Show a real line of the dataset."""
        self._example = ""
        self._fetching.ask(dataset=self._dataset, start=0, count=1)

    def _take_example(self, page: Mapping[str, Any]) -> None:
        if page["documents"]:
            self._example = example_of(page["documents"][0]["text"])
            self.text.setPlainText(self._example)

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in ("tokenizer", "model"):
            self.choice.set_workspace(self._studio.workspace)

    # Asking and showing.

    def explain(self) -> None:
        """Ask for the tokens of the text, once it rests."""
        asked = {"text": self.text.toPlainText(), "tokenizer": self.choice.tokenizer(self._dataset)}
        if not self._dataset or not self.isVisible() or asked == self._asked:
            return
        if problem := self.choice.problem():
            self._explaining.forget()
            self._show_nothing(problem)
            return
        self._asked = asked
        self._explaining.ask(**asked)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.explain()

    def _show_progress(self, progress: Progress) -> None:
        self.state.setText(f"{progress.message}…")

    def _show_nothing(self, why: str) -> None:
        self._asked = {}
        self.error.clear()
        self.state.setText(why)
        self.view.set_tokens([])
        for figure in self.figures.values():
            figure.show_value("–")

    def _failed(self, reason: str, details: str) -> None:
        self._show_nothing("")
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


def example_of(text: str) -> str:
    """A few lines from where the prose of a document begins: behind headings, to the end of a sentence or word."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if len(line) > 40), 0)
    rest = "\n".join(lines[first:])[:_EXAMPLE]
    end = max(rest.rfind(". ") + 1, rest.rfind(".\n") + 1)
    return rest[:end] if end > _EXAMPLE // 3 else rest.rsplit(" ", 1)[0] if len(rest) == _EXAMPLE else rest.rstrip()
