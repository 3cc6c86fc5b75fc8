"""The engine: order, overtaking, holding, stopping, cancelling, failing."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fmstudio import jobs
from fmstudio.jobs import Engine, Event, JobRequest, Mailbox, Priority

HERE = "tests.jobs.jobs_for_tests"


class Bench:
    """An engine with its mailbox, and what has come out of it."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.engine = Engine(self.mailbox)
        self.seen: list[tuple[str, Event]] = []

    def submit(self, target: str, priority: Priority = Priority.NORMAL, **arguments: Any) -> str:
        return self.engine.submit(JobRequest(target, f"{HERE}:{target}", arguments, priority))

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
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for job in list(made.engine._entries):
        made.engine.cancel(job)
    assert made.engine.close(10)


def test_a_job_is_queued_started_and_finished_with_what_it_returned(bench: Bench) -> None:
    job = bench.submit("count", to=3)
    assert bench.end(job) == jobs.Finished("completed", {"counted": 3})
    kinds = [type(event) for event in bench.events(job)]
    assert kinds == [jobs.Queued, jobs.Started, jobs.Metrics, jobs.Metrics, jobs.Metrics, jobs.Finished]


def test_jobs_of_one_priority_run_one_after_the_other(bench: Bench) -> None:
    log: list[str] = []
    bench.submit("count", to=3, log=log, name="first")
    last = bench.submit("count", to=2, log=log, name="second")
    bench.end(last)
    assert log == ["first"] * 3 + ["first cleaned up"] + ["second"] * 2 + ["second cleaned up"]


def test_interactive_jobs_alternate_step_by_step(bench: Bench) -> None:
    log: list[str] = []
    together = [bench.submit("count", Priority.INTERACTIVE, to=500, log=log, name=name) for name in ("a", "b")]
    for job in together:
        bench.end(job)
    side_by_side = log[log.index("b") : log.index("a cleaned up")]
    assert len(side_by_side) > 100, "the second waited for the end of the first"
    assert all(one != other for one, other in itertools.pairwise(side_by_side))


def test_an_interactive_job_overtakes_a_background_one_at_its_next_step(bench: Bench) -> None:
    log: list[str] = []
    go, begun = threading.Event(), threading.Event()
    slow = bench.submit("until_told", Priority.BACKGROUND, log=log, go=go, begun=begun)
    assert begun.wait(10)
    quick = bench.submit("count", Priority.INTERACTIVE, to=5, log=log, name="interactive")
    bench.end(quick)
    go.set()
    bench.end(slow)
    first = log.index("interactive")
    assert log[first : first + 5] == ["interactive"] * 5, "the background job stepped in between"
    assert "background" in log[:first]


def test_a_held_job_makes_no_step_until_it_goes_on(bench: Bench) -> None:
    log: list[str] = []
    go, begun = threading.Event(), threading.Event()
    job = bench.submit("until_told", log=log, go=go, begun=begun)
    assert begun.wait(10)
    bench.engine.pause(job)
    bench.end(bench.submit("count", to=1))  # runs only because the held job lets it
    held_at = len(log)
    bench.end(bench.submit("count", to=50))
    assert len(log) == held_at
    bench.engine.resume(job)
    bench.wait(lambda: len(log) > held_at)
    go.set()
    bench.end(job)
    kinds = [type(event) for event in bench.events(job)]
    assert kinds.index(jobs.Paused) < kinds.index(jobs.Resumed)


def test_stop_finishes_and_keeps_the_result(bench: Bench) -> None:
    log: list[str] = []
    job = bench.submit("count", to=10**9, log=log, name="job")
    bench.wait(lambda: len(log) > 3)
    bench.engine.stop(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Finished)
    assert end.outcome == "stopped"
    assert end.result["counted"] > 3


def test_stop_reaches_a_held_job(bench: Bench) -> None:
    log: list[str] = []
    job = bench.submit("count", to=10**9, log=log, name="job")
    bench.wait(lambda: len(log) > 3)
    bench.engine.pause(job)
    bench.engine.stop(job)
    end = bench.end(job)
    assert isinstance(end, jobs.Finished)
    assert end.outcome == "stopped"


def test_cancel_closes_the_generator_so_that_it_cleans_up(bench: Bench) -> None:
    begun, cleaned = threading.Event(), threading.Event()
    job = bench.submit("forever", begun=begun, cleaned=cleaned)
    assert begun.wait(10)
    bench.engine.cancel(job)
    assert bench.end(job) == jobs.Finished("cancelled")
    assert cleaned.is_set()


def test_a_job_that_waits_in_the_queue_can_be_cancelled_and_never_starts(bench: Bench) -> None:
    begun, cleaned = threading.Event(), threading.Event()
    bench.submit("forever", begun=begun, cleaned=cleaned)
    assert begun.wait(10)
    waiting = bench.submit("count", to=1)
    bench.engine.cancel(waiting)
    assert bench.end(waiting) == jobs.Finished("cancelled")
    assert jobs.Started() not in bench.events(waiting)


@pytest.mark.parametrize(
    "error", [RuntimeError("wrong"), MemoryError(), KeyboardInterrupt(), SystemExit(3), ZeroDivisionError("by zero")]
)
def test_a_job_that_raises_fails_alone_and_the_engine_goes_on(bench: Bench, error: BaseException) -> None:
    job = bench.submit("raises", error=error)
    end = bench.end(job)
    assert isinstance(end, jobs.Failed)
    assert "\n" not in end.reason
    assert type(error).__name__ in end.details
    assert bench.end(bench.submit("count", to=2)) == jobs.Finished("completed", {"counted": 2})


def test_the_sentence_of_an_error_for_people_is_the_reason(bench: Bench) -> None:
    end = bench.end(bench.submit("raises_a_sentence"))
    assert isinstance(end, jobs.Failed)
    assert end.reason == "The cup is empty; fill it."


def test_what_cannot_be_imported_fails_as_a_job(bench: Bench) -> None:
    end = bench.end(bench.engine.submit(JobRequest("absent", "fmstudio.absent:job")))
    assert isinstance(end, jobs.Failed)
    assert "absent" in end.reason


def test_closing_stops_every_job_and_keeps_what_each_has() -> None:
    bench = Bench()
    log: list[str] = []
    job = bench.submit("count", to=10**9, log=log, name="job")
    bench.wait(lambda: len(log) > 3)
    assert bench.engine.close(10)
    assert isinstance(bench.events(job)[-1], jobs.Finished)
    assert not bench.engine.busy
