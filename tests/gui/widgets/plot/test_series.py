"""The numbers behind plots: growth, smoothing, decimation."""

import numpy as np
import pytest

from fmstudio.gui.widgets.plot.series import Series, Smoother, decimate, recurrence, runs_of_finite


def test_a_series_keeps_what_is_appended_in_order():
    series = Series()
    for step in range(5000):
        series.append(step, step * 0.5, step * 2.0)
    assert len(series) == 5000
    np.testing.assert_array_equal(series.steps, np.arange(5000))
    np.testing.assert_array_equal(series.values, np.arange(5000) * 0.5)
    np.testing.assert_array_equal(series.seconds, np.arange(5000) * 2.0)
    assert series.last == 2499.5


def test_a_step_measured_again_replaces_what_came_after_it():
    series = Series()
    for step in range(10):
        series.append(step, 1.0)
    series.append(6, 9.0)
    np.testing.assert_array_equal(series.steps, [0, 1, 2, 3, 4, 5, 6])
    assert series.last == 9.0


def averaged(values, weight):
    """The same average, one value at a time, as its definition has it."""
    total = weights = 0.0
    found = []
    for value in values:
        if np.isfinite(value):
            total = weight * total + (1 - weight) * value
            weights = weight * weights + (1 - weight)
            found.append(total / weights)
        else:
            found.append(np.nan)
    return np.array(found)


@pytest.mark.parametrize("weight", [0.5, 0.97])
def test_smoothing_is_the_unbiased_moving_average_however_it_arrives(weight):
    values = np.random.default_rng(0).normal(2.0, 1.0, 3000)
    values[[7, 500, 501]] = np.nan
    smoother = Smoother(weight)
    for end in (1, 2, 600, 601, 3000):
        smoothed = smoother.update(values[:end])
    np.testing.assert_allclose(smoothed, averaged(values, weight), rtol=1e-9)


def test_smoothing_begins_anew_where_the_end_of_a_series_was_replaced():
    values = np.random.default_rng(1).normal(size=100)
    smoother = Smoother(0.9)
    smoother.update(values)
    replaced = np.concatenate([values[:50], values[:70] + 3])
    np.testing.assert_allclose(smoother.update(replaced), averaged(replaced, 0.9))


def test_the_recurrence_agrees_with_a_loop():
    chance = np.random.default_rng(2)
    decay, gain = chance.uniform(0.2, 1.0, 257), chance.normal(size=257)
    expected, value = [], 0.7
    for d, g in zip(decay, gain, strict=True):
        value = d * value + g
        expected.append(value)
    np.testing.assert_allclose(recurrence(decay, gain, 0.7), expected)


def test_few_points_are_left_as_they_are_with_one_neighbour_on_each_side():
    x = np.arange(20.0)
    seen = decimate(x, x * 2, 5, 8, 100)
    np.testing.assert_array_equal(seen.x, [4, 5, 6, 7, 8, 9])
    assert not seen.dense


def test_many_points_become_the_extremes_of_their_columns():
    x = np.arange(100_000.0)
    y = np.random.default_rng(3).normal(size=len(x))
    y[54_321] = 40.0
    y[777] = -40.0
    seen = decimate(x, y, 0, len(x), 600)
    assert seen.dense
    assert len(seen.x) <= 600
    assert seen.high.max() == 40.0
    assert seen.low.min() == -40.0
    assert np.all(seen.low <= seen.high)
    assert y.min() == seen.low.min()


def test_gaps_divide_a_curve():
    values = np.array([1.0, 2.0, np.nan, np.nan, 3.0])
    assert [values[part].tolist() for part in runs_of_finite(values)] == [[1.0, 2.0], [3.0]]
    assert runs_of_finite(np.array([np.nan])) == []
    dense = decimate(np.arange(10_000.0), np.where(np.arange(10_000) // 1000 == 4, np.nan, 1.0), 0, 10_000, 100)
    assert len(runs_of_finite(dense.high)) == 2
