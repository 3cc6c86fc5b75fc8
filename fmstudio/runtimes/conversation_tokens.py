"""A conversation as the exact tokens that a model reads in training, and which of them it is to learn.

What stands before an answer is, token by token, what the chat gives the model for the same messages; the answer is
learnt with the token that ends it. All else carries no loss: questions, system prompts, the template's own marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tokenizers import Tokenizer

from fmstudio.data.control_tokens import MarkedText, MarkReader
from fmstudio.data.tokenizer import end_of_text
from fmstudio.runtimes.chat_template import ChatTemplate, Message
from fmstudio.runtimes.errors import ModelError
from fmstudio.runtimes.model_facts import ModelFacts
from fmstudio.runtimes.tokens import begun

TURNS = (
    "{% for message in messages %}"
    "{{ '### ' + message['role'] | capitalize + '\n' + message['content'] | trim }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\n\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '### Assistant\n' }}{% endif %}"
)
"""How turns are written for a model that has no template of its own, before it learns to answer."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a conversation: its number, its text, and whether the model is to learn to say it."""

    id: int
    text: str
    learnt: bool


def facts_to_chat(facts: ModelFacts, tokenizer: Tokenizer) -> ModelFacts:
    """The facts of a model with a chat template: its own, or `TURNS` where it has none."""
    if facts.chat:
        return facts
    end = end_of_text(tokenizer)
    special = {**facts.special, "eos_token": tokenizer.id_to_token(end) or ""}
    return replace(facts, template=TURNS, special=special, ends=facts.ends | {end})


class ConversationReader:
    """Reads conversations as one model does."""

    def __init__(self, facts: ModelFacts, tokenizer: Tokenizer) -> None:
        """facts: of a model with a template; see `facts_to_chat`."""
        name = facts.title or facts.path.stem
        self._template = ChatTemplate(facts.template, facts.special, name, facts.marks)
        self._first, self._tokenizer = facts.first_token, tokenizer
        self._marks = MarkReader(tokenizer, facts.marks)
        self.ends = facts.ends or frozenset({end_of_text(tokenizer)})
        """Tokens that end an answer."""

    def read(self, messages: Sequence[Message], all_turns: bool = True) -> list[Token]:
        """The tokens of a conversation that ends with an answer.

        all_turns: learn every answer, or the last alone. Raises ModelError where the template fails, or writes earlier
        turns otherwise once there are later ones, so that their answers cannot be told.
        """
        whole = self._template.render(messages, add_generation_prompt=False)
        answers = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
        spans = [self._span(messages, place, whole) for place in (answers if all_turns else answers[-1:])]
        found = [
            Token(number, whole[start:stop], any(begin <= start and stop <= end for begin, end in spans))
            for number, start, stop in self._tokens(whole, spans)
        ]
        last = 1 + max((place for place, token in enumerate(found) if token.learnt), default=len(found) - 1)
        if found[last - 1].id not in self.ends:
            # A template that does not write the end leaves it to the model, which has to learn it all the same.
            end = min(self.ends)
            found.insert(last, Token(end, self._tokenizer.id_to_token(end) or "", learnt=True))
        first, *_ = begun([token.id for token in found[:1]], self._first)
        if first != found[0].id:
            found.insert(0, Token(first, self._tokenizer.id_to_token(first) or "", learnt=False))
        return found

    def _span(self, messages: Sequence[Message], place: int, whole: MarkedText) -> tuple[int, int]:
        """Where an answer stands in the whole text, with the mark that ends it."""
        before = self._template.render(messages[:place])
        after = self._template.render(messages[: place + 1], add_generation_prompt=False)
        if not after.startswith(before):
            raise ModelError(
                f"The chat template of {self._template.model} writes an answered question otherwise than one that "
                "waits for its answer, so what is to be learnt cannot be told; choose another model."
            )
        stop = self._end_of_turn(after, len(before))
        if whole[:stop] != after[:stop]:
            raise ModelError(
                f"The chat template of {self._template.model} writes earlier turns otherwise once there are later "
                'ones, so only last answers can be learnt; set data.turns to "last".'
            )
        return len(before), stop

    def _end_of_turn(self, after: MarkedText, start: int) -> int:
        """Where the answer that begins at `start` ends: behind the first mark that can end one, else with its text."""
        ends = [text for number in self.ends if (text := self._tokenizer.id_to_token(number))]
        for place in sorted(place for place in after.places if place >= start):
            for end in ends:
                if after.startswith(end, place):
                    return place + len(end)
        return start + len(after[start:].rstrip())

    def _tokens(self, whole: MarkedText, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """(id, start, stop) of the tokens of a text. Where one would reach into an answer from what stands before it,
        both are read apart, as they are when the answer is written."""
        encoding = self._marks.encode(whole)
        found = [(number, *place) for number, place in zip(encoding.ids, encoding.offsets, strict=True)]
        if all(self._begins_apart(whole, found, start) for start, _ in spans):
            return found
        cuts = sorted({0, len(whole), *(place for span in spans for place in span)})
        apart: list[tuple[int, int, int]] = []
        for start, stop in pairwise(cuts):
            part = self._marks.encode(whole.part(start, stop))
            places = zip(part.ids, part.offsets, strict=True)
            apart += [(number, start + first, start + last) for number, (first, last) in places]
        return apart

    def _begins_apart(self, whole: MarkedText, found: Sequence[tuple[int, int, int]], start: int) -> bool:
        """Whether the tokens before a place are those that the text up to there has by itself."""
        before: list[int] = self._marks.encode(whole.part(0, start)).ids
        return before == [number for number, _, _ in found[: len(before)]] and (
            len(found) == len(before) or found[len(before)][1] >= start
        )
