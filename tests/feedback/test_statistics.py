"""How outputs were judged, against figures worked out by hand and from the literature."""

import pytest

from fmstudio.feedback.statistics import statistics
from fmstudio.intervals import wilson
from fmstudio.jobs import JobContext
from fmstudio.workspace import FeedbackRecord
from tests.driving import run_job


def told(workspace, **filters):
    return run_job(statistics(JobContext(), workspace, filters))[0][-1].data


def keep(workspace, day, **judged):
    model = judged.pop("model", "m")
    workspace.feedback.add(FeedbackRecord("text", model, "p", "o", created=f"{day}T12:00:00+00:00", **judged))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # The first two: Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 1, 0.2065, 1.0)],
)
def test_the_share_of_thumbs_up_has_wilsons_interval(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_by_model_and_day_by_day(workspace):
    keep(workspace, "2026-03-01", thumbs=1, score=5)
    keep(workspace, "2026-03-01", thumbs=-1, score=2, correction="x")
    keep(workspace, "2026-03-03", thumbs=1, model="n")
    keep(workspace, "2026-03-03", model="n")
    found = told(workspace)
    assert found["unit"] == "day"
    assert [(row["name"], row["entries"], row["rated"]) for row in found["periods"]] == [
        ("2026-03-01", 2, 2), ("2026-03-03", 2, 1),
    ]  # fmt: skip
    assert [(row["name"], row["up"], row["down"], row["corrected"]) for row in found["models"]] == [
        ("m", 1, 1, 1), ("n", 1, 0, 0),
    ]  # fmt: skip
    first = found["models"][0]
    assert (first["share_up"], first["mean_score"], first["scored"]) == (0.5, 3.5, 2)
    # Two scores, 5 and 2: 3.5 ± 12.706 · 2.1213 / √2, which is wider than the scale.
    assert first["score_interval"] == (1.0, 5.0)


def test_the_mean_score_has_students_interval(workspace):
    for score in (3, 4, 5, 4, 4, 3, 5, 4, 4, 4):
        keep(workspace, "2026-03-01", score=score)
    # mean 4, deviation 0.66667, t(9) = 2.2622
    assert told(workspace)["all"]["score_interval"] == pytest.approx((3.5231, 4.4769), abs=1e-3)


def test_a_long_time_is_told_week_by_week_from_its_monday(workspace):
    keep(workspace, "2026-01-01", thumbs=1)
    for day in ("2026-03-02", "2026-03-08", "2026-03-09"):  # Monday, Sunday, Monday
        keep(workspace, day, thumbs=1)
    found = told(workspace)
    assert found["unit"] == "week"
    assert [(row["name"], row["entries"]) for row in found["periods"]] == [
        ("2025-12-29", 1), ("2026-03-02", 2), ("2026-03-09", 1),
    ]  # fmt: skip


def test_an_entry_whose_date_cannot_be_read_is_counted_but_in_no_period(workspace):
    keep(workspace, "2026-03-01", thumbs=1)
    keep(workspace, "2026-W10-1", thumbs=1)
    found = told(workspace)
    assert [(row["name"], row["entries"]) for row in found["periods"]] == [("2026-03-01", 1)]
    assert found["all"]["up"] == 2


def test_nothing_judged_is_nothing_claimed(workspace):
    found = told(workspace)
    assert (found["periods"], found["models"]) == ([], [])
    keep(workspace, "2026-03-01")
    row = told(workspace)["models"][0]
    assert (row["share_up"], row["share_interval"], row["mean_score"], row["score_interval"]) == (None,) * 4
