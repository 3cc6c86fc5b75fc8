"""The text of a printed page as running text: words that a line broke are joined, ligatures are letters."""

import re
import unicodedata
from collections.abc import Iterable

_BROKEN = re.compile(r"([^\W\d_]+)([-\u2010\u00ad])[ \t]*\n[ \t]*([^\W_]+)")
_SOFT = re.compile(r"\u00ad(?:[ \t]*\n[ \t]*(?=\S))?")
_WORDS = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# First parts that keep their hyphen in English; others are told by the words of the document itself.
_PREFIXES = frozenset(
    [
        "well",
        "self",
        "half",
        "high",
        "low",
        "long",
        "short",
        "full",
        "cross",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
    ]
)
_ENDINGS = ("ed", "en", "er", "est", "ful", "ing", "ish", "ity", "less", "ly", "ment", "ness", "ty")
_LIGATURES = str.maketrans({
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
    "\uf0b7": "•", "\uf0a7": "•", "\uf0d8": "•",  # what Symbol and Wingdings draw as bullets
    "\0": None,
})  # fmt: skip
_OWN = re.compile("[\ue000-\uf8ff]")
_HEBREW = "\u0590-\u05ff"
_FINAL = "ךםןףץ"
_RIGHT_TO_LEFT = re.compile(rf"^\s*[{_HEBREW}]+(?:\s+[{_HEBREW}]+)*|[{_HEBREW}]+(?:\s+[{_HEBREW}]+)*")


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of a document that no line breaks, in lower case; compounds with their hyphens as well."""
    return {word.lower() for text in texts for word in _WORDS.findall(_BROKEN.sub(" ", text))}


def joined(text: str, known: set[str]) -> str:
    """The text with its broken words joined; with a hyphen where the word has one of its own."""

    def join(found: "re.Match[str]") -> str:
        first, hyphen, second = found.groups()
        has_more = found.start() > 0 and found.string[found.start() - 1] in "-\u2010"  # state-of-the-|art
        keeps = hyphen != chr(0xAD) and (has_more or _is_compound(first, second, known))
        return f"{first}{'-' if keeps else ''}{second}"

    return _BROKEN.sub(join, text)


def _is_compound(first: str, second: str, known: set[str]) -> bool:
    if not second[0].islower():
        return True
    first, second = first.lower(), second.lower()
    if first + second in known or f"{first}-{second}" in known:
        return f"{first}-{second}" in known
    return len(first) == 1 or (first in _PREFIXES and not second.startswith(_ENDINGS))


def searchable(text: str) -> str:
    """The text as one would type it: without soft hyphens and what a line broke at one, and letters for ligatures."""
    return unicodedata.normalize("NFC", _SOFT.sub("", text.translate(_LIGATURES)))


def lettered(text: str) -> tuple[str, int]:
    """The text with letters for ligatures and Hebrew in reading order, and how many signs of its own were left out."""
    text, dropped = _OWN.subn("", text.translate(_LIGATURES))
    return "\n".join(_in_reading_order(line) for line in text.split("\n")), dropped


def _in_reading_order(line: str) -> str:
    """A line whose Hebrew is backwards, as its letters for the end of a word tell, turned round run by run."""
    ends = len(re.findall(rf"[{_FINAL}](?![{_HEBREW}])", line))
    starts = len(re.findall(rf"(?<![{_HEBREW}])[{_FINAL}]", line))
    return _RIGHT_TO_LEFT.sub(lambda run: run[0][::-1], line) if starts > ends else line
