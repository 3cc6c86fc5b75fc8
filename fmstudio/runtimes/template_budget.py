"""What one rendering of a template may still do: steps, letters and time, charged as it goes.

Nothing that a template makes can change once it is there, but for namespaces, which it may not write out. So a value's
weight (the letters that it takes when it is written out, a part that it holds twice counted twice) is known from the
moment it is made. A value above the limit never comes to be, and whatever Python does with the others (writes,
compares, sorts, looks up) is bounded by what they weigh.
"""

import time
from collections.abc import Iterable, Iterator, MappingView
from contextvars import ContextVar
from typing import Any, NamedTuple

from jinja2.utils import Namespace

MOST_STEPS = 400_000
"""Calls, look-ups, rounds of loops and items of lists together."""

MOST_LETTERS = 32_000_000
"""Letters of all texts that are built, those written included; also the most that one value may weigh."""

SECONDS = 5.0
"""Of this thread on a processor: what else the machine does is not the template's fault."""

MOST_BITS = 60
"""Of a whole number. Longer ones are slow to divide, and any number of them may have the same hash."""

_DEEPEST = 100
_ITEM = 8
_NUMBER = 24
_OBJECT = 64


class TemplateError(Exception):
    """A template that cannot be used; the text says why."""


class Measure(NamedTuple):
    """How many letters a value takes when it is written out, about; how many levels of lists in lists it has; and
    whether a namespace is in it, the one thing that changes after it is made, and so may even hold itself."""

    weight: int
    depth: int = 0
    changes: bool = False


class Budget:
    """Counts down; every method raises TemplateError where nothing is left."""

    def __init__(self) -> None:
        self._steps, self._letters = MOST_STEPS, MOST_LETTERS
        self._end = time.thread_time() + SECONDS
        self._measured: dict[int, tuple[Any, Measure]] = {}  # holds each value too, so that its id stays its own

    def step(self, count: int = 1) -> None:
        """Charge a round of a loop, a call, or so many items of a list."""
        self.room(count)
        self._steps -= count
        if time.thread_time() > self._end:
            raise TemplateError(f"it computes for longer than {SECONDS:.0f} seconds")

    def room(self, count: int) -> None:
        """Refuse what would come to so many items, before Python makes them."""
        if count > self._steps:
            raise TemplateError(f"it takes more than {MOST_STEPS:,} steps, as a template does that never ends")

    def letters(self, count: int) -> None:
        """Charge a text of so many letters."""
        self._letters -= count
        if self._letters < 0:
            raise TemplateError(f"it builds more than {MOST_LETTERS:,} letters")

    def counted(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values, a step each."""
        for value in values:
            self.step()
            yield value

    def made(self, value: Any) -> Any:
        """The value, once it is paid for: the letters of a text, the items of a list; refuses huge numbers."""
        self.step()
        if isinstance(value, str):
            self.letters(len(value))
        elif isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise TemplateError("it computes with numbers of more than 18 digits")
        else:
            self._measure(value)
        return value

    def written(self, value: Any) -> Any:
        """The value, once the text that it is about to become is paid for."""
        self.step()
        self.letters(self.weight(value))
        return value

    def read(self, *values: Any) -> None:
        """Charge what only looks through values, as a comparison or a search: an eighth of what building them costs."""
        self.step()
        self.letters(sum(self._measure(value).weight for value in values) // 8)

    def weight(self, value: Any) -> int:
        """How many letters the value takes when it is written out, about."""
        return self.measure(value).weight

    def measure(self, value: Any) -> Measure:
        """The measure of a value that is to be written out."""
        measure = self._measure(value)
        if measure.changes:
            raise TemplateError("it writes out a namespace as a whole, not the attributes of one")
        return measure

    def _measure(self, value: Any) -> Measure:
        if isinstance(value, str):
            return Measure(len(value))
        if isinstance(value, int):
            return Measure(_NUMBER + value.bit_length() // 3)
        if not isinstance(value, (list, tuple, dict, set, frozenset, MappingView)):
            return Measure(_OBJECT, changes=isinstance(value, Namespace))
        if id(value) not in self._measured:
            self._measured[id(value)] = (value, self._measure_parts(value))
        return self._measured[id(value)][1]

    def _measure_parts(self, value: Any) -> Measure:
        weight = depth = 0
        changes = False
        for part in value.items() if isinstance(value, dict) else value:
            self.step()
            for each in part if isinstance(value, dict) else (part,):
                more = self._measure(each)
                weight, depth, changes = weight + more.weight + _ITEM, max(depth, more.depth), changes or more.changes
        if weight > MOST_LETTERS:
            raise TemplateError(f"it builds a value of more than {MOST_LETTERS:,} letters")
        if depth >= _DEEPEST:
            raise TemplateError(f"it nests lists more than {_DEEPEST} deep")
        return Measure(weight, depth + 1, changes)


budget: ContextVar[Budget] = ContextVar("budget")
"""The budget of the rendering that goes on."""
