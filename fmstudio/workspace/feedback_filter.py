"""Which entries of the feedback log a question is about, as a condition in SQL."""

import re
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Every field narrows the choice; an empty one does not. since and until: ISO 8601 in UTC, until not included.

    text: words that an entry's prompt, output, correction or comment must all contain; the last may be a beginning.
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
        if self.text.strip():
            words = "number IN (SELECT rowid FROM feedback_words WHERE feedback_words MATCH ?)"
            parts.append((words, (match(self.text),)))
        return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def match(text: str) -> str:
    """What a person typed as a query for FTS5: every word, the last also as a beginning; nothing of it is syntax."""
    words = re.findall(r"\w+", text)
    quoted = [f'"{word}"' for word in words]
    # What has no letter or digit is in no entry's words: an empty phrase finds nothing.
    return " ".join(quoted) + " *" if quoted and not text[-1].isspace() else " ".join(quoted) or '""'
