"""The rules of cleaning: one pass over the documents that says of each what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.data.documents import Documents
from fmstudio.data.duplicates import ExactDuplicates, NearDuplicates, Twin
from fmstudio.data.letters import symbol_share
from fmstudio.recipe import setting

RULES = ("encoding", "length", "symbols", "exact_duplicates", "near_duplicates")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningRules:
    """What is changed and what is removed, in this order."""

    repair_encoding: bool = setting(
        True, "Repair text that was decoded wrongly once, such as ‘schÃ¶n’ for ‘schön’ (by ftfy).", simple=True
    )
    minimum_characters: int = setting(
        50,
        "Remove documents shorter than this; 0 removes none.",
        title="Shortest document",
        minimum=0,
        unit="characters",
        simple=True,
    )
    maximum_characters: int = setting(
        0, "Remove documents longer than this; 0 removes none.", title="Longest document", minimum=0, unit="characters"
    )
    maximum_symbols: float = setting(
        0.3,
        "Remove documents in which more than this share of the characters is neither letter nor digit; vowel signs and "
        "accents go with their letter. 1 removes none.",
        title="Most symbols",
        minimum=0.0,
        maximum=1.0,
        unit="of 1",
        simple=True,
    )
    exact_duplicates: bool = setting(
        True, "Keep only the first of documents with the same words.", title="Remove exact duplicates", simple=True
    )
    near_duplicates: bool = setting(
        True, "Keep only the first of documents that are nearly the same.", title="Remove near duplicates", simple=True
    )
    similarity: float = setting(
        0.8,
        "From which share of common five-word runs on two documents count as nearly the same.",
        title="Near from a likeness of",
        minimum=0.3,
        maximum=1.0,
        unit="of 1",
    )


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What becomes of a document: `text` is its repaired text; `rule` names why it goes, or is empty where it stays."""

    index: int
    before: str
    text: str
    rule: str = ""
    why: str = ""
    twin: Twin | None = None

    @property
    def changed(self) -> bool:
        """Whether its encoding was repaired."""
        return self.text is not self.before and self.text != self.before


def judge(documents: Documents, rules: CleaningRules) -> Iterator[FilterResult]:
    """What becomes of every document, in order. Of duplicates the first stays, and only what stays is compared with."""
    exact = ExactDuplicates() if rules.exact_duplicates else None
    near = NearDuplicates(rules.similarity) if rules.near_duplicates else None
    for index in range(len(documents)):
        before = documents.text(index)
        text = repaired(before) if rules.repair_encoding else before
        rule, why, twin = "", _wrong_length(text, rules), None
        if why:
            rule = "length"
        elif (share := symbol_share(text)) > rules.maximum_symbols:
            rule, why = "symbols", f"{share:.0%} of it is neither letter nor digit"
        elif exact and (twin := exact.find(index, text)):
            rule, why = "exact_duplicates", f"the same as document {twin.index + 1:,}"
        elif near and (twin := near.find(index, text)):
            rule, why = "near_duplicates", f"{twin.similarity:.0%} like document {twin.index + 1:,}"
        yield FilterResult(index, before, text, rule, why, twin)


def repaired(text: str) -> str:
    """The text with its wrongly decoded lines set right; a line in order stays as it is."""
    if text.isascii():
        return text
    from ftfy import fix_encoding

    return "\n".join(line if line.isascii() else fix_encoding(line) for line in text.split("\n"))


def _wrong_length(text: str, rules: CleaningRules) -> str:
    if len(text) < rules.minimum_characters:
        return f"it has {len(text):,} characters, fewer than {rules.minimum_characters:,}"
    if rules.maximum_characters and len(text) > rules.maximum_characters:
        return f"it has {len(text):,} characters, more than {rules.maximum_characters:,}"
    return ""
