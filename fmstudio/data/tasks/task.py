"""What a task is: examples to learn it from, questions that no training sees, and a rule that a program can check."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fmstudio.data.kinds import INSTRUCTIONS
from fmstudio.data.tuning.examples import Example, Instruction, Message


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what would be right: the answer itself where there is one, else what it must be like."""

    asked: str
    expected: str


class Task(ABC):
    """One task. Its name is also that of its dataset, its preset and the adapter that learns it."""

    name: ClassVar[str]
    title: ClassVar[str]
    order: ClassVar[int] = 100
    """Place in lists of tasks."""

    description: ClassVar[str]
    """One sentence on what is asked and answered."""

    rule: ClassVar[str]
    """When an answer is right, as the end of a sentence that begins with "Right is"."""

    held_back: ClassVar[str]
    """What the questions have that no example has, for whoever wonders whether the examples were learnt by heart."""

    source: ClassVar[str]
    """Where its examples come from."""

    kind: ClassVar[str] = INSTRUCTIONS
    """The kind of the dataset that its examples make."""

    most: ClassVar[int]
    """Tokens of an answer that is cut off: more than any right one has."""

    @abstractmethod
    def examples(self) -> Iterator[Example]:
        """What is learnt from: the same each time."""

    @abstractmethod
    def questions(self) -> Sequence[Question]:
        """What is asked afterwards, the same each time and in an order in which any first part is a fair one."""

    @abstractmethod
    def fault(self, question: Question, answer: str) -> str:
        """What is wrong with an answer that ended by itself, in a few words; "" where it is right."""

    def judge(self, question: Question, answer: str, ended: bool) -> str:
        """The same for any answer: one that was cut off is wrong."""
        return self.fault(question, answer.strip()) if ended else "it does not end"


def shown(asked: str, answer: str) -> Instruction:
    """An example of one turn."""
    return Instruction((Message("user", asked), Message("assistant", answer)))
