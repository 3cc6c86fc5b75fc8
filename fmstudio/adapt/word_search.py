"""Finds chunks by the words of a question, ranked by BM25 (Robertson & Zaragoza 2009) as SQLite's FTS5 computes it.

FTS5 and not `bm25s`, which is faster: it is part of the collection's own file, so words are indexed in the very
transaction that adds a document, can be removed again, and are there after a kill; `bm25s` builds its whole matrix anew
for each change and would have to be kept in memory. What FTS5 takes long for are words that most chunks have; in large
collections it is spared them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log

from fmstudio.adapt.collection_store import CollectionStore
from fmstudio.adapt.terms import Term, question_terms

WEIGHTS = (4.0, 1.0, 1.0, 1.0)
"""Of a word in the document's title, in the line of title and headings, in the text, and of a term beside the words."""
COVERED = 0.6
"""The share of what a question says that a passage must have in its words to answer it by them alone."""
FEW = 5
"""Chunks that may have a name in the smallest collection."""
MOST_MATCHES = 10_000
"""Matches that are scored, about 10 ms of them: of a question's words the rarest, which say most, come first."""


class WordQuery:
    """A question as it is put to one collection's words."""

    def __init__(self, store: CollectionStore, question: str) -> None:
        self._store, self._total = store, max(1, store.counts()[1])
        self.terms = _affordable(store, question_terms(question))
        self._expression = " OR ".join(term.expression for term in self.terms)

    @property
    def is_exact(self) -> bool:
        """Whether the question is nothing but names of things."""
        return bool(self.terms) and all(term.exact for term in self.terms)

    def best(self, count: int) -> dict[int, float]:
        """The best chunks with their scores, best first; a higher score is better."""
        return self._scored("ORDER BY bm25(words, ?, ?, ?, ?) LIMIT ?", *WEIGHTS, count)

    def scores(self, chunks: Sequence[int]) -> dict[int, float]:
        """The scores of given chunks; those without any of the words are missing."""
        return self._scored(f"AND rowid IN ({', '.join('?' * len(chunks))})", *chunks) if chunks else {}

    def naming(self, chunks: Sequence[int]) -> dict[int, int]:
        """How many of the things that the question names each of these chunks has, where it has any.

        What a tenth of the collection has is no name, unless the question is nothing else.
        """
        names = [term for term in self.terms if term.exact and (self.is_exact or self._is_rare(term))]
        return dict(Counter(chunk for term in names for chunk in self._having(term, chunks)))

    def answering(self, chunks: Sequence[int]) -> set[int]:
        """Those of these chunks that have what the question asks for in its words: a name that decides, or most of all
        that it says, each word by how much it tells (Robertson & Spärck Jones 1976)."""
        if not chunks or not self.terms:
            return set()
        total, shares, found = 0.0, dict.fromkeys(chunks, 0.0), set()
        for term in self.terms:
            weight = log(1.0 + (self._total - term.matches + 0.5) / (term.matches + 0.5)) if term.counted else 0.0
            total += weight
            for chunk in self._having(term, chunks):
                shares[chunk] += weight
                if term.decisive and self._is_rare(term):
                    found.add(chunk)
        return found | {chunk for chunk, share in shares.items() if total and share >= COVERED * total}

    def _is_rare(self, term: Term) -> bool:
        return term.matches <= max(FEW, self._total // 10)

    def _having(self, term: Term, chunks: Sequence[int]) -> list[int]:
        if not chunks or not term.matches:
            return []
        among = ", ".join("?" * len(chunks))
        statement = f"SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({among})"
        return [int(row[0]) for row in self._store.rows(statement, term.expression, *chunks)]

    def _scored(self, rest: str, *values: float) -> dict[int, float]:
        if not self._expression:
            return {}
        statement = f"SELECT rowid, -bm25(words, ?, ?, ?, ?) FROM words WHERE words MATCH ? {rest}"
        rows = self._store.rows(statement, *WEIGHTS, self._expression, *values)
        return {int(chunk): float(score) for chunk, score in rows}


def _affordable(store: CollectionStore, terms: Sequence[Term]) -> list[Term]:
    """The rarest terms, as many as together match few enough chunks; at least one."""
    statement = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    counted = [
        replace(term, matches=int(store.rows(statement, term.expression, MOST_MATCHES + 1)[0][0])) for term in terms
    ]
    kept: list[Term] = []
    left = MOST_MATCHES
    for term in sorted(counted, key=lambda term: term.matches):
        left -= term.matches
        if kept and left < 0:
            break
        kept.append(term)
    return kept
