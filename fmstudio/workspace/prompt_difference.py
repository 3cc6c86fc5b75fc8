"""What changed between two versions of a prompt, part by part, as unified diffs."""

import difflib
from dataclasses import dataclass

from fmstudio.workspace.prompts import PromptTemplate


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A part of a prompt that differs; `lines` begin with " ", "-", "+" or "@@", as in any unified diff."""

    part: str
    lines: tuple[str, ...]


def difference(before: PromptTemplate, after: PromptTemplate) -> list[PartDifference]:
    """The parts that differ, in the order in which a person writes them."""
    old, new = _parts(before), _parts(after)
    found = []
    for part in old:
        lines = difflib.unified_diff(old[part], new[part], lineterm="", n=2)
        if changed := tuple(lines)[2:]:  # behind the two lines that name files
            found.append(PartDifference(part, changed))
    return found


def _parts(template: PromptTemplate) -> dict[str, list[str]]:
    examples = [
        line
        for number, example in enumerate(template.examples, 1)
        for line in (f"Example {number}", *_lines(f"Input: {example.input}"), *_lines(f"Output: {example.output}"))
    ]
    return {
        "System prompt": _lines(template.system),
        "User prompt": _lines(template.user),
        "Examples": examples,
        "Notes": _lines(template.notes),
    }


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []
