"""Words as they are compared: what one may write or leave out in a script is left out, as SQLite does in Latin alone.

Accents go in Latin and Greek, points and vowel signs in Hebrew and Arabic; ß is ss, ø is o, ё is е. The signs of Indic
scripts are letters and stay.
"""

import re
import unicodedata

MARKS = "".join(chr(number) for number in range(0x300, 0x1D00) if unicodedata.category(chr(number)) in ("Mn", "Mc"))
"""What stands on, under or beside a letter and belongs to it."""
WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{MARKS}])*")
"""Letters with their marks, and digits."""
# Accents (not those that make other letters in Cyrillic), Hebrew points, Arabic signs and what widens a word there.
_LEFT_OUT = re.compile(
    "(?<![\u0400-\u052f])[\u0300-\u036f]|[\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
)
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ё": "е",
})  # fmt: skip


def folded(word: str) -> str:
    """A word without what one may leave out."""
    bare = _LEFT_OUT.sub("", unicodedata.normalize("NFD", word.casefold()))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def has_marks(word: str) -> bool:
    """Whether marks are a part of the word: an index of words would take it apart there."""
    return any(letter in MARKS for letter in unicodedata.normalize("NFC", word))


def is_folded_by_index(word: str) -> bool:
    """Whether SQLite's index leaves out of a word in small letters all that is left out here."""
    return folded(word) == "".join(letter for letter in unicodedata.normalize("NFD", word) if letter.isascii())
