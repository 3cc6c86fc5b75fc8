"""What a panel is told in a test is of the form that the real job tells, or the test fails."""

import pytest

from fmstudio.gui.data.jobs import EXPLAIN
from fmstudio.jobs import Artefact, Finished, JobRequest, Metrics, Sample, TextDelta
from tests.gui import recorded
from tests.gui.recorded import changed


@pytest.fixture
def job(studio):
    return studio.submit(JobRequest("Explain", EXPLAIN, {"text": "Hi", "tokenizer": {"kind": "byte"}}))


def test_a_real_answer_passes_with_other_values_of_its_fields(studio, job):
    real = next(event for event in recorded.recorded(EXPLAIN) if isinstance(event, Sample))
    studio.jobs.deliver([(job, Sample(real.name, real.kind, real.data)), (job, Finished())])
    assert studio.jobs.get(job).status == "completed"


@pytest.mark.parametrize(
    "event",
    [
        Sample("another", "another", {}),
        Finished("completed", {"no such field": 1}),
        Artefact("dataset", "x", "/x"),
        TextDelta("x"),
        Metrics(1, {"loss/training": 1.0}),
    ],
)
def test_what_the_real_job_does_not_tell_cannot_be_told(studio, job, event):
    with pytest.raises(AssertionError):
        studio.jobs.deliver([(job, event)])


def test_a_field_that_is_missing_or_of_another_type_is_refused(studio, job):
    real = next(event for event in recorded.recorded(EXPLAIN) if isinstance(event, Sample))
    field = next(iter(real.data))
    for data in ({**real.data, "more": 1}, {**real.data, field: object()}):
        with pytest.raises(AssertionError):
            studio.jobs.deliver([(job, Sample(real.name, real.kind, data))])
    with pytest.raises(AssertionError, match="tells no 'more'"):
        changed(real.data, more=1)


def test_a_job_of_which_nothing_is_recorded_is_named(studio):
    job = studio.submit(
        JobRequest("Write", "fmstudio.training.sampling:draw", {"model": "x", "to": "x.png", "settings": {}})
    )
    with pytest.raises(AssertionError, match="sampling:draw answers is not recorded"):
        studio.jobs.deliver([(job, TextDelta("x"))])
