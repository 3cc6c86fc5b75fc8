"""What a review of cleaning rules has found, as plain data: by rule, and what would be left of the dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REPAIR = "encoding"  # the one rule that changes documents and removes none
TITLES = {
    "encoding": "Encoding repaired",
    "length": "Too short or too long",
    "symbols": "Mostly symbols",
    "exact_duplicates": "Exact duplicates",
    "near_duplicates": "Near duplicates",
}


@dataclass(frozen=True, slots=True)
class RuleFindings:
    """The documents that one rule changes or removes, with a few of them as examples."""

    rule: str
    count: int
    bytes: int
    examples: Sequence[Mapping[str, Any]] = ()

    @property
    def title(self) -> str:
        """The rule in words."""
        return TITLES.get(self.rule, self.rule.replace("_", " ").capitalize())

    @property
    def removes(self) -> bool:
        """Whether its documents go; else they are changed and stay."""
        return self.rule != REPAIR


@dataclass(frozen=True, slots=True)
class Review:
    """The findings on a dataset of so many documents and bytes, as far as they have come."""

    documents: int
    bytes: int
    findings: Sequence[RuleFindings] = field(default_factory=list)
    complete: bool = False

    @property
    def removed(self) -> int:
        """Documents that would go."""
        return sum(each.count for each in self.findings if each.removes)

    @property
    def removed_bytes(self) -> int:
        """Bytes of text that would go."""
        return sum(each.bytes for each in self.findings if each.removes)

    @property
    def changed(self) -> int:
        """Documents that would be repaired."""
        return sum(each.count for each in self.findings if not each.removes)

    @property
    def nothing_to_do(self) -> bool:
        """Whether the rules leave everything as it is."""
        return not any(each.count for each in self.findings)


def findings_of(data: Mapping[str, Mapping[str, Any]]) -> list[RuleFindings]:
    """The findings in a "review" sample, in the order in which the rules are applied."""
    return [
        RuleFindings(rule, entry["count"], entry["bytes"], tuple(entry["examples"])) for rule, entry in data.items()
    ]
