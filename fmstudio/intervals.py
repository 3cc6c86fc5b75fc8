"""How sure one can be of a share of successes, and of the difference of two. Plain numbers, no arrays."""

import math

NORMAL = 1.959964
"""The 97.5th percentile of the standard normal distribution: two-sided 95 %."""


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % interval of a share by Wilson's score (Wilson 1927, JASA 22); honest for few trials, None for none.

    centre (p + z²/2n) and half-width z √(p(1-p)/n + z²/4n²), both over 1 + z²/n.
    """
    if not trials:
        return None
    share, z2 = successes / trials, NORMAL**2
    centre = share + z2 / (2 * trials)
    half = NORMAL * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    scale = 1 + z2 / trials
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def paired_difference(both: int, first: int, second: int, neither: int) -> tuple[float, float] | None:
    """The 95 % interval of how much larger the first share is than the second, of two that answered the same questions.

    By the square-and-add method of Newcombe (1998, Statistics in Medicine 17, 2635-2650, method 10): the two Wilson
    intervals, joined by how much the two agree. both, first, second, neither: questions that both got right, the first
    alone, the second alone, and none. None where there are no questions.
    """
    trials = both + first + second + neither
    one, other = wilson(both + first, trials), wilson(both + second, trials)
    if one is None or other is None:
        return None
    shares = (both + first) / trials, (both + second) / trials
    agreement = _agreement(both, first, second, neither)
    below = _joined(shares[0] - one[0], other[1] - shares[1], agreement)
    above = _joined(one[1] - shares[0], shares[1] - other[0], agreement)
    difference = shares[0] - shares[1]
    return max(-1.0, difference - below), min(1.0, difference + above)


def _joined(one: float, other: float, agreement: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * agreement * one * other + other**2))


def _agreement(both: int, first: int, second: int, neither: int) -> float:
    """The correlation φ of the two, made smaller by continuity as Newcombe does."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not margins:
        return 0.0
    excess, half = both * neither - first * second, (both + first + second + neither) / 2
    corrected = max(0.0, excess - half) if excess > 0 else float(excess)
    return corrected / math.sqrt(margins)
