"""The engine: order, overtaking, holding, waiting, stopping, cancelling, failing."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fmstudio import jobs
from fmstudio.jobs import Engine, Event, JobRequest, Mailbox, Priority, RequestError
from tests.jobs import jobs_for_tests
from tests.jobs.jobs_for_tests import ERRORS, Shared

HERE = "tests.jobs.jobs_for_tests"


class Bench:
    """An engine with its mailbox, and what has come out of it. Its jobs' steps take time on a clock of their own."""

    def __init__(self, test: str, workspace: Any = None) -> None:
        self.test, self.shared = test, Shared()
        jobs_for_tests._SHARED[test] = self.shared
        self.mailbox = Mailbox()
        self.engine = Engine(self.mailbox, workspace, clock=lambda: self.shared.clock)
        self.seen: list[tuple[str, Event]] = []

    def submit(self, target: str, priority: Priority = Priority.BACKGROUND, **arguments: Any) -> str:
        takes_test = target not in ("where", "given", "raises", "raises_a_sentence", "raises_in_clean_up")
        arguments |= {"test": self.test} if takes_test else {}
        return self.engine.submit(JobRequest(target, f"{HERE}:{target}", arguments, priority))

    def together(self, *submissions: Callable[[], str]) -> list[str]:
        """Submit several that the engine sees at the same time."""
        with self.engine._changed:
            return [submit() for submit in submissions]

    def events(self, job: str) -> list[Event]:
        self.seen += self.mailbox.drain()
        return [event for name, event in self.seen if name == job]

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "the engine did not get there"
            time.sleep(0.002)

    def end(self, job: str) -> jobs.Finished | jobs.Failed:
        def ended() -> bool:
            return any(isinstance(event, (jobs.Finished, jobs.Failed)) for event in self.events(job))

        self.wait(ended)
        last = self.events(job)[-1]
        assert isinstance(last, (jobs.Finished, jobs.Failed)), "the end must be the last event"
        return last


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench(request.node.name)
    yield made
    made.shared.go.set()
    for job in list(made.engine._entries):
        made.engine.cancel(job)
    assert made.engine.close(10)


def test_a_job_is_queued_started_and_finished_with_what_it_returned(bench: Bench) -> None:
    job = bench.submit("count", to=3)
    assert bench.end(job) == jobs.Finished("completed", {"counted": 3})
    kinds = [type(event) for event in bench.events(job)]
    assert kinds == [jobs.Queued, jobs.Started, jobs.Metrics, jobs.Metrics, jobs.Metrics, jobs.Finished]


def test_a_job_gets_the_workspace_of_its_engine(request: pytest.FixtureRequest) -> None:
    bench = Bench(request.node.name, workspace="the one")
    end = bench.end(bench.submit("where", name="x"))
    assert bench.engine.close(10)
    assert end == jobs.Finished("completed", {"workspace": "the one"})


def test_a_request_that_is_no_plain_data_is_refused_when_it_is_submitted(bench: Bench) -> None:
    with pytest.raises(RequestError, match=r"“count” cannot be asked for: to is of the type object, but a request"):
        bench.submit("count", to=object())
    assert not bench.engine.busy


# Turns. A step takes the time that its job says.


def test_equals_take_turns_by_time_not_by_steps(bench: Bench) -> None:
    slow, quick = bench.together(
        lambda: bench.submit("works", name="slow", seconds=1.0, steps=20),
        lambda: bench.submit("works", name="quick", seconds=0.25, steps=40),
    )
    bench.end(slow), bench.end(quick)
    while_both = bench.shared.log[: 5 * 10]
    assert (while_both.count("slow"), while_both.count("quick")) == (10, 40)
    for begin in range(0, 40, 10):
        part = while_both[begin : begin + 10]
        assert part.count("slow") == 2, "one of them was left to wait"


def test_an_interactive_job_overtakes_a_background_one_at_its_next_step(bench: Bench) -> None:
    slow = bench.submit("until_told", Priority.BACKGROUND)
    assert bench.shared.begun.wait(10)
    quick = bench.submit("count", Priority.INTERACTIVE, to=5, name="interactive")
    bench.end(quick)
    bench.shared.go.set()
    bench.end(slow)
    log = bench.shared.log
    first = log.index("interactive")
    assert log[first : first + 5] == ["interactive"] * 5, "the background job stepped in between"
    assert "background" in log[:first]


def test_what_is_always_runnable_does_not_starve_what_is_below_it(bench: Bench) -> None:
    above, below = bench.together(
        lambda: bench.submit("works", Priority.INTERACTIVE, name="above", seconds=0.125, steps=500),
        lambda: bench.submit("works", Priority.BACKGROUND, name="below", seconds=0.5, steps=5),
    )
    bench.end(above), bench.end(below)
    log = bench.shared.log
    places = [place for place, name in enumerate(log) if name == "below"]
    assert places[0] == 16, "the first step comes when it has waited 2 s"
    assert {after - before - 1 for before, after in itertools.pairwise(places)} == {80}, (
        "the next ones come after 20 times the 0.5 s that a step takes"
    )


# Holding, waiting, stopping, cancelling.


def test_a_held_job_makes_no_step_until_it_goes_on(bench: Bench) -> None:
    job = bench.submit("until_told")
    assert bench.shared.begun.wait(10)
    bench.engine.pause(job)
    bench.end(bench.submit("count", to=1))
    held_at = bench.shared.log.count("background")
    bench.end(bench.submit("count", to=50))
    assert bench.shared.log.count("background") == held_at
    bench.engine.resume(job)
    bench.wait(lambda: bench.shared.log.count("background") > held_at)
    bench.shared.go.set()
    bench.end(job)
    kinds = [type(event) for event in bench.events(job)]
    assert kinds.index(jobs.Paused) < kinds.index(jobs.Resumed)


