"""Rate and time left from progress events, on a clock that the test moves."""

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
    clock.now = 101
    meter.update(Progress(20, 100))
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
    meter.update(Progress(0))
    clock.now = 2
    meter.update(Progress(4))
    assert meter.rate == pytest.approx(2)
    assert meter.seconds_left is None
    assert meter.fraction is None
