"""Round numbers for axes, and ranges that end on them, so that they seldom change while a curve grows."""

import math

LOWEST = 1e-12  # what a logarithmic axis can show at least


def round_step(span: float, at_most: int) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that cuts `span` into no more than `at_most` parts."""
    rough = span / max(at_most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= rough * 0.9999:
            return factor * power
    return 10 * power


def time_step(span: float, at_most: int) -> float:
    """As `round_step`, for seconds: minutes and hours are cut as clocks cut them."""
    rough = span / max(at_most, 1)
    if rough <= 5:
        return round_step(span, at_most)
    for step in (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400):
        if step >= rough * 0.9999:
            return float(step)
    return round_step(span, at_most)


def ticks(low: float, high: float, at_most: int, *, time: bool = False) -> list[float]:
    """Round numbers in [low, high]."""
    if not high > low:
        return []
    step = (time_step if time else round_step)(high - low, at_most)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def logarithmic_ticks(low: float, high: float, at_most: int) -> list[float]:
    """Round numbers between 10**low and 10**high: whole decades where there are many, else 1-2-5, else even steps."""
    start, end = 10.0**low, 10.0**high
    if high - low < 0.7:
        return [tick for tick in ticks(start, end, at_most) if tick > 0]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        chosen = [f * 10.0**d for d in decades for f in factors if start * 0.999 <= f * 10.0**d <= end * 1.001]
        if len(chosen) <= at_most:
            return chosen
    every = math.ceil(len(decades) / at_most)
    return [10.0**d for d in decades if d % every == 0 and low <= d <= high]


def outward(low: float, high: float, *, logarithmic: bool = False, parts: int = 12) -> tuple[float, float]:
    """A range around [low, high] that ends on round numbers, so that it changes rarely while a curve grows."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return (0.0, 1.0)
    if high <= low:
        margin = abs(low) * 0.1 if low and not logarithmic else 0.5
        low, high = low - margin, high + margin
    margin = 0.04 * (high - low)
    step = round_step(high - low, parts)
    bottom = math.floor((low - margin) / step) * step
    # A quantity that is never negative gets no negative axis for the sake of a margin.
    if low >= 0 and not logarithmic:
        bottom = max(bottom, 0.0)
    return bottom, math.ceil((high + margin) / step) * step
