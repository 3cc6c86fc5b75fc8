"""Token ids for llama.cpp: from our own copy of the tokenizer, or from llama.cpp itself where we cannot rebuild it."""

import json
import urllib.request
from typing import Protocol

from fmstudio.data.control_tokens import MarkedText, finder
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.gguf_header import read_header
from fmstudio.runtimes.gguf_tokenizer import gguf_tokenizer, vocabulary_of
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.runtime import fitting
from fmstudio.runtimes.tokens import TextReader

_PATIENCE = 60.0


class Reader(Protocol):
    """Counts and reads text."""

    def count(self, text: str) -> int:
        """Tokens of a text."""

    def read(self, prompt: str, context: int) -> list[int]:
        """The ids of a prompt; raises ModelError where they leave no room in `context`."""


class ServerReader:
    """Asks llama.cpp on its local port, with the key that only this process knows."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address, key
        self._facts: ModelFacts | None = None
        self._longest = 1

    def of(self, facts: ModelFacts) -> "ServerReader":
        """The reader with the rules of a model."""
        self._facts = facts
        self._longest = max(len(token) for token in vocabulary_of(read_header(facts.path)))
        return self

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._told(text))

    def read(self, prompt: str, context: int) -> list[int]:
        """The ids of a prompt, at least one."""
        assert self._facts is not None
        name = self._facts.path.stem
        fitting(name, len(prompt) // self._longest, context, at_least=True)
        ids = self._told(prompt)
        first = self._facts.first_token
        ids = [first, *ids] if first is not None and ids[:1] != [first] else ids
        fitting(name, len(ids), context)
        return ids or [min(self._facts.ends, default=0)]

    def _told(self, text: str) -> list[int]:
        """The tokens of a text; marks that are letters are cut in two, so that llama.cpp does not find them whole."""
        assert self._facts is not None
        places = text.places if isinstance(text, MarkedText) else frozenset()
        ids, end = [], 0
        for found in finder(self._facts.marks.all()).finditer(text):
            if found.start() not in places:
                ids += self.ids(text[end : found.start() + 1])
                end = found.start() + 1
        return ids + self.ids(text[end:]) if end < len(text) else ids

    def ids(self, text: str) -> list[int]:
        """The tokens of a text as llama.cpp reads them, special ones included."""
        body = json.dumps({"content": text, "add_special": False, "parse_special": True}).encode()
        head = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._address + "/tokenize", body, head)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_PATIENCE) as answer:
                tokens: list[int] = json.load(answer)["tokens"]
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"llama.cpp does not tell the tokens of a text ({error}); load the model again."
            ) from error
        return tokens


def reader_for(facts: ModelFacts, server: ServerReader) -> Reader:
    """Our own tokenizer where it does the same, else llama.cpp's."""
    if facts.shape is not None:
        return TextReader(facts, gguf_tokenizer(read_header(facts.path)))
    return server.of(facts)
