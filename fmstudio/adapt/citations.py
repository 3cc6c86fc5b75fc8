"""Which passages an answer rests on: those that the model cited, and for what it did not cite, the likeliest.

The two are kept apart. What the model cites is its own claim; what is found afterwards is only the passage whose words
mean the most alike, and says nothing of whether the model used it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Encode = Callable[[list[str]], np.ndarray]
_CITED = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$|\[|[\"')])[^.!?\n]*)*[.!?]*(?:[\"')]*)(?:\s*\[[\d,;\s]+\])*")
_LETTERS = 3  # fewer make no sentence


def sentences(text: str) -> list[str]:
    """The sentences of an answer, each with the citations behind it."""
    found = (match.group().strip() for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if sum(letter.isalpha() for letter in sentence) >= _LETTERS]


def cited_numbers(text: str) -> list[int]:
    """The numbers in brackets, each once, in order."""
    numbers = (int(number) for found in _CITED.findall(text) for number in re.split(r"\s*[,;]\s*", found))
    return list(dict.fromkeys(numbers))


def cite(answer: str, passages: Sequence[Mapping[str, Any]], encode: Encode, threshold: float) -> list[dict[str, Any]]:
    """Every sentence's passages: {"number", "id", "source", "title", "start", "end", "given", "sentence", "score"}.

    given: whether the model cited it; else it was found afterwards, by a cosine of at least `threshold`, its score.
    A number that no passage has is no citation.
    """
    found: list[dict[str, Any]] = []
    uncited: list[str] = []
    for sentence in sentences(answer):
        numbers = [number for number in cited_numbers(sentence) if 1 <= number <= len(passages)]
        found += [_citation(number, passages, sentence, True, None) for number in numbers]
        if not numbers:
            uncited.append(sentence)
    return found + _found_afterwards(uncited, passages, encode, threshold)


def _found_afterwards(
    uncited: list[str], passages: Sequence[Mapping[str, Any]], encode: Encode, threshold: float
) -> list[dict[str, Any]]:
    if not uncited or not passages:
        return []
    vectors = encode([*uncited, *(passage["text"] for passage in passages)])
    likeness = vectors[: len(uncited)] @ vectors[len(uncited) :].T
    best = likeness.argmax(axis=1)
    return [
        _citation(int(place) + 1, passages, sentence, False, round(float(row[place]), 4))
        for sentence, place, row in zip(uncited, best, likeness, strict=True)
        if row[place] >= threshold
    ]


def _citation(
    number: int, passages: Sequence[Mapping[str, Any]], sentence: str, given: bool, score: float | None
) -> dict[str, Any]:
    passage = passages[number - 1]
    place = {key: passage[key] for key in ("id", "source", "title", "start", "end")}
    return {"number": number, **place, "given": given, "sentence": sentence, "score": score}
