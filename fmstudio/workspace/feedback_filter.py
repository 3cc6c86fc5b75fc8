"""Which entries of the feedback log a question is about, as a condition in SQL."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from fmstudio.workspace.unspaced import UNSPACED

Rating = Literal["", "rated", "unrated", "up", "down", "high", "low", "corrected"]

_RATINGS: dict[str, str] = {
    "rated": "(thumbs != 0 OR score != 0 OR corrected)",
    "unrated": "(thumbs = 0 AND score = 0 AND NOT corrected)",
    "up": "thumbs = 1",
    "down": "thumbs = -1",
    "high": "score >= 4",
    "low": "score BETWEEN 1 AND 2",
    "corrected": "corrected",
}
_TEXTS = ("prompt", "output", "correction", "comment")
"""The texts of an entry that are searched."""


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Every field narrows the choice; an empty one does not. since and until: ISO 8601 in UTC, until not included.

    text: words that an entry's prompt, output, correction or comment must all contain; the last may be a beginning.
    A word without letters and digits, such as an emoji, or of a script without blanks between words, such as Chinese,
    must stand in one of them just so.
    """

    kind: str = ""
    model: str = ""
    rating: Rating = ""
    tag: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    def condition(self) -> tuple[str, tuple[Any, ...]]:
        """What follows WHERE, and its values; entries that were deleted are never among them."""
        parts: list[tuple[str, tuple[Any, ...]]] = [("NOT removed", ())]
        for column, value in (("kind = ?", self.kind), ("model = ?", self.model)):
            parts += [(column, (value,))] if value else []
        parts += [(_RATINGS[self.rating], ())] if self.rating else []
        if self.tag:
            parts.append(("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", (self.tag,)))
        for column, value in (("created >= ?", self.since), ("created < ?", self.until)):
            parts += [(column, (value,))] if value else []
        parts += _containing(self.text)
        return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _containing(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The conditions of what a person typed.

    The full-text index has words only, so signs, and scripts without blanks between words, are looked for in texts.
    """
    parts: list[tuple[str, tuple[str, ...]]] = []
    if words := match(text):
        parts.append(("number IN (SELECT rowid FROM feedback_words WHERE feedback_words MATCH ?)", (words,)))
    if signs := [word for word in text.split() if not _is_word(word)]:
        anywhere = " OR ".join(f"instr(lower({name}), lower(sign.value))" for name in _TEXTS)
        lacking = f"SELECT 1 FROM json_each(?) AS sign WHERE NOT ({anywhere})"
        condition = f"number IN (SELECT number FROM feedback_texts WHERE NOT EXISTS ({lacking}))"
        parts.append((condition, (json.dumps(signs),)))
    return parts


def match(text: str) -> str:
    """What a person typed as a query for FTS5, or "": every word, the last also as a beginning where it ends the text.

    Nothing of it is syntax; what has no letter or digit is left out.
    """
    typed = text.split()
    quoted = [f'"{found}"' for word in typed if _is_word(word) for found in re.findall(r"\w+", word) if _is_word(found)]
    is_beginning = bool(quoted) and _is_word(typed[-1]) and not text[-1].isspace()
    return " ".join(quoted) + (" *" if is_beginning else "")


def _is_word(text: str) -> bool:
    """Whether the full-text index has it as a word."""
    return any(letter.isalnum() for letter in text) and not UNSPACED.search(text)
