"""What counts as a letter, a symbol and a word in any script, by Unicode's general categories (UAX #44).

Vowel signs, tone marks and points belong to the letter before them: half of what is written in Devanagari, Burmese or
pointed Hebrew are such marks, which `\\w` does not know.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

# Marks of punctuation that stand between syllables or words as a blank does elsewhere (Tibetan, Ethiopic).
_SEPARATORS = "\u0f0b\u0f0c\u1361"
_LAST_MARK = 0xE01F0  # one more than the last variation selector, behind which nothing is assigned


def symbol_share(text: str) -> float:
    """The share of symbols in what is neither blank nor a mark on a letter, 0 to 1."""
    kinds: Counter[str] = Counter()
    for letter, count in Counter(text).items():
        kinds[_kind(letter)] += count
    visible = kinds["letter"] + kinds["symbol"]
    return kinds["symbol"] / visible if visible else 1.0


def words(text: str) -> list[str]:
    """The runs of letters, digits and their marks in a text."""
    return _word().findall(text)


@lru_cache(maxsize=1 << 16)
def _kind(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace() or category[0] in "MZ" or category == "Cf" or letter in _SEPARATORS:
        return "none"
    return "letter" if category[0] in "LN" else "symbol"


@lru_cache(maxsize=1)
def _word() -> "re.Pattern[str]":
    """Letters, digits and marks. Marks are in classes of their own: beside \\w they would be tried one by one."""
    marks = [letter for letter in map(chr, range(0x300, _LAST_MARK)) if unicodedata.category(letter)[0] == "M"]
    near = "".join(letter for letter in marks if letter <= "\uffff")
    far = "".join(letter for letter in marks if letter > "\uffff")
    return re.compile(f"(?:\\w|[{near}\u200c\u200d]|(?=[\U00010000-\U000e01ef])[{far}])+")
