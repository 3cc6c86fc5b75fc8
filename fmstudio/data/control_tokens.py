"""Keeps the tokens that mark turns and ends apart from texts that only spell them.

A tokenizer finds `<|im_end|>` in a text wherever it stands, so a person, or a document that is shown to a model, could
end a turn and speak as somebody else. Here a mark is a token only where the chat template wrote it; everywhere else its
letters are letters.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tokenizers import Encoding, Tokenizer

_LOOKS_CONTROL = re.compile(r"<\|.*\|>|<｜.*｜>|<(?:start|end)_of_turn>|<(?:pad|mask|unused\d+)>|\[@.*@\]", re.DOTALL)
_FIRST_NAME, _LAST_NAME = 0x100000, 0x10FFFD  # the private plane that no font in use puts pictures in
_BREAKS = range(0xE000, 0xF8FF)


class MarkedText(str):
    """A text, and the places where marks in it are tokens; those anywhere else, and all of a plain `str`, are letters.

    What is cut out of it or joined to it is a plain text again, so that nothing becomes a token by accident.
    """

    __slots__ = ("places",)
    places: frozenset[int]

    def __new__(cls, text: str, places: Iterable[int] = ()) -> "MarkedText":
        """places: where in the text each mark that is a token begins."""
        made = super().__new__(cls, text)
        made.places = frozenset(places)
        return made

    def part(self, start: int, stop: int) -> "MarkedText":
        """What stands from `start` to `stop`, with the marks that begin there."""
        return MarkedText(self[start:stop], (place - start for place in self.places if start <= place < stop))


@dataclass(frozen=True, slots=True)
class Marks:
    """The tokens of a model that are marks, by their texts.

    control: turns, ends and the like. words: those that a template writes beside them and a model may write too, such
    as `<think>`, which stay tokens in what the model said before.
    """

    control: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.control + self.words


NO_MARKS = Marks()


def marks_among(tokens: Iterable[tuple[str, bool]], template: str = "") -> Marks:
    """The marks among tokens that are found in a text as a whole, each given with whether its file calls it special.

    Some files call turns ordinary words; such are known by how they look, or by the template that writes them.
    """
    control, words = [], []
    for text, special in tokens:
        if special or _LOOKS_CONTROL.fullmatch(text):
            control.append(text)
        elif text in template and len(text) > 2 and not text.isalnum() and not text.isspace():
            words.append(text)
    return Marks(tuple(filter(None, control)), tuple(words))


def marks_of(tokenizer: Tokenizer, template: str = "") -> Marks:
    """The marks of a tokenizer."""
    added = tokenizer.get_added_tokens_decoder().values()
    return marks_among(((token.content, token.special) for token in added), template)


def finder(marks: Collection[str]) -> re.Pattern[str]:
    """Finds marks in a text, the longest first as tokenizers do; nothing where there are none."""
    longest_first = sorted(marks, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def rendered(
    messages: Sequence[Mapping[str, str]], marks: Marks, render: Callable[[list[dict[str, str]]], str], template: str
) -> MarkedText:
    """A conversation as a template writes it, with the places of the marks that are the template's own.

    The template is given messages in which a letter that occurs nowhere stands within each mark; it is taken out of
    what the template made of them, where only whole marks can be the template's. render: messages to text.
    """
    texts = template + "".join(value for message in messages for value in message.values())
    mark = next(letter for number in _BREAKS if (letter := chr(number)) not in texts)
    of_people, of_models = _breaker(marks.all(), mark), _breaker(marks.control, mark)
    broken = [
        {key: (of_models if message.get("role") == "assistant" else of_people)(value) if key != "role" else value
         for key, value in message.items()}
        for message in messages
    ]  # fmt: skip
    text = render(broken)
    places = (found.start() - text.count(mark, 0, found.start()) for found in finder(marks.all()).finditer(text))
    return MarkedText(text.replace(mark, ""), places)


def _breaker(marks: Collection[str], mark: str) -> Callable[[str], str]:
    """Puts a letter behind the first of every mark in a text, and of a beginning of one at the text's end, which
    another text could make whole."""
    find = finder(marks)
    longest = max(map(len, marks), default=0)

    def broken(text: str) -> str:
        text = find.sub(lambda found: found[0][0] + mark + found[0][1:], text)
        for size in range(min(longest - 1, len(text)), 1, -1):
            tail = text[-size:]
            if any(each.startswith(tail) for each in marks):
                return text[:-size] + tail[0] + mark + tail[1:]
        return text

    return broken


class MarkReader:
    """A tokenizer that reads marks as tokens only where a `MarkedText` says that they are."""

    def __init__(self, tokenizer: Tokenizer, marks: Marks) -> None:
        self._tokenizer = tokenizer
        self._marks = sorted(marks.all())
        self._strict: dict[int, Tokenizer] = {}

    @cached_property
    def _find(self) -> re.Pattern[str]:
        return finder(self._marks)

    def encode(self, text: str) -> Encoding:
        """The tokens of a text without those that a runtime puts before it; offsets are places in the text."""
        places = text.places if isinstance(text, MarkedText) else frozenset()
        found = list(self._find.finditer(text))
        if all(match.start() in places for match in found) and not self._hides(text, len(found)):
            return self._tokenizer.encode(str(text), add_special_tokens=False)
        first = self._first_name(text)
        if first not in self._strict:
            self._strict = {first: renamed(self._tokenizer, self._names(first))}
        names = self._names(first)
        parts, end = [], 0
        for match in found:
            if match.start() in places:
                parts += [text[end : match.start()], names[match[0]]]
                end = match.end()
        return self._strict[first].encode("".join([*parts, text[end:]]), add_special_tokens=False)

    def _hides(self, text: str, found: int) -> bool:
        """Whether the tokenizer's own rewriting makes marks of other letters, such as wide ones."""
        normalizer = self._tokenizer.normalizer
        return normalizer is not None and len(self._find.findall(normalizer.normalize_str(text))) > found

    def _first_name(self, text: str) -> int:
        """The first of a row of letters that do not occur in the text, one for each mark."""
        used = {ord(letter) for letter in set(text) if ord(letter) >= _FIRST_NAME}
        first = _FIRST_NAME
        while any(number in used for number in range(first, first + len(self._marks))):
            first += len(self._marks)
        assert first + len(self._marks) <= _LAST_NAME
        return first

    def _names(self, first: int) -> dict[str, str]:
        """A name for each mark that nobody can spell, as long as the mark, so that places stay what they are."""
        return {text: chr(first + number) * len(text) for number, text in enumerate(self._marks)}


