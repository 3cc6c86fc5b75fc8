"""Running text to learn from: windows of tokens to draw for a step and to measure on, and a line to show."""

import math
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from fmstudio.data.control_tokens import letters
from fmstudio.data.documents import open_documents
from fmstudio.data.tokens import TokenisedDataset
from fmstudio.errors import StudioError
from fmstudio.runtimes.text import token_sizes
from fmstudio.workspace import Workspace

SHOWN_TOKENS = 24


class TextWindows:
    """Windows of context + 1 tokens of some datasets, of which all but the first are to be said."""

    def __init__(self, parts: Sequence[TokenisedDataset], tokenizer: Tokenizer, context: int, limit: str) -> None:
        """limit: the setting that says how long a window is, for whoever has too little text."""
        self.parts, self.context = list(parts), context
        weights = np.array([part.weight for part in parts])
        self._shares = np.cumsum(weights / weights.sum())
        self._bytes = token_sizes(tokenizer)
        self._true_sizes: dict[str, float] = {}
        for part in parts:
            shorter = min(len(part.train), len(part.validation))
            if shorter < context + 1:
                raise StudioError(
                    f"Dataset {part.name!r} is too short: one of its halves has {shorter:,} tokens, and a context of "
                    f"{context:,} needs {context + 1:,}; lower {limit} or add more text."
                )

    def drawn(self, seed: int, step: int, count: int) -> Tensor:
        """Windows at random places, (count, context + 1): a pure function of seed and step."""
        chance = np.random.Generator(np.random.Philox(key=[seed, step]))
        parts = np.searchsorted(self._shares, chance.random(count), side="right")
        places = chance.random(count)
        rows = np.empty((count, self.context + 1), np.int64)
        for row, part, place in zip(rows, np.minimum(parts, len(self.parts) - 1), places, strict=True):
            tokens = self.parts[part].train
            start = int(place * (len(tokens) - self.context))
            row[:] = tokens[start : start + self.context + 1]
        return torch.from_numpy(rows)

    def measure(
        self, part: TokenisedDataset, loss_of: Callable[[Tensor], Tensor], tokens: int, at_once: int
    ) -> Generator[None, None, tuple[float, float]]:
        """Nats per token and per byte over windows spread evenly over a dataset's held-back text.

        loss_of: the mean loss of some windows. tokens: how many are read at most; at_once: windows.

        What a token holds of the text is known for byte-level tokens only; of others, which lose blanks, capitals or
        unknown letters, the sizes are scaled so that those of all held-back tokens make up its bytes.
        """
        text, context = part.validation, self.context
        available = (len(text) - 1) // context
        count = max(1, min(available, tokens // context))
        starts = np.linspace(0, available - 1, count).astype(np.int64) * context
        nats, size, seen = 0.0, 0, 0
        for chunk in np.array_split(starts, max(1, math.ceil(count / at_once))):
            batch = np.stack([text[start : start + context + 1] for start in chunk]).astype(np.int64)
            loss = loss_of(torch.from_numpy(batch))
            nats += float(loss) * batch[:, 1:].size
            seen += batch[:, 1:].size
            size += int(self._bytes[batch[:, 1:]].sum())
            yield
        return nats / seen, nats / max(1, size) / self._true_size(part)

    def measure_all(
        self, loss_of: Callable[[Tensor], Tensor], tokens: int, at_once: int
    ) -> Generator[None, None, dict[str, float]]:
        """The metrics of the mixture's held-back text, weighted as it is trained on."""
        found = np.empty((len(self.parts), 2))
        for row, part in zip(found, self.parts, strict=True):
            row[:] = yield from self.measure(part, loss_of, tokens, at_once)
        nats, nats_per_byte = np.average(found, axis=0, weights=[part.weight for part in self.parts])
        return {
            "loss/validation": float(nats),
            "bits_per_byte/validation": float(nats_per_byte / math.log(2)),
            "perplexity/validation": float(np.exp(min(nats, 700.0))),
        }

    def _true_size(self, part: TokenisedDataset) -> float:
        """Bytes of a dataset's held-back text for each byte that its tokens say they hold: 1 for byte-level tokens."""
        if part.name not in self._true_sizes:
            counts = np.bincount(part.validation, minlength=len(self._bytes))[: len(self._bytes)]
            self._true_sizes[part.name] = part.validation_bytes / max(1, int(counts @ self._bytes))
        return self._true_sizes[part.name]


def shown_line(workspace: Workspace, name: str, tokenizer: Tokenizer) -> dict[str, Any]:
    """A real line of a dataset as lessons: the tokens that a model sees, and the one that it must say after each."""
    line, source = _real_line(workspace, name)
    encoding = letters(tokenizer, line)
    spans = list(zip(encoding.ids, encoding.offsets, strict=True))[: SHOWN_TOKENS + 1]
    tokens = [{"id": number, "text": line[start:end]} for number, (start, end) in spans]
    return {"inputs": tokens[:-1], "targets": tokens[1:], "source": f"{source}, in {name}"}


def _real_line(workspace: Workspace, name: str) -> tuple[str, str]:
    """The first line of a dataset that is long enough to show something, and the title of its document."""
    with open_documents(workspace, name) as documents:
        for index in range(min(len(documents), 50)):
            document = documents.document(index)
            lines = [line.strip() for line in document.text.splitlines()]
            long_enough = [line for line in lines if len(line) >= 40 and any(letter.islower() for letter in line)]
            if long_enough:
                return long_enough[0], document.title or document.source
        return documents.text(0)[:400], documents.about(0)["title"]
