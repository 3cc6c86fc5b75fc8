"""Rate and time left from progress events, on a clock that the test moves."""

import itertools

import pytest

from fmstudio.jobs import Meter, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rate_fraction_and_time_left() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    assert meter.rate is None
    assert meter.seconds_left is None
    for second in range(6):
        clock.now = float(second)
        meter.update(Progress(second * 10, 200))
    assert meter.rate == pytest.approx(10)
    assert meter.fraction == pytest.approx(0.25)
    assert meter.seconds_left == pytest.approx(15)


def test_a_pause_does_not_count_as_slowness() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    meter.update(Progress(0, 100))
    clock.now = 1
    meter.update(Progress(10, 100))
    clock.now = 100
    meter.restart()
    meter.update(Progress(10, 100))
    for second in range(1, 4):
        clock.now = 100.0 + second
        meter.update(Progress(10 + 10 * second, 100))
    assert meter.rate == pytest.approx(10)


def test_a_new_phase_begins_anew() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    for second in range(4):
        clock.now = float(second)
        meter.update(Progress(second * 1000, 4000, "bytes"))
    meter.update(Progress(1, 10, "steps"))
    assert meter.rate is None


def test_an_unknown_total_has_a_rate_but_no_end() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    for second in range(4):
        clock.now = float(second)
        meter.update(Progress(2 * second))
    assert meter.rate == pytest.approx(2)
    assert meter.seconds_left is None
    assert meter.fraction is None


def fed(meter: Meter, clock: Clock, gaps: list[float]) -> list[float | None]:
    """The time left after each of so many steps of a hundred, each so many seconds after the one before."""
    meter.update(Progress(0, 100))
    left = []
    for number, gap in enumerate(gaps, 1):
        clock.now += gap
        meter.update(Progress(number, 100))
        left.append(meter.seconds_left)
    return left


def test_nothing_is_said_before_there_are_three_measurements() -> None:
    clock = Clock()
    left = fed(Meter(clock=clock), clock, [30, 1, 1, 1])
    assert left[:2] == [None, None]
    assert left[2] is not None


def test_events_without_an_advance_are_no_measurements() -> None:
    clock = Clock()
    meter = Meter(clock=clock)
    for _ in range(20):  # a validation before the first step
        clock.now += 1
        meter.update(Progress(0, 100))
    assert meter.rate is None
    assert meter.seconds_left is None


def test_the_time_left_runs_down_calmly_though_single_steps_are_slow() -> None:
    clock = Clock()
    left = fed(Meter(clock=clock), clock, [1.0] * 20 + [6.0] + [1.0] * 10)
    assert left[19] == pytest.approx(80)
    known = [each for each in left if each is not None]
    jumps = [abs(after - before) for before, after in itertools.pairwise(known[5:])]
    assert max(jumps) < 30
    assert fed(Meter(clock=clock), clock, [1.0] * 100)[-1] == 0