def letters(tokenizer: Tokenizer, text: str) -> Encoding:
    """The tokens of a text of which nothing is a mark."""
    return MarkReader(tokenizer, marks_of(tokenizer)).encode(str(text))


def renamed(tokenizer: Tokenizer, names: Mapping[str, str]) -> Tokenizer:
    """A copy in which tokens have other texts; the old ones are in the vocabulary no more, and not joined either."""
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    content["post_processor"] = None  # names special tokens, and puts them where none are asked for
    for token in content["added_tokens"]:
        if token["content"] in names:
            token |= {"content": names[token["content"]], "normalized": False}
    model = content["model"]
    vocabulary = model["vocab"]
    if isinstance(vocabulary, dict):
        model["vocab"] = {names.get(text, text): number for text, number in vocabulary.items()}
    else:
        model["vocab"] = [[names.get(text, text), score] for text, score in vocabulary]
    if model.get("unk_token") in names:
        model["unk_token"] = names[model["unk_token"]]
    if "merges" in model:
        model["merges"] = [merge for merge in model["merges"] if _joined(merge) not in names]
    return Tokenizer.from_str(json.dumps(content))


def _joined(merge: Sequence[str] | str) -> str:
    return merge.replace(" ", "", 1) if isinstance(merge, str) else "".join(merge)
