"""From text to the token ids that a runtime reads, with a quick refusal of texts that can never fit."""

from functools import cached_property, lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from fmstudio.data.control_tokens import MarkReader
from fmstudio.data.tokenizer import load_tokenizer
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.runtime import fitting


def begun(ids: list[int], first: int | None) -> list[int]:
    """The ids of a text behind the token that begins every text, where the model wants one and it is not there yet."""
    return ids if first is None or ids[:1] == [first] else [first, *ids]


def tokenizer_of(facts: ModelFacts) -> Tokenizer | None:
    """The tokenizer of a model, or of the one that it adapts, without its weights; None where only llama.cpp can read
    its vocabulary."""
    path = facts.base or facts.path
    return _tokenizer(path, (path / "tokenizer.json" if path.is_dir() else path).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _tokenizer(path: Path, modified: int) -> Tokenizer | None:
    if path.is_dir():
        return load_tokenizer(path / "tokenizer.json")
    try:
        return gguf_tokenizer(read_header(path))
    except ModelError:
        return None


class TextReader:
    """A model's tokenizer with its rules: which token begins every text, and how long a text can be."""

    def __init__(self, facts: ModelFacts, tokenizer: Tokenizer) -> None:
        self._facts, self._tokenizer = facts, tokenizer
        self._marks = MarkReader(tokenizer, facts.marks)

    @cached_property
    def longest_token(self) -> int:
        """Letters of the longest token; a text has at least its length divided by that many tokens."""
        return max((len(token) for token in self._tokenizer.get_vocab(with_added_tokens=True)), default=1)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._marks.encode(text).ids)

    def read(self, prompt: str, context: int) -> list[int]:
        """The ids of a prompt, at least one; raises ModelError where they leave no room in `context`.

        A text of many megabytes is refused by its length alone: reading it would take minutes.
        """
        fitting(self._facts.path.stem, len(prompt) // self.longest_token, context, at_least=True)
        ids: list[int] = self._marks.encode(prompt).ids
        ids = begun(ids, self._facts.first_token)
        fitting(self._facts.path.stem, len(ids), context)
        return ids or [min(self._facts.ends, default=0)]
