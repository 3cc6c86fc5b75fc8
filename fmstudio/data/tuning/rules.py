"""Rules that a program can check of an answer: what reinforcement rewards, and what an evaluation may count.

A rule is a small class of settings with one method. It gives 1 where the answer keeps it and less, down to 0, the
further the answer is from that, so that of two answers that break it the better one is known. `RULES` holds all of
them; a new one is a class here and a line there, and has its part of the form, the recipe and the curves by that.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fmstudio.errors import StudioError
from fmstudio.recipe import setting


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to judge. ended: by itself, not cut. expected: the answer that the data have, if they have one."""

    text: str
    ended: bool = True
    expected: str = ""


class Rule(Protocol):
    """weight: how much it counts among others; 0 leaves it out."""

    @property
    def weight(self) -> float:
        """How much it counts."""

    def check(self) -> None:
        """Raise StudioError where its settings make no sense."""

    def reward(self, answer: Answered) -> float:
        """From 0 to 1, which says that the rule is kept."""


def _weight(default: float, title: str, rule: str) -> Any:
    return setting(
        default, f"How much it counts that {rule}. 0 leaves the rule out; below 0 it is to be broken.",
        minimum=-100.0, maximum=100.0, title=title, simple=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAnswer:
    """At most so many words, and at least one: `most` of the words that there are, where there are more."""

    weight: float = _weight(1.0, "Short answer", "an answer has no more words than allowed")
    most: int = setting(40, "Words that a short answer has at most.", minimum=1, maximum=100_000, unit="words")

    def check(self) -> None:
        """Every number of words makes sense."""

    def reward(self, answer: Answered) -> float:
        """1 up to `most` words, beyond that their share of all; 0 for an empty answer."""
        words = len(answer.text.split())
        return min(1.0, self.most / words) if words else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The answer comes to its end by itself."""

    weight: float = _weight(1.0, "Ends by itself", "an answer ends by itself before it is cut")

    def check(self) -> None:
        """There is nothing to set."""

    def reward(self, answer: Answered) -> float:
        """1 or 0."""
        return float(answer.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidJson:
    """A JSON object, and nothing else, with the fields that are named."""

    weight: float = _weight(0.0, "Valid JSON", "an answer is a JSON object with the fields that are named")
    fields: str = setting(
        "", "Names of the fields that it must have, with commas between them.", placeholder="Any fields"
    )

    @property
    def _names(self) -> list[str]:
        return [name for each in self.fields.split(",") if (name := each.strip())]

    def check(self) -> None:
        """Every name of a field makes sense."""

    def reward(self, answer: Answered) -> float:
        """0 where it is no JSON object; of one that lacks fields, half and half the share of those that it has."""
        try:
            found = json.loads(answer.text)
        except (ValueError, RecursionError):
            return 0.0
        if not isinstance(found, dict):
            return 0.0
        names = self._names
        share = sum(found.get(name) not in (None, "", [], {}) for name in names) / len(names) if names else 1.0
        return 0.5 + 0.5 * share


@dataclass(frozen=True, slots=True, kw_only=True)
class RightNumber:
    """The last number of the answer is the last number of the answer in the data (Cobbe et al. 2021)."""

    weight: float = _weight(0.0, "Right number", "the last number of an answer is that of the answer in the data")
    tolerance: float = setting(
        1e-6, "How far it may be off, as a part of the number itself.", minimum=0.0, maximum=1.0, unit="of 1"
    )

    def check(self) -> None:
        """Every tolerance makes sense."""

    def reward(self, answer: Answered) -> float:
        """1 or 0; 0 too where the data have no number."""
        found, wanted = last_number(answer.text), last_number(answer.expected)
        if found is None or wanted is None:
            return 0.0
        return float(abs(found - wanted) <= self.tolerance * abs(wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingPattern:
    """The whole answer matches a regular expression."""

    weight: float = _weight(0.0, "Matches a pattern", "the whole answer matches a pattern")
    pattern: str = setting("", "A regular expression of Python that the whole answer matches.", placeholder=r"yes|no")
    ignore_case: bool = setting(True, "Take capital and small letters as the same.")

    def check(self) -> None:
        """A pattern that counts must be there, and be one."""
        if not self.pattern:
            raise StudioError(
                "The rule matching_pattern counts, but its pattern is empty; set matching_pattern.pattern."
            )
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise StudioError(
                f"matching_pattern.pattern is {self.pattern!r}, which is no regular expression ({error}); correct it."
            ) from error

    def reward(self, answer: Answered) -> float:
        """1 or 0."""
        found = re.fullmatch(self.pattern, answer.text.strip(), re.DOTALL | (re.IGNORECASE if self.ignore_case else 0))
        return float(found is not None)


_ITEM = re.compile(r"\s*(?:[-*+•–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoList:
    """Prose without lists."""

    weight: float = _weight(0.0, "No list", "an answer has no list in it")

    def check(self) -> None:
        """There is nothing to set."""

    def reward(self, answer: Answered) -> float:
        """The share of the lines that are no items of a list; 0 for an empty answer."""
        lines = [line for line in answer.text.splitlines() if line.strip()]
        return sum(not _ITEM.match(line) for line in lines) / len(lines) if lines else 0.0


RULES: Mapping[str, type[Rule]] = {
    "short_answer": ShortAnswer,
    "ended": Ended,
    "valid_json": ValidJson,
    "right_number": RightNumber,
    "matching_pattern": MatchingPattern,
    "no_list": NoList,
}
"""All rules by their names in recipes and metrics."""


def rules_that_count(sections: Mapping[str, Any]) -> dict[str, Rule]:
    """The rules of a recipe that have a weight, by name; raises StudioError where none has, or one is not usable."""
    found: dict[str, Rule] = {name: sections[name] for name in RULES if sections[name].weight}
    if not found:
        known = ", ".join(f"{name}.weight" for name in RULES)
        raise StudioError(f"No rule counts, so nothing would be rewarded; give one a weight: {known}.")
    for rule in found.values():
        rule.check()
    return found


def judged(rules: Mapping[str, Rule], answer: Answered) -> dict[str, float]:
    """What each rule gives an answer, before weights."""
    return {name: rule.reward(answer) for name, rule in rules.items()}


def total(rules: Mapping[str, Rule], rewards: Mapping[str, float]) -> float:
    """The weighted sum of what rules gave."""
    return sum(rule.weight * rewards[name] for name, rule in rules.items())


_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?")


def last_number(text: str) -> float | None:
    """The last number of a text, with or without commas between thousands; None where there is none."""
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "").replace("−", "-")) if found else None
