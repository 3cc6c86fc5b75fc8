"""Examples that are made here, out of the reference that every Python brings along.

Questions are about the topics of help() and the methods they describe, answers are their own first words. Of
preferences the better answer follows a rule that a program can check, and the other says the same and breaks it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping

from fmstudio.data.kinds import INSTRUCTIONS, PREFERENCES
from fmstudio.data.samples import python_reference
from fmstudio.data.tuning.examples import Example, Instruction, Message, Preference

SHORT = 40
"""Words of a short answer at most."""

_ENTRY = re.compile(r"^((?:[a-z_]+\.)?[A-Za-z_]+\([^\n]*\))\n\n((?:   [^\n]*\n|\n(?=   ))+)", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"])")
_ODD = re.compile(r"::=|^\s*\d+\.|^\s*\*|>>>|:$|[-+=*]{4}|^(?:New|Changed|Added) in version", re.MULTILINE)


def questions() -> Iterator[tuple[str, str, str]]:
    """(what is asked about, the question, the answer) of each topic and method, each once."""
    seen: set[str] = set()
    for topic in python_reference():
        paragraphs = topic.text.split("\n\n")
        found = [(f"{topic.title}", f"{topic.title}: what is this in Python?", _plain(paragraphs[1:4]))]
        for name, body in _ENTRY.findall(topic.text):
            called = name.partition("(")[0]
            found.append((called, f"{called}(): what does it do in Python?", _plain(body.split("\n\n"))))
        for about, question, answer in found:
            if len(answer.split()) >= 6 and question not in seen:
                seen.add(question)
                yield about, question, answer


def sentences(answer: str) -> list[str]:
    """The sentences of an answer."""
    return _SENTENCE.split(answer)


def shortened(answer: str) -> str:
    """As many of an answer's first sentences as `SHORT` words hold; "" where the first alone has more."""
    kept = ""
    for sentence in sentences(answer):
        if len(f"{kept} {sentence}".split()) > SHORT:
            break
        kept = f"{kept} {sentence}".strip()
    return kept


def _plain(paragraphs: list[str]) -> str:
    """The paragraphs up to the first that is no prose, in one line each."""
    taken: list[str] = []
    for paragraph in paragraphs:
        if _ODD.search(paragraph) or not paragraph.strip():
            break
        taken.append(" ".join(paragraph.split()))
    return " ".join(taken).replace("*", "")


def python_questions() -> Iterator[Example]:
    """Questions on Python with the answers of its reference."""
    for _, question, answer in questions():
        yield Instruction((Message("user", question), Message("assistant", answer)))


def short_answers() -> Iterator[Example]:
    """Answers of at most 40 words before longer ones."""
    for _, question, answer in questions():
        chosen = shortened(answer)
        if chosen and len(answer.split()) > SHORT:
            yield _pair(question, chosen, answer)


def json_answers() -> Iterator[Example]:
    """Answers that are JSON with the keys that were asked for, before the same in prose."""
    for about, question, answer in questions():
        first = sentences(answer)[0]
        asked = f'{question} Answer as JSON with the keys "name" and "does".'
        yield _pair(asked, json.dumps({"name": about, "does": first}, ensure_ascii=False), f"{about}: {first}")


def plain_answers() -> Iterator[Example]:
    """Answers without a list before the same as a list."""
    for _, question, answer in questions():
        parts = sentences(answer)
        if len(parts) > 1:
            yield _pair(question, answer, "\n".join(f"- {part}" for part in parts))


def _pair(question: str, chosen: str, rejected: str) -> Preference:
    return Preference((Message("user", question),), chosen, rejected)


SETS: Mapping[str, tuple[str, Callable[[], Iterator[Example]]]] = {
    "python-questions": (INSTRUCTIONS, python_questions),
    "short-answers": (PREFERENCES, short_answers),
    "json-answers": (PREFERENCES, json_answers),
    "plain-answers": (PREFERENCES, plain_answers),
}
"""What the catalogue offers, by name: the kind of dataset, and what makes its examples."""
