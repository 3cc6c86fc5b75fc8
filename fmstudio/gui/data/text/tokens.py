"""Tokens: what a tokenizer makes of a line of the dataset, or of any text that is typed."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent

from fmstudio.gui.data.jobs import PREVIEW
from fmstudio.gui.data.text.learning import LearnTokenizer
from fmstudio.gui.data.text.tokenizers import TokenizerChoice
from fmstudio.gui.data.text.trial import TokenizerTrial
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import Yielding, vbox
from fmstudio.gui.widgets.flow_layout import flow
from fmstudio.gui.widgets.jobs.follower import JobFollower
from fmstudio.gui.widgets.keyed_view import KeyedView
from fmstudio.gui.widgets.labels import button, scroll_area

_EXAMPLE = 280  # characters of the dataset to begin with


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
        self.again = button("Use a line of the dataset", "tokens-example", theme, role="link", clicked=self.use_example)
        self.choice = TokenizerChoice(theme)
        self.trial = TokenizerTrial(studio, "tokens", self.again)
        self.learning = LearnTokenizer(studio, self.choice)
        self._lay_out()
        self._fetching = JobFollower(self, studio, PREVIEW)
        self._connect()

    def _lay_out(self) -> None:
        choosing = flow(self.choice, self.learning, gap=12, level=True)
        content = Yielding(vbox(choosing, self.learning.status, (self.trial, 1), gap=12))
        self.setLayout(vbox(scroll_area(content, "tokens-scroll")))

    def _connect(self) -> None:
        self.trial.changed.connect(self.explain)
        self.choice.changed.connect(self.explain)
        self.acted.connect(self.learning.learn)
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
        if self.trial.text.toPlainText() in ("", self._example):
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
            self.trial.text.setPlainText(self._example)

    def _workspace_changed(self, kind: str, _name: str) -> None:
        if kind in ("tokenizer", "model"):
            self.choice.set_workspace(self._studio.workspace)

    def explain(self) -> None:
        """Ask for the tokens of the text."""
        if self._dataset and self.isVisible():
            self.trial.ask(self.choice.tokenizer(self._dataset), self.choice.problem())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.explain()


def example_of(text: str) -> str:
    """A few lines from where the prose of a document begins: behind headings, to the end of a sentence or word."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if len(line) > 40), 0)
    rest = "\n".join(lines[first:])[:_EXAMPLE]
    end = max(rest.rfind(". ") + 1, rest.rfind(".\n") + 1)
    return rest[:end] if end > _EXAMPLE // 3 else rest.rsplit(" ", 1)[0] if len(rest) == _EXAMPLE else rest.rstrip()
