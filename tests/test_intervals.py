"""Intervals against published examples, and against what happens when an experiment is made again and again."""

import random

import pytest

from fmstudio.intervals import paired_difference, wilson


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998, table II
        ((1, 1, 7, 12), -0.5069, -0.0256),  # Fagerland, Lydersen & Laake 2014, of Bentur et al. 2009
    ],
)
def test_a_difference_of_pairs_is_that_of_the_paper(counts: tuple[int, ...], low: float, high: float) -> None:
    assert paired_difference(*counts) == pytest.approx((low, high), abs=1e-4)
    both, first, second, neither = counts
    assert paired_difference(both, second, first, neither) == pytest.approx((-high, -low), abs=1e-4)


def test_where_nothing_differs_the_interval_holds_zero_and_where_nothing_is_known_there_is_none() -> None:
    assert paired_difference(0, 0, 0, 0) is None
    assert wilson(0, 0) is None
    low, high = paired_difference(10, 0, 0, 10) or (1.0, 0.0)
    assert low < 0 < high
    low, high = paired_difference(0, 20, 0, 0) or (0.0, 0.0)
    assert 0.7 < low < high == 1.0


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    chance = random.Random(0)
    truths, hits = (0.5, 0.25, 0.05, 0.2), 0
    for _ in range(2000):
        drawn = chance.choices(range(4), truths, k=60)
        low, high = paired_difference(*(drawn.count(kind) for kind in range(4))) or (1.0, -1.0)
        hits += low <= 0.2 <= high
    assert 0.93 < hits / 2000 < 0.98
