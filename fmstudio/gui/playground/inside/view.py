"""What a language model sees in a text: tokens, what comes next, attention, layers, embeddings."""

from typing import Any

from PySide6.QtWidgets import QTabWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.inside.attention import InsideAttention
from fmstudio.gui.playground.inside.embeddings import InsideEmbeddings
from fmstudio.gui.playground.inside.lens import InsideLens
from fmstudio.gui.playground.inside.next import InsideNext
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.playground.inside.text import OwnText
from fmstudio.gui.playground.inside.tokens import InsideTokens
from fmstudio.gui.playground.play_view import PlayView
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import hbox, stack
from fmstudio.jobs import Sample

TITLES = {
    "tokens": "Tokens",
    "next": "Next token",
    "attention": "Attention",
    "layers": "Layers",
    "embeddings": "Embeddings",
}


class InsideView(PlayView):
    """The text at the left is shared by all views but the embeddings, which have words of their own."""

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("inside")
        self._studio, self._state = studio, state
        self.own = OwnText(studio)
        self.next = InsideNext(studio)
        self._embeddings = InsideEmbeddings(studio)
        self.next.go.hide()  # the playground's primary action does this
        self.views: dict[str, InsideTab] = {
            "tokens": InsideTokens(studio),
            "next": self.next,
            "attention": InsideAttention(studio),
            "layers": InsideLens(studio),
            "embeddings": self._embeddings,
        }
        self.tabs = QTabWidget()
        self.tabs.setObjectName("inside-tabs")
        self.tabs.setAccessibleName("What to see of the model")
        self.tabs.setDocumentMode(True)
        for name, part in self.views.items():
            self.tabs.addTab(part, TITLES[name])
        self._texts = stack("inside-texts", self.own, self._embeddings.own)
        self._texts.setFixedWidth(224)
        self.setLayout(hbox(self._texts, (self.tabs, 1), gap=24))
        self._connect()
        self.next.set_sampling(state.sampling())
        self._look()

    def _connect(self) -> None:
        self._state.model_changed.connect(self._model_changed)
        self._state.models_changed.connect(self._look)
        self._state.settings_changed.connect(self._sampling_changed)
        self._state.sampling_changed.connect(self._sampling_changed)
        self.next.sampling_edited.connect(self._state.set_sampling)
        self.own.changed.connect(self._look)
        self.tabs.currentChanged.connect(self._turned)
        self.views["tokens"].question.sampled.connect(self._learn_chat)

    # What the playground asks of a view.

    @property
    def act_words(self) -> tuple[str, str]:
        """The primary action."""
        return "Continue", "mdi6.play"

    def refusal(self) -> str:
        """Why the text cannot be continued now, or ""."""
        if self._current == "embeddings":
            return "The map follows what you type."
        if reason := self._state.refusal():
            return reason
        return "" if self.own.text else "Type a text first."

    def act(self) -> None:
        """Go on with the text, and see what else it could have been."""
        if not self.refusal():
            self.look_at("next")
            self.next.act()

    def stop(self) -> None:
        """End what is being computed for the present view."""
        self.views[self._current].stop()

    def look(self, text: str | None = None, model: str = "", part: str = "", **_: Any) -> None:
        """Look into this text with this model."""
        if model:
            self._state.choose(model)
        if text is not None:
            self.own.set_text(text)
        if part:
            self.look_at(part)
        self._look()

    def look_at(self, part: str) -> None:
        """Show one of the views: tokens, next, attention, layers, embeddings."""
        if part in self.views:
            self.tabs.setCurrentWidget(self.views[part])

    # Its parts.

    @property
    def _current(self) -> str:
        return list(self.views)[self.tabs.currentIndex()]

    def _turned(self) -> None:
        self._texts.setCurrentIndex(int(self._current == "embeddings"))
        self.act_changed.emit()

    def _model_changed(self, _reference: str) -> None:
        self.own.know_chat(None)
        self._look()

    def _look(self) -> None:
        """Tell every view what to look into; only the one that is seen asks."""
        model = "" if self._state.refusal() else self._state.model
        record = self._state.chosen
        if "chat" in record:
            self.own.know_chat(bool(record["chat"]))
        for part in self.views.values():
            part.look(model, self.own.text, self.own.chat, self._state.default_system)
        self.act_changed.emit()

    def _learn_chat(self, sample: Sample) -> None:
        if sample.name == "tokens":
            self.own.know_chat(sample.structure["chat"])

    def _sampling_changed(self) -> None:
        if not self._state.sampling_problem():
            self.next.set_sampling(self._state.sampling())
