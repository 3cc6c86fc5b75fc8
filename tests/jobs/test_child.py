"""A program's lines are read without holding up whoever drives the job."""

import sys
from collections.abc import Generator
from typing import Any

from fmstudio import jobs
from fmstudio.jobs import Driver, Event, JobContext, JobRequest, Note
from fmstudio.jobs.child import child

COUNT = "import sys\nfor i in range(3): print(i, flush=True)\nprint('trouble', file=sys.stderr)"


def reads(context: JobContext, program: str) -> Generator[Event, None, dict[str, Any]]:
    """Says each line of a program, and returns what it wrote to standard error."""
    with child(context, [sys.executable, "-c", program]) as running:
        while line := (yield from running.line("The program is at work.")):
            yield Note(line.strip())
        return {"errors": running.errors()}


def driver(program: str) -> Driver:
    return Driver(JobRequest("Read", "tests.jobs.test_child:reads", {"program": program}))


def test_every_line_comes_in_order_and_then_the_end() -> None:
    events = list(driver(COUNT))
    assert [event.text for event in events if isinstance(event, Note)] == ["0", "1", "2"]
    assert events[-1] == jobs.Finished("completed", {"errors": "trouble\n"})


def test_a_plain_loop_over_the_job_gets_the_same() -> None:
    events = list(reads(JobContext(), COUNT))
    assert [event.text for event in events if isinstance(event, Note)] == ["0", "1", "2"]


def test_the_job_waits_while_the_program_says_nothing_and_a_stop_ends_both() -> None:
    running = driver("import time\nprint('here', flush=True)\ntime.sleep(600)")
    for event in running:
        if event == Note("here"):
            break
    assert isinstance(next(running), jobs.Waiting)
    running.context.stop()
    assert list(running)[-1] == jobs.Finished("stopped", {"errors": ""})


def test_a_cancelled_job_ends_its_program() -> None:
    running = driver("import time\ntime.sleep(600)")
    while not isinstance(next(running), jobs.Waiting):
        pass
    assert running.cancel() == jobs.Finished("cancelled")  # returns only when the program has ended
