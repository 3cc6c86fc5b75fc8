"""Rankings are joined as the papers say."""

import numpy as np
import pytest

from fmstudio.adapt.fusion import maximal_marginal_relevance, reciprocal_rank_fusion


def test_reciprocal_ranks_are_summed():
    fused = reciprocal_rank_fusion([[1, 2, 3], [3, 1]], 60)
    assert list(fused) == [1, 3, 2]
    assert fused[1] == pytest.approx(1 / 61 + 1 / 62)
    assert fused[3] == pytest.approx(1 / 63 + 1 / 61)
    assert fused[2] == pytest.approx(1 / 62)


def test_the_fusion_of_one_ranking_is_that_ranking():
    assert list(reciprocal_rank_fusion([[7, 3, 9]], 60)) == [7, 3, 9]


VECTORS = {1: np.array([1.0, 0.0]), 2: np.array([1.0, 0.0]), 3: np.array([0.0, 1.0])}


def test_what_repeats_the_first_comes_later():
    relevance = {1: 1.0, 2: 0.9, 3: 0.5}
    assert maximal_marginal_relevance(relevance, VECTORS, 1.0, 3) == [1, 2, 3]
    # By hand: after 1 is chosen, 2 is worth 0.5 · 0.9 - 0.5 · 1 and 3 is worth 0.5 · 0.5 - 0.5 · 0.
    assert maximal_marginal_relevance(relevance, VECTORS, 0.5, 2) == [1, 3]


def test_an_item_without_a_vector_is_like_no_other():
    assert maximal_marginal_relevance({1: 1.0, 2: 0.9, 4: 0.5}, VECTORS, 0.5, 3) == [1, 4, 2]
