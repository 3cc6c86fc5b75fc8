"""What an index of words does not see in a text, as further terms of it; and the terms of a question.

SQLite's index knows words of letters and digits between blanks and signs. Beside them stand, as terms of their own:

- pairs of neighbours in scripts without blanks: a phrase is found by the pairs that it is made of (Chinese, Thai …)
- runs with signs that change what they mean: `C++`, `--flag`, `$HOME`, `__init__`
- numbers and codes in one piece, however they are grouped: 12,480.55 and 12480.55, A-002 and A002
- words without accents and vowel signs, where SQLite keeps them, and whole where it takes them apart at a sign

A term is written in digits (the letters' numbers with an x between them), which no stemmer changes.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.adapt.folding import MARKS, WORD, folded, has_marks, is_folded_by_index
from fmstudio.workspace.unspaced import UNSPACED

_QUOTED = re.compile(r"""["“„`«]([^"”“`»]*)["”“`»]""")
_ORDINARY = frozenset(".,;:!?'\"()[]{}-–—/…«»„“”‘’`·•|*#_\\<>~")
"""Signs of ordinary writing and of Markdown: they tell something only where they begin or end a name."""
_OPENING, _CLOSING = "\"'`([{«„“‘‚", ".,;:!?…\"'`)]}»”’“‘"
_PARTS = re.compile(r"[/|,;=()\[\]{}]")
_NUMBER = re.compile(r"(?<![^\W_])\d+(?:[ .,'’/-]\d+)+(?![^\W_])")
_THOUSANDS = re.compile(r"(?<![^\W_])\d{1,3}(?:[ .,'’]\d{3})+(?!\d)")
_GROUPED = re.compile(r"(?<![^\W_])[A-Za-z]{1,4}\d{1,4}(?: [0-9A-Za-z]{2,4}){2,}(?![^\W_])")
_DOTS = re.compile(r"^(?:\.{2,}|…+)")
_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)-([^\W\d_]+(?:-[^\W\d_]+)*)(?![\w-])")
_LONGEST_RUN = 64
_MOST_TERMS = 400
"""Of a question; one of twenty thousand letters is no question any more."""
# Words of English that tell nothing about a subject. They would cost time: most chunks of a collection have them.
# fmt: off
_EMPTY = frozenset(re.findall(r"\w+", """
    a about after all also am an and any are as at be because been before being between both but by can could did do
    does doing down during each few for from further had has have having he her here hers him his how i if in into is it
    its itself just me more most my no nor not of off on once only or other our out over own same she should so some
    such than that the their them then there these they this those through to too under until up very was we were what
    when where which while who whom why will with would you your
"""))
# fmt: on


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a question as FTS5 takes it.

    exact: it names one thing and is no word that others share (a number, a code, an option, what stands in quotes).
    decisive: a passage that has it answers to it, whatever its meaning seems to be; years and the like do not.
    counted: it is a part of the question by itself, not one that repeats others. matches: the chunks that have it, once
    they are counted.
    """

    text: str
    expression: str
    exact: bool = False
    decisive: bool = False
    counted: bool = True
    matches: int = 0


def hidden_terms(text: str) -> str:
    """The terms of a text beside its words, with blanks between."""
    plain = unicodedata.normalize("NFKC", text)
    found = [term for run in UNSPACED.findall(plain) for term in _pairs(run)]
    words = set(WORD.findall(UNSPACED.sub(" ", plain.lower())))
    found += sorted(words - set(WORD.findall(text.lower())))  # written otherwise, or within a script without blanks
    found += sorted({_whole(word) for word in words if not is_folded_by_index(word)} - words)
    found += dict.fromkeys(_spelt(run) for token in plain.lower().split() for run in _signed(token))
    found += dict.fromkeys([*_numbers(plain), *_compounds(plain)])
    return " ".join(found)


def telling_words(question: str) -> list[str]:
    """The words of a question that tell what it is about, or all where none does.

    What stands in quotes is meant as it is: the "for" statement asks for "for".
    """
    words = list(dict.fromkeys(WORD.findall(UNSPACED.sub(" ", question.lower()))))
    meant = {word for part in _QUOTED.findall(question.lower()) for word in WORD.findall(part)}
    return [word for word in words if word not in _EMPTY or word in meant] or words


def question_terms(question: str) -> list[Term]:
    """All that a question looks for, each once; what is exact comes before the words."""
    plain = unicodedata.normalize("NFKC", question)
    found = list({term.text: term for term in _exact(plain)}.values())
    for run in UNSPACED.findall(plain):
        found += _unspaced(run)
    words = telling_words(plain)
    found += [
        Term(f"{first}-{rest}", f'("{first} {" ".join(rest.split("-"))}" OR "{first}{rest.replace("-", "")}")')
        for first, rest in _COMPOUND.findall(plain.lower())
    ]
    if not _EMPTY.issuperset(words) or any("-" in term.text for term in found):
        covered = {word for term in found if term.exact or "-" in term.text for word in WORD.findall(term.text)}
        found += [Term(word, _written(word)) for word in words if word not in covered]
    elif not found:  # better than nothing, but they answer nothing
        found = [Term(word, _written(word), counted=False) for word in words]
    return list({term.expression: term for term in found}.values())[:_MOST_TERMS]


