"""What llama.cpp expects of the next token, as a number for every token: for comparing it with our decoder."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.llama_cpp import open_server
from fmstudio.runtimes.memory import BLOCK
from fmstudio.runtimes.server_tokens import ServerReader

_EVERY = 1 << 30
"""More tokens than any vocabulary has."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """text: a prompt, and the tokens that llama.cpp went on with. logs: logarithms of the probabilities of every token
    at each place that it drew from, (drawn, vocabulary)."""

    text: list[int]
    logs: np.ndarray


class LlamaProbe:
    """A GGUF file in llama.cpp, with adapters applied in full.

    Attention is computed in 32 bits, so that what is left of a difference is that of the weights and of rounding.
    Raises ModelError where llama.cpp refuses the file or an adapter.
    """

    def __init__(self, path: Path, adapters: Sequence[Path] = (), context: int = 4 * BLOCK) -> None:
        self._name, key = path.name, secrets.token_urlsafe(24)
        self._server = open_server(path, context, torch.get_num_threads(), key, adapters=adapters, exact=True)
        self._reader = ServerReader(self._server.listening_address, key)

    def ids(self, text: str) -> list[int]:
        """The tokens of a text as llama.cpp reads them, special ones included."""
        return self._reader.ids(text)

    def expect(self, prompt: Sequence[int], drawn: int) -> Expectations:
        """Let it go on with a prompt by its likeliest tokens."""
        request = {
            "prompt": list(prompt), "n_predict": drawn, "temperature": 0.0, "cache_prompt": False, "n_probs": _EVERY,
            "stream": False,
        }  # fmt: skip
        said: list[Any] = []
        self._server.handle_completions(request, said.append)
        try:
            rows = said[-1]["choices"][0]["logprobs"]["content"]
        except (LookupError, TypeError):
            raise ModelError(f"llama.cpp does not tell what it expects with {self._name}; try again.") from None
        logs = [_by_token(row["top_logprobs"]) for row in rows]
        return Expectations([*prompt, *(int(row["id"]) for row in rows)], np.stack(logs))


def _by_token(likeliest: Sequence[dict[str, Any]]) -> np.ndarray:
    """The numbers in order of the tokens."""
    logs = np.full(len(likeliest), -np.inf, np.float32)
    for each in likeliest:
        logs[int(each["id"])] = each["logprob"]
    return logs
