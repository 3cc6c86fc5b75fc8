"""The right side of a chat: the exact prompt, how the model expected its tokens, and what else could come next."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QTabWidget

from fmstudio.gui.models.model_choice import PlayState
from fmstudio.gui.playground.inside.next import InsideNext
from fmstudio.gui.playground.inside.tab import InsideTab
from fmstudio.gui.playground.inside.tokens import InsideTokens
from fmstudio.gui.playground.prompt_tab import PromptTab
from fmstudio.gui.studio import Studio
from fmstudio.gui.widgets.boxes import boxed, vbox


class ChatTabs(QTabWidget):
    """Shows what belongs to one answer. The views into the model are made when they are first looked at."""

    def __init__(self, studio: Studio, state: PlayState) -> None:
        super().__init__()
        self.setObjectName("chat-tabs")
        self.setAccessibleName("What the model was given")
        self.setDocumentMode(True)
        self.setMinimumWidth(240)
        self._studio, self._state = studio, state
        self._model, self._prompt, self._answer = "", "", ""
        self.prompt = PromptTab(studio)
        self.tokens: InsideTab | None = None
        self.next: InsideNext | None = None
        self._rooms = {"tokens": vbox(), "next": vbox()}
        self._places = {name: boxed(room) for name, room in self._rooms.items()}
        self.addTab(self.prompt, "Prompt")
        self.addTab(self._places["tokens"], "Tokens")
        self.addTab(self._places["next"], "Next token")
        self.currentChanged.connect(self._turned)
        state.sampling_changed.connect(self._share_sampling)

    # What is shown.

    def show_prompt(self, prompt: Mapping[str, Any]) -> None:
        """What the model is given now."""
        self.prompt.show_prompt(prompt)
        self._look(self._state.model, str(prompt.get("text", "")), "")

    def show_result(self, result: Mapping[str, Any], text: str) -> None:
        """What the model was given for an answer that is there."""
        prompt = {"text": result["prompt"], "tokens": result.get("prompt_tokens"), "context": result.get("context")}
        self.prompt.show_prompt(prompt)
        self._look(str(result.get("model") or self._state.model), str(result["prompt"]), text)

    def clear(self) -> None:
        """Show nothing."""
        self.prompt.clear()
        self._look(self._state.model, "", "")

    # The views into the model.

    def _turned(self, place: int) -> None:
        if self.widget(place) is self._places["tokens"] and self.tokens is None:
            self.tokens = InsideTokens(self._studio, "chat-tokens")
            self._rooms["tokens"].addWidget(self.tokens)
        elif self.widget(place) is self._places["next"] and self.next is None:
            self.next = InsideNext(self._studio, "chat-next")
            self.next.sampling_edited.connect(self._state.set_sampling)
            self._rooms["next"].addWidget(self.next)
            self._share_sampling()
        self._look(self._model, self._prompt, self._answer)

    def _look(self, model: str, prompt: str, answer: str) -> None:
        self._model, self._prompt, self._answer = model, prompt, answer
        if self.tokens is not None:
            self.tokens.look(model, prompt + answer)
        if self.next is not None:
            self.next.look(model, prompt)

    def _share_sampling(self) -> None:
        if self.next is not None:
            self.next.set_sampling(self._state.sampling())

    def stop(self) -> None:
        """End what is being computed for the view that is seen."""
        for view in (self.tokens, self.next):
            if view is not None and view.isVisible():
                view.stop()
