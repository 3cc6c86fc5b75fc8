"""The jobs by which the log is looked at and changed."""

import pytest

from fmstudio.errors import StudioError
from fmstudio.feedback.entries import choices, delete, edit, judgement, table
from fmstudio.jobs import Artefact, JobContext
from fmstudio.workspace import FeedbackRecord
from fmstudio.workspace.tidying import empty, restore
from tests.driving import of_kind, run_job


@pytest.fixture
def log(workspace):
    for number in range(5):
        record = FeedbackRecord(
            "text", f"m{number % 2}", f"prompt {number}", "word " * 100_000, score=number, id=str(number)
        )
        workspace.feedback.add(record)
    return workspace.feedback


def ask(job, workspace, *given, **named):
    events, result = run_job(job(JobContext(), workspace, *given, **named))
    return events, result


def test_a_page_tells_how_many_there_are_and_carries_no_long_texts(workspace, log):
    (page,), _ = ask(table, workspace, filters={"model": "m0"}, sort="score", start=1, count=1)
    data = page.data
    assert (data["total"], data["everything"], [row["id"] for row in data["rows"]]) == (3, 5, ["2"])
    assert len(str(data)) < 1000
    with pytest.raises(StudioError, match="'colour'"):
        ask(table, workspace, filters={"colour": "red"})


def test_a_judgement_is_changed_and_what_happened_is_not(workspace, log):
    events, _ = ask(edit, workspace, "1", {"thumbs": -1, "tags": ["b", "a"], "correction": "x", "comment": "y"})
    assert [each.name for each in of_kind(events, Artefact)] == ["1"]
    (told,), _ = ask(judgement, workspace, "1")
    assert (told.data["thumbs"], told.data["tags"], told.data["known_tags"]) == (-1, ("b", "a"), ["a", "b"])
    with pytest.raises(StudioError, match="'output'"):
        ask(edit, workspace, "1", {"output": "nicer"})


def test_what_is_deleted_comes_back_until_the_bin_is_emptied(workspace, log):
    _, deleted = ask(delete, workspace, filters={"model": "m1"})
    assert (deleted["entries"], deleted["removed"], log.count()) == (["1", "3"], 2, 3)
    ask(restore, workspace, deleted["bin"])
    assert log.count() == 5
    _, deleted = ask(delete, workspace, ["0"])
    ask(empty, workspace)
    with pytest.raises(StudioError, match="not in the bin any more"):
        ask(restore, workspace, deleted["bin"])
    assert ask(delete, workspace, ["unknown"])[1]["bin"] == ""
    assert ask(choices, workspace)[0][0].data == {"models": ["m0", "m1"], "tags": []}
