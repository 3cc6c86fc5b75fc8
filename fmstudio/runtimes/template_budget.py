"""What one rendering of a template may still do: steps, letters and time, charged as it goes."""

import re
import time
from collections.abc import Mapping
from typing import Any

MOST_STEPS = 100_000
"""Calls, rounds of loops and items of lists together."""

MOST_LETTERS = 32_000_000
"""Letters of all texts that are built, those written included."""

SECONDS = 3.0
_MOST_BITS = 4096
_WIDE = re.compile(r"\d{5,}|\*")


class TemplateError(Exception):
    """A template that cannot be used; the text says why."""


class Budget:
    """Counts down; every method raises TemplateError where nothing is left."""

    def __init__(self) -> None:
        self._steps, self._letters = MOST_STEPS, MOST_LETTERS
        self._end = time.monotonic() + SECONDS

    def step(self) -> None:
        """Charge a round of a loop, a call, or an item of a list."""
        self._steps -= 1
        if self._steps < 0:
            raise TemplateError(f"it takes more than {MOST_STEPS:,} steps, as a template does that never ends")
        if self._steps % 16 == 0 and time.monotonic() > self._end:
            raise TemplateError(f"it takes longer than {SECONDS:.0f} seconds")

    def letters(self, count: int) -> None:
        """Charge a text of so many letters."""
        self._letters -= count
        if self._letters < 0:
            raise TemplateError(f"it builds more than {MOST_LETTERS:,} letters")

    def weighed(self, value: Any) -> Any:
        """The value, once all that it holds is paid for; a list that holds itself many times over is paid as often."""
        if isinstance(value, str):
            self.letters(len(value))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.step()
                self.weighed(key)
                self.weighed(item)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for item in value:
                self.step()
                self.weighed(item)
        return value

    def foresee(self, operator: str, left: Any, right: Any) -> None:
        """Refuse arithmetic whose result would be far larger than what goes into it."""
        self.step()
        if operator == "%" and isinstance(left, str):
            self._form(left)
        elif operator == "**":
            self._bits(_bits(left) * max(1, abs(right)) if isinstance(right, (int, float)) else _MOST_BITS + 1)
        elif operator == "*":
            self._product(left, right)

    def _product(self, left: Any, right: Any) -> None:
        if isinstance(left, int) and isinstance(right, int):
            self._bits(_bits(left) + _bits(right))
            return
        for many, times in ((left, right), (right, left)):
            if isinstance(many, (str, list, tuple)) and isinstance(times, int) and len(many) * times > MOST_STEPS:
                raise TemplateError(f"it repeats a value {times:,} times")

    def _bits(self, count: float) -> None:
        if count > _MOST_BITS:
            raise TemplateError("it computes with numbers of more than a thousand digits")

    def _form(self, text: str) -> None:
        if _WIDE.search(text):
            raise TemplateError("it formats to a width of more than 9,999 letters")

    def foresee_call(self, function: Any, arguments: tuple[Any, ...]) -> None:
        """Charge a call; texts' own methods that make much out of little are looked at before."""
        self.step()
        owner = getattr(function, "__self__", None)
        if isinstance(owner, str):
            self.foresee_filter(function.__name__, (owner, *arguments))
            if function.__name__ in ("format", "format_map"):
                self._form(owner)

    def foresee_filter(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Charge a filter, or a method of a text, by what it would make of its arguments."""
        self.step()
        if any(isinstance(each, int) and abs(each) > MOST_STEPS for each in arguments):
            raise TemplateError(f"it gives {name} a number above {MOST_STEPS:,}")
        texts = [each for each in arguments if isinstance(each, str)]
        if "replace" in name and len(texts) > 2:
            self.letters((texts[0].count(texts[1]) + 1) * len(texts[2]))
        if "join" in name:
            self._joining(texts, [each for each in arguments if isinstance(each, (list, tuple))])

    def _joining(self, texts: list[str], lists: list[Any]) -> None:
        for items in lists:
            self.weighed(items)
            self.letters(len(items) * max((len(text) for text in texts), default=0))


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 64
