"""Whose turn it is, on a clock that the tests move."""

from collections import Counter

import pytest

from fmstudio.jobs import Priority
from fmstudio.jobs.turns import PATIENCE, Turn, Turns


class Bench:
    """Jobs whose steps take a known time; `play` lets the turns choose for so many seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = Turns(lambda: self.now)
        self.steps: dict[Turn, float] = {}

    def job(self, seconds: float, priority: Priority = Priority.BACKGROUND) -> Turn:
        turn = Turn(priority)
        self.steps[turn] = seconds
        return turn

    def step(self, *runnable: Turn) -> Turn:
        chosen = self.turns.choose(runnable)
        self.now += self.steps[chosen]
        self.turns.took(chosen, self.steps[chosen])
        return chosen

    def play(self, seconds: float, *runnable: Turn) -> Counter[Turn]:
        """The seconds that each has had."""
        had: Counter[Turn] = Counter()
        until = self.now + seconds
        while self.now < until:
            chosen = self.step(*runnable)
            had[chosen] += self.steps[chosen]  # type: ignore[assignment]
        return had


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_equals_have_the_same_time_whatever_their_steps_take(bench: Bench) -> None:
    jobs = [bench.job(seconds) for seconds in (2.0, 0.3, 0.001)]
    had = bench.play(300, *jobs)
    for job in jobs:
        assert had[job] == pytest.approx(100, abs=2.1)


def test_equal_steps_alternate(bench: Bench) -> None:
    one, other = bench.job(0.1), bench.job(0.1)
    assert [bench.step(one, other) for _ in range(6)] == [one, other, one, other, one, other]


def test_steps_too_short_for_the_clock_alternate_too(bench: Bench) -> None:
    one, other = bench.job(0.0), bench.job(0.0)
    assert [bench.step(one, other) for _ in range(4)] == [one, other, one, other]


def test_one_alone_has_all_the_time(bench: Bench) -> None:
    job = bench.job(0.1)
    assert bench.play(10, job)[job] == pytest.approx(10, abs=0.11)


def test_a_newcomer_neither_waits_for_what_was_nor_catches_up_with_it(bench: Bench) -> None:
    old, new = bench.job(0.1), bench.job(0.1)
    bench.play(1000, old)
    had = bench.play(10, old, new)
    assert had[old] == pytest.approx(5, abs=0.2)
    assert had[new] == pytest.approx(5, abs=0.2)


def test_one_that_was_held_does_not_catch_up(bench: Bench) -> None:
    held, other = bench.job(0.1), bench.job(0.1)
    bench.play(10, held, other)
    bench.play(1000, other)
    had = bench.play(10, held, other)
    assert had[held] == pytest.approx(5, abs=0.2)


def test_one_that_comes_after_all_others_have_ended_begins_where_they_were(bench: Bench) -> None:
    gone, first, second = bench.job(0.1), bench.job(0.1), bench.job(0.1)
    bench.play(1000, gone)
    bench.play(10, first)
    assert bench.play(10, first, second)[second] == pytest.approx(5, abs=0.2)


def test_an_interactive_job_goes_first_and_costs_the_background_nothing_when_it_is_quick(bench: Bench) -> None:
    question, training = bench.job(0.01, Priority.INTERACTIVE), bench.job(0.1)
    bench.play(10, training)
    assert bench.step(question, training) is question
    had = bench.play(10, training)
    assert had[training] == pytest.approx(10, abs=0.11)


@pytest.mark.parametrize("seconds", [0.001, 0.05, 3.0])
def test_a_lower_priority_keeps_a_small_share(bench: Bench, seconds: float) -> None:
    chat, training = bench.job(0.02, Priority.INTERACTIVE), bench.job(seconds)
    bench.play(PATIENCE * 0.1 + 1, chat, training)  # its first step is not known
    had = bench.play(100 * PATIENCE * max(seconds, 0.02), chat, training)
    assert had[training] / sum(had.values()) == pytest.approx(1 / (PATIENCE + 1), rel=0.05) or seconds < 0.02
    assert had[training] > 0


def test_the_small_share_is_shared_by_equals(bench: Bench) -> None:
    chat = bench.job(0.02, Priority.INTERACTIVE)
    training, index = bench.job(0.1), bench.job(0.1)
    had = bench.play(1000, chat, training, index)
    assert had[training] == pytest.approx(had[index], rel=0.05)
    assert had[training] > 0.02 * 1000


def test_work_that_comes_while_someone_chats_begins_soon(bench: Bench) -> None:
    chat, training = bench.job(0.02, Priority.INTERACTIVE), bench.job(0.1)
    bench.play(100, chat)
    began = bench.now
    while bench.step(chat, training) is chat:
        pass
    assert bench.now - began < 2.2


def test_the_share_counts_from_when_it_could_go_on(bench: Bench) -> None:
    chat, waiting = bench.job(0.02, Priority.INTERACTIVE), bench.job(0.5)
    bench.step(waiting)
    bench.play(100, chat)  # it waits for something else meanwhile
    had = bench.play(PATIENCE * 0.5 - 0.1, chat, waiting)
    assert waiting not in had
