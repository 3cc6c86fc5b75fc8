"""Finds chunks by the words of a question, ranked by BM25 (Robertson & Zaragoza 2009) as SQLite's FTS5 computes it.

FTS5 and not `bm25s`, which is faster: it is part of the collection's own file, so words are indexed in the very
transaction that adds a document, can be removed again, and are there after a kill; `bm25s` builds its whole matrix anew
for each change and would have to be kept in memory. What FTS5 takes long for are words that most chunks have; in large
collections it is spared them.
"""

import re
from collections.abc import Sequence

from fmstudio.adapt.collection_store import CollectionStore

WEIGHTS = (4.0, 1.0, 1.0)
"""Of a word in the document's title, in the line of title and headings, and in the text."""
MOST_MATCHES = 10_000
"""Matches that are scored, about 10 ms of them: of a question's words the rarest, which say most, come first."""
_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"""["“`]([^"”`]*)["”`]""")
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


def telling_words(question: str) -> list[str]:
    """The words of a question that tell what it is about, or all where none does.

    What stands in quotes is meant as it is: the "for" statement asks for "for".
    """
    words = list(dict.fromkeys(_WORD.findall(question.lower())))
    meant = {word for part in _QUOTED.findall(question.lower()) for word in _WORD.findall(part)}
    return [word for word in words if word not in _EMPTY or word in meant] or words


class WordQuery:
    """A question as it is put to one collection's words."""

    def __init__(self, store: CollectionStore, question: str) -> None:
        self._store = store
        self._expression = " OR ".join(_affordable(store, [f'"{word}"' for word in telling_words(question)]))

    def best(self, count: int) -> dict[int, float]:
        """The best chunks with their scores, best first; a higher score is better."""
        return self._scored("ORDER BY bm25(words, ?, ?, ?) LIMIT ?", *WEIGHTS, count)

    def scores(self, chunks: Sequence[int]) -> dict[int, float]:
        """The scores of given chunks; those without any of the words are missing."""
        return self._scored(f"AND rowid IN ({', '.join('?' * len(chunks))})", *chunks) if chunks else {}

    def _scored(self, rest: str, *values: float) -> dict[int, float]:
        if not self._expression:
            return {}
        statement = f"SELECT rowid, -bm25(words, ?, ?, ?) FROM words WHERE words MATCH ? {rest}"
        rows = self._store.rows(statement, *WEIGHTS, self._expression, *values)
        return {int(chunk): float(score) for chunk, score in rows}


def _affordable(store: CollectionStore, words: list[str]) -> list[str]:
    """The rarest words, as many as together match few enough chunks; at least one."""
    statement = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    counts = {word: int(store.rows(statement, word, MOST_MATCHES + 1)[0][0]) for word in words}
    kept: list[str] = []
    left = MOST_MATCHES
    for word in sorted(words, key=lambda word: counts[word]):
        left -= counts[word]
        if kept and left < 0:
            break
        kept.append(word)
    return kept