def _written(word: str) -> str:
    """A word as it is looked for: as it is, and as its terms have it."""
    whole = _whole(word)
    return f'"{word}"' if whole == word else f'"{whole}"' if has_marks(word) else f'("{word}" OR "{whole}")'


def _whole(word: str) -> str:
    """A word folded, in digits where it would be taken apart."""
    bare = folded(word)
    return _spelt(bare[:_LONGEST_RUN]) if has_marks(bare) else bare


def _exact(question: str) -> Iterator[Term]:
    for quoted in _QUOTED.findall(question):
        words = WORD.findall(UNSPACED.sub(" ", quoted.lower()))
        if len(words) > 1 and set(words) - _EMPTY:
            yield Term(" ".join(words), f'"{" ".join(words)}"', exact=True, decisive=True)
    for number in _numbers(question):
        yield _code(number, f'"{number}"')
    for token in UNSPACED.sub(" ", question).lower().split():
        runs = list(_signed(token))
        if runs:
            expression = " OR ".join(f'"{_spelt(run)}"' for run in runs)
            yield Term(runs[0], f"({expression})", exact=True, decisive=len(runs[0]) > 1)
            continue
        bare = token.strip(_OPENING + _CLOSING)
        parts = WORD.findall(bare)
        if sum(map(len, parts)) >= 2 and any(letter.isdigit() for letter in bare) and not bare.isdigit():
            phrase, whole = " ".join(parts), "".join(parts)
            yield _code(bare, f'("{phrase}" OR "{whole}")')
        elif bare.isdigit() and len(bare) > 2:
            yield _code(bare, f'"{bare}"')
        elif len(parts) > 1 and "." in bare and all(len(part) > 1 for part in parts):  # a file, a module, an address
            yield Term(bare, f'"{" ".join(parts)}"', exact=True, decisive=True)


def _code(text: str, expression: str) -> Term:
    return Term(text, expression, exact=True, decisive=not (text.isdigit() and len(text) < 5))


def _unspaced(run: str) -> Iterator[Term]:
    if len(run) == 1:
        yield Term(run, f'"{ord(run)}x" *')
        return
    pairs = list(_pairs(run))[:-1]
    for place, pair in enumerate(pairs):
        yield Term(run[place : place + 2], f'"{pair}"')
    if len(pairs) > 1:  # all of it in its order weighs more than its pairs here and there
        yield Term(run, f'"{" ".join(pairs[:_LONGEST_RUN])}"', counted=False)


def _pairs(run: str) -> Iterator[str]:
    """Each letter with the next, the last with none, so that every letter begins a pair."""
    for first, second in zip(run, [*run[1:], "\0"], strict=True):
        yield f"{ord(first)}x{ord(second)}"


def _signed(token: str) -> Iterator[str]:
    """The runs of a token (small letters, no blanks) with signs that change what it means; the longest first."""
    whole = _DOTS.sub("", token.lstrip(_OPENING)).rstrip(_CLOSING)
    for run in dict.fromkeys([whole, whole.strip("*_~"), *_PARTS.split(whole)]):
        bare = run.lstrip(_OPENING).rstrip(_CLOSING)
        if 1 <= len(bare) <= _LONGEST_RUN and _has_telling_sign(bare):
            yield bare


def _has_telling_sign(run: str) -> bool:
    names = WORD.search(run) is not None
    if any(not letter.isalnum() and letter not in _ORDINARY and letter not in MARKS for letter in run):
        return not UNSPACED.fullmatch(run)
    if not names:
        return False
    begins = run[0] in "-./\\_#<" and len(run) > 1
    return begins or "_" in run.strip("*") or "\\" in run or "::" in run or run[-1] in "#>"


def _spelt(run: str) -> str:
    return "x".join(str(ord(letter)) for letter in run)


def _numbers(text: str) -> Iterator[str]:
    """Numbers and codes without what groups them."""
    for pattern in (_NUMBER, _THOUSANDS, _GROUPED):
        for number in pattern.findall(text):
            yield "".join(WORD.findall(number)).lower()
    for token in text.lower().split():
        parts = WORD.findall(token)
        whole = "".join(parts)
        if len(parts) > 1 and len(token) <= _LONGEST_RUN and not whole.isalpha() and not whole.isdigit():
            yield whole


def _compounds(text: str) -> Iterator[str]:
    """Words with hyphens in one piece, as others write them: co-operative, e-mail."""
    return (first + rest.replace("-", "") for first, rest in _COMPOUND.findall(text.lower()))
