"""Puts passages and a question together as a model reads them, with as many passages as fit its context."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fmstudio.errors import StudioError

INSTRUCTION = "Answer the question from the passages above and cite their numbers, like [1]."
"""Of a dozen wordings the one with which the smallest chat model, of 135 million parameters, errs least."""
NEXT_QUESTION = "Question:"
"""Where a model that only continues text has begun to invent the next question."""
Passage = Mapping[str, Any]


def grounded_message(question: str, passages: Sequence[Passage], instruction: str) -> str:
    """What a chat model is asked: the passages with their numbers, what to do, the question."""
    parts = [*_numbered(passages), instruction.strip(), question.strip()]
    return "\n\n".join(part for part in parts if part)


def grounded_text(question: str, passages: Sequence[Passage]) -> str:
    """What a model that only continues text is given: a page that an answer follows on."""
    return "\n\n".join([*_numbered(passages), f"{NEXT_QUESTION} {question.strip()}\nAnswer:"])


def _numbered(passages: Sequence[Passage]) -> list[str]:
    return [f"[{number}] {passage['text'].strip()}" for number, passage in enumerate(passages, 1)]


def fit_passages(
    passages: Sequence[Passage], tokens: Callable[[Sequence[Passage]], int], limit: int, model: str
) -> list[Passage]:
    """The best passages that fit: the lowest is dropped until the prompt has at most `limit` tokens.

    tokens: those of the whole prompt with given passages. Raises StudioError where not even the first fits.
    """
    kept = list(passages)
    while (size := tokens(kept)) > limit:
        if len(kept) <= 1:
            raise StudioError(
                f"The question with its best passage has {size:,} tokens, but {model} has room for {limit:,} beside "
                "its answer; choose smaller chunks, a shorter answer or another model."
            )
        kept.pop()
    return kept
