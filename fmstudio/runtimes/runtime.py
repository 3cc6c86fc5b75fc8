"""What every way to run a language model offers: the same calls, the same meaning of the sampling controls.

A runtime counts tokens and streams text. It knows nothing of chats: a conversation is made into one text before.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Literal, Protocol

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.stop_strings import release
from fmstudio.runtimes.text import TextSampling

Backend = Literal["llama.cpp", "torch"]
Finish = Literal["end", "stop", "length", "context", "stopped"]
"""Why a text ended: the model ended it, a stop string, the limit of tokens, a full context, or the person."""


class Runtime(Protocol):
    """A loaded model. `context` is how many tokens it reads and writes at most."""

    backend: Backend
    context: int

    @property
    def note(self) -> str:
        """What it runs where that is not the model's file itself; empty otherwise."""

    @property
    def threads(self) -> int:
        """Processor cores that it computes on."""

    def count(self, text: str) -> int:
        """How many tokens a text is, without those that a runtime puts before it."""

    def generate(self, prompt: str, sampling: TextSampling) -> "TextStream":
        """Text that continues `prompt`; raises ModelError at once where it does not fit the context."""

    def close(self) -> None:
        """Give the memory back."""


Pieces = Generator[list[str] | None, None, Finish]
"""What a backend draws: the texts of the tokens that have come, or None while another text is written before this one;
returns why it ended."""


class TextStream(Iterator[str]):
    """Pieces of a text as they come, some times a second: empty where there is nothing to add yet.

    `tokens` counts what was drawn so far, `finish` tells why it ended. `waiting` is true while the model is busy with
    another text. Closing stops the model at once.
    """

    def __init__(self, prompt_tokens: int, raw: Pieces, stops: Sequence[str]) -> None:
        """stops: texts before which it ends."""
        self.prompt_tokens = prompt_tokens
        self.tokens = 0
        self.waiting = False
        self.finish: Finish = "stopped"
        self._pieces = self._run(raw, stops)

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """End it here; whatever computes it stops before this returns."""
        self._pieces.close()

    def _run(self, raw: Pieces, stops: Sequence[str]) -> Generator[str, None, None]:
        held = ""
        try:
            while True:
                try:
                    pieces = next(raw)
                except StopIteration as end:
                    self.finish = end.value
                    break
                self.waiting = pieces is None
                shown, held, stopped = self._release(held, pieces or (), stops)
                yield shown
                if stopped:
                    self.finish = "stop"
                    return
            yield held
        finally:
            raw.close()

    def _release(self, held: str, pieces: Sequence[str], stops: Sequence[str]) -> tuple[str, str, bool]:
        """`release` token by token, so that tokens after a stop string do not count, however they came."""
        text = ""
        for piece in pieces:
            self.tokens += 1
            shown, held, stopped = release(held + piece, stops)
            text += shown
            if stopped:
                return text, "", True
        return text, held, False


def fitting(name: str, tokens: int, context: int, at_least: bool = False) -> None:
    """Refuse a prompt that leaves no room for a single token of the answer; it is never cut without a word."""
    if tokens >= context:
        raise ModelError(
            f"The prompt has {'at least ' if at_least else ''}{tokens:,} tokens, but {name} reads {context:,} with "
            "room for its answer; shorten the prompt."
        )
