"""Numbers on axes, and where axes end."""

import math

import pytest

from fmstudio.gui.widgets.plot.notation import clock, compact, precise
from fmstudio.gui.widgets.plot.ticks import logarithmic_ticks, outward, ticks


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1200, "1,200"), (1348, "1,348"),
        (1_000_000, "1M"), (2.5e9, "2.5B"), (0.25, "0.25"), (3e-4, "3e−4"), (-1.5, "−1.5"),
        (999.9999999, "1,000"), (10_000, "10k"), (math.nan, "–"), (38_240, "38.24k"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0"), (40, "40 s"), (150, "2:30"), (3905, "1:05:05")])
def test_times_read_as_clocks_do(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(1.48251, "1.483"), (-0.5, "−0.500"), (0.0003, "3e−4"), (512.25, "512.2")])
def test_readouts_have_fixed_decimals(value, text):
    assert precise(value) == text


def test_ticks_are_round_and_inside():
    assert ticks(0.13, 1.04, 5) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(0, 600, 6, time=True) == [0, 120, 240, 360, 480, 600]
    assert ticks(1, 1, 5) == []


def test_logarithmic_ticks_go_from_even_steps_to_decades():
    assert logarithmic_ticks(0, 2, 8) == pytest.approx([1, 2, 5, 10, 20, 50, 100])
    assert logarithmic_ticks(0, 6, 8) == pytest.approx([10.0**n for n in range(7)])
    assert logarithmic_ticks(math.log10(3), math.log10(4), 5) == pytest.approx([3, 3.2, 3.4, 3.6, 3.8, 4.0])


def test_a_range_reaches_round_numbers_beyond_the_data_but_not_below_zero_for_a_margin():
    low, high = outward(1.43, 6.93)
    assert low < 1.43 < 6.93 < high
    assert low == pytest.approx(1.0)
    assert high == pytest.approx(7.5)
    assert outward(0.0, 0.02)[0] == 0.0
    assert outward(3.0, 3.0)[0] < 3.0 < outward(3.0, 3.0)[1]
    assert outward(math.nan, math.nan) == (0.0, 1.0)
