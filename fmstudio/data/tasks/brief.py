"""Brief answers: at most forty words, without being told. They are learnt from Python's reference, and asked about
anything."""

import random
from collections.abc import Iterator
from zlib import crc32

from fmstudio.data.tasks.task import Question, Task, shown
from fmstudio.data.tuning.examples import Example
from fmstudio.data.tuning.made import SHORT, questions, shortened

LEAST = 3
"""Words of an answer that says something."""

_SUBJECTS = (
    "a volcano", "the tide", "a compass", "a rainbow", "photosynthesis", "an earthquake", "a telescope", "the moon",
    "a glacier", "an echo", "a bridge", "yeast", "a battery", "the stock market", "a sonnet", "chess", "a lighthouse",
    "inflation", "a vaccine", "a comet", "the alphabet", "a steam engine", "democracy", "a coral reef", "a violin",
    "gravity", "a museum", "bread", "a calendar", "a desert", "electricity", "a thermometer", "a parliament", "rust",
    "a fossil", "an orchestra", "a passport", "coffee", "a hurricane", "the printing press",
)  # fmt: skip
_FORMS = ("What is {}?", "Why do people care about {}?", "Explain {} to a friend.")


class BriefTask(Task):
    """An answer in forty words at most."""

    name = "brief-answers"
    title = "Brief answers"
    order = 30
    description = f"Answers any question in at most {SHORT} words, without being told."
    rule = f"an answer of {LEAST} to {SHORT} words that ends by itself"
    held_back = "other topics of Python, and things that have nothing to do with it"
    source = "Python's reference"
    most = 112

    def examples(self) -> Iterator[Example]:
        """Questions on Python with the first words of its reference; those of one name stand on one side only."""
        for about, question, answer in questions():
            if not _is_held_back(about) and (short := shortened(answer)):
                yield shown(question, short)

    def questions(self) -> list[Question]:
        """Other questions on Python, and questions on the world, mixed."""
        chance = random.Random(5)
        expected = f"at most {SHORT} words"
        found = [Question(question, expected) for about, question, _ in questions() if _is_held_back(about)]
        found += [Question(chance.choice(_FORMS).format(each), expected) for each in _SUBJECTS]
        chance.shuffle(found)
        return found

    def fault(self, question: Question, answer: str) -> str:
        """Words are what stands between blanks."""
        words = len(answer.split())
        return "" if LEAST <= words <= SHORT else f"it has {words} words"


def _is_held_back(about: str) -> bool:
    """By the name alone: what a text's and a list's method of one name do is told in the same words."""
    return crc32(about.rpartition(".")[2].encode()) % 4 == 0


TASK = BriefTask()