def waiting_job(bench: Bench) -> str:
    """A job that has said that it waits."""
    job = bench.submit("waits")
    bench.wait(lambda: jobs.Waiting("The post is on its way.") in bench.events(job))
    return job


def test_a_job_that_waits_is_not_advanced_and_lets_others_work(bench: Bench) -> None:
    job = waiting_job(bench)
    bench.end(bench.submit("count", to=50))
    assert bench.shared.log.count("waits") == 1, "it was advanced though nothing had come"
    bench.shared.go.set()
    assert bench.shared.context is not None
    bench.shared.context.wake()
    assert bench.end(job) == jobs.Finished("completed", {"came": True})


def test_a_job_looks_again_with_each_wake(bench: Bench) -> None:
    job = waiting_job(bench)
    for times in (2, 3):
        assert bench.shared.context is not None
        bench.shared.context.wake()
        bench.wait(lambda times=times: bench.shared.log.count("waits") == times)
    bench.end(bench.submit("count", to=50))
    assert bench.shared.log.count("waits") == 3
    bench.engine.cancel(job)
    bench.end(job)


def test_a_wake_that_comes_before_the_wait_is_not_lost(bench: Bench) -> None:
    job = bench.submit("waits", wake_before=True)
    assert bench.end(job) == jobs.Finished("completed", {"came": True})


@pytest.mark.parametrize(("ask", "outcome"), [("stop", "stopped"), ("cancel", "cancelled")])
def test_a_job_that_waits_is_stopped_and_cancelled_at_once(bench: Bench, ask: str, outcome: str) -> None:
    job = waiting_job(bench)
    getattr(bench.engine, ask)(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Finished)
    assert end.outcome == outcome
    assert bench.shared.cleaned.is_set()


def test_stop_finishes_and_keeps_the_result(bench: Bench) -> None:
    job = bench.submit("count", to=10**9, name="job")
    bench.wait(lambda: len(bench.shared.log) > 3)
    bench.engine.stop(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Finished)
    assert end.outcome == "stopped"
    assert end.result["counted"] > 3


def test_stop_reaches_a_held_job(bench: Bench) -> None:
    job = bench.submit("count", to=10**9, name="job")
    bench.wait(lambda: len(bench.shared.log) > 3)
    bench.engine.pause(job)
    bench.engine.stop(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Finished)
    assert end.outcome == "stopped"


def test_cancel_closes_the_generator_so_that_it_cleans_up(bench: Bench) -> None:
    job = bench.submit("forever")
    assert bench.shared.begun.wait(10)
    bench.engine.cancel(job)
    assert bench.end(job) == jobs.Finished("cancelled")
    assert bench.shared.cleaned.is_set()


def test_a_job_that_waits_in_the_queue_can_be_cancelled_and_never_starts(bench: Bench) -> None:
    bench.submit("stuck")
    assert bench.shared.begun.wait(10)
    waiting = bench.submit("count", to=1)
    bench.engine.cancel(waiting)
    bench.shared.go.set()
    assert bench.end(waiting) == jobs.Finished("cancelled")
    assert jobs.Started() not in bench.events(waiting)


@pytest.mark.parametrize("error", ERRORS)
def test_a_job_that_raises_fails_alone_and_the_engine_goes_on(bench: Bench, error: str) -> None:
    job = bench.submit("raises", error=error)
    end = bench.end(job)
    assert isinstance(end, jobs.Failed)
    assert "\n" not in end.reason
    assert error in end.details
    assert bench.end(bench.submit("count", to=2)) == jobs.Finished("completed", {"counted": 2})


def test_a_job_that_cannot_clean_up_fails_alone(bench: Bench) -> None:
    job = bench.submit("raises_in_clean_up")
    bench.wait(lambda: any(isinstance(event, jobs.Progress) for event in bench.events(job)))
    bench.engine.cancel(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Failed)
    assert "cannot tidy" in end.reason
    assert bench.end(bench.submit("count", to=2)) == jobs.Finished("completed", {"counted": 2})


def test_the_sentence_of_an_error_for_people_is_the_reason(bench: Bench) -> None:
    end = bench.end(bench.submit("raises_a_sentence"))
    assert isinstance(end, jobs.Failed)
    assert end.reason == "The cup is empty; fill it."


def test_what_cannot_be_imported_fails_as_a_job(bench: Bench) -> None:
    end = bench.end(bench.engine.submit(JobRequest("absent", "fmstudio.absent:job")))
    assert isinstance(end, jobs.Failed)
    assert "absent" in end.reason


# Closing.


def test_closing_stops_every_job_and_keeps_what_each_has(request: pytest.FixtureRequest) -> None:
    bench = Bench(request.node.name)
    counting = bench.submit("count", to=10**9, name="job")
    waiting = waiting_job(bench)
    bench.wait(lambda: len(bench.shared.log) > 3)
    assert bench.engine.close(10)
    assert isinstance(bench.events(counting)[-1], jobs.Finished)
    assert isinstance(bench.events(waiting)[-1], jobs.Finished)
    assert not bench.engine.busy


def test_closing_says_when_a_job_did_not_end_in_time(bench: Bench) -> None:
    bench.submit("stuck")
    assert bench.shared.begun.wait(10)
    assert not bench.engine.close(0.01)
    assert bench.engine.titles() == ["stuck"]
    bench.shared.go.set()
    assert bench.engine.close(10)
    assert bench.engine.titles() == []
