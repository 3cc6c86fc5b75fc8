"""Joins rankings into one, and makes a ranking less repetitive. Pure functions of ranks and vectors."""

from collections.abc import Mapping, Sequence

import numpy as np


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], constant: float) -> dict[int, float]:
    """The fused score of everything that is ranked, best first: the sum of 1 / (constant + rank) over the rankings.

    Cormack, Clarke & Büttcher (2009). Ranks begin at 1; what a ranking does not have gets nothing from it. Scores of
    different kinds need not be comparable: only their order counts. Equals keep the order of the first ranking.
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            fused[item] = fused.get(item, 0.0) + 1.0 / (constant + rank)
    return dict(sorted(fused.items(), key=lambda entry: -entry[1]))


def maximal_marginal_relevance(
    relevance: Mapping[int, float], vectors: Mapping[int, np.ndarray], balance: float, count: int
) -> list[int]:
    """`count` items of which each adds most: balance · relevance - (1 - balance) · the likeness to one chosen before.

    Carbonell & Goldstein (1998). relevance: any positive scores, taken relative to the highest. vectors: of length 1;
    an item without one is like no other. A balance of 1 keeps the order of relevance.
    """
    highest = max(relevance.values(), default=1.0)
    left = {item: balance * score / highest for item, score in relevance.items()}
    likeness = dict.fromkeys(left, 0.0)
    chosen: list[int] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda item: left[item] - (1.0 - balance) * likeness[item])
        chosen.append(best)
        del left[best]
        if best in vectors:
            for item in left.keys() & vectors.keys():
                likeness[item] = max(likeness[item], float(vectors[item] @ vectors[best]))
    return chosen
