"""A prompt over a table: every row is answered or accounted for, also after a kill, and can be asked again."""

import csv
import json
from pathlib import Path

import pytest

from fmstudio.adapt import batch, batch_export, batch_views
from fmstudio.adapt.batch_rows import BatchError
from fmstudio.adapt.batch_store import BatchStore
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext, Sample
from fmstudio.recipe import RecipeError
from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.prompt_library import PromptLibrary
from fmstudio.workspace.prompts import PromptTemplate
from tests.driving import of_kind, run_job, run_until
from tests.laboratory.language_models import keep_language_model

SETTINGS = {"temperature": 0.8, "maximum_tokens": 6, "seed": 5}
REVIEWS = "id,review,label\n1,good,good\n2,one field too many,x,y\n3,bad,bad\n4,fine,good\n"


@pytest.fixture
def ready(workspace, tmp_path):
    """A workspace with a tiny model that chats and a prompt."""
    keep_language_model(workspace, chat=True)
    PromptLibrary(workspace).save("Ask", PromptTemplate(user="It is {review}"))
    return workspace


def table(tmp_path: Path, text: str | bytes, name: str = "reviews.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def begin(workspace, path, **arguments):
    return batch.run(JobContext(), workspace, str(path), "Ask", "tiny", SETTINGS, **arguments)


def results(workspace, made):
    return list(BatchStore(workspace, made).results())


# Running.


def test_each_row_is_answered_or_accounted_for(ready, tmp_path):
    events, result = run_job(begin(ready, table(tmp_path, REVIEWS), expected="label"))
    lines = results(ready, result["batch"])
    assert [(line["row"], line["line"], line["status"]) for line in lines] == [
        (1, 2, "done"), (2, 3, "bad"), (3, 4, "done"), (4, 5, "done"),
    ]  # fmt: skip
    assert "Line 3 cannot be used: it has 4 fields" in lines[1]["error"]
    assert [line["seed"] for line in lines if "seed" in line] == [6, 8, 9]
    assert lines[0]["messages"][-1] == {"role": "user", "content": "It is good"}
    assert "It is good" in lines[0]["prompt"]
    assert lines[0]["exact"] is (lines[0]["output"].strip().casefold() == "good")
    assert (result["done"], result["bad"], result["failed"], result["total"]) == (3, 1, 0, 4)
    assert of_kind(events, Sample)[-1].data["done"] == 3


def test_a_killed_batch_goes_on_where_it_was_and_ends_like_one_that_was_not(ready, tmp_path):
    path = table(tmp_path, REVIEWS)
    _, whole = run_job(begin(ready, path))
    killed = begin(ready, path)
    began = run_until(killed, lambda event: isinstance(event, Sample) and event.data["done"] == 2)
    killed.close()
    made = of_kind(began, Sample)[-1].data["id"]
    with (BatchStore(ready, made).results_path).open("ab") as file:
        file.write(b'{"row": 4, "line": 5, "sta')  # what a power cut leaves
    run_job(batch.resume(JobContext(), ready, made))
    timeless = [
        [{key: line[key] for key in line if "second" not in key} for line in results(ready, each)]
        for each in (whole["batch"], made)
    ]
    assert timeless[0] == timeless[1]


def test_stopping_in_the_midst_of_a_row_keeps_no_half_answer(ready, tmp_path):
    context = JobContext()
    job = batch.run(context, ready, str(table(tmp_path, REVIEWS)), "Ask", "tiny", {**SETTINGS, "maximum_tokens": 60})
    for event in job:
        if type(event).__name__ == "TextDelta":
            context.stop()
    made = of_listing(ready)[0]["id"]
    assert results(ready, made) == []
    assert of_listing(ready)[0]["state"] == "incomplete"


def of_listing(workspace):
    return of_kind(run_job(batch_views.listing(JobContext(), workspace))[0], Sample)[0].data


def test_what_is_wrong_with_a_row_stops_no_other(ready, tmp_path):
    long = "word " * 2_000_000
    lines = [{"review": long}, {"other": "x"}, {"review": "fine"}, {"review": None, "other": "x"}]
    path = table(tmp_path, "\n".join(map(json.dumps, lines)), "rows.jsonl")
    _, result = run_job(begin(ready, path, mapping={"review": "review"}))
    kept = results(ready, result["batch"])
    assert [line["status"] for line in kept] == ["failed", "failed", "done", "failed"]
    assert "tokens" in kept[0]["error"]
    assert "96" in kept[0]["error"]  # the context
    assert kept[1]["error"] == "Line 2 has no value for 'review'; add it there."
    assert kept[3]["error"] == "Line 4 has no value for 'review'; add it there."


def test_a_batch_that_cannot_work_leaves_nothing(ready, tmp_path):
    path = table(tmp_path, REVIEWS.replace("review", "text"))
    for arguments, told in (
        ({}, r"no column for the variable \{review\}; choose one of: id, text, label"),
        ({"mapping": {"review": "words"}}, "no column 'words'"),
        ({"mapping": {"review": "text"}, "expected": "right"}, "no column 'right'"),
    ):
        with pytest.raises(BatchError, match=told):
            run_job(begin(ready, path, **arguments))
    with pytest.raises(StudioError, match="absent"):
        run_job(batch.run(JobContext(), ready, str(path), "Ask", "absent", {}, {"review": "text"}))
    assert of_listing(ready) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": "abc"}, 'seed is "abc", but it must be a whole number'),
        ({"seed": None}, "seed is None, but it must be a whole number"),
        ({"maximum_tokens": "x"}, 'maximum_tokens is "x", but it must be'),
        ({"warmth": 1}, "warmth is not a setting"),
    ],
)
def test_settings_that_are_not_allowed_are_told_once_and_leave_nothing(ready, tmp_path, wrong, told):
    path = table(tmp_path, REVIEWS)
    with pytest.raises(RecipeError, match=told):
        run_job(batch.run(JobContext(), ready, str(path), "Ask", "tiny", {**SETTINGS, **wrong}))
    assert of_listing(ready) == []


def test_a_seed_counts_as_the_model_takes_it(ready, tmp_path):
    path = table(tmp_path, REVIEWS)
    settings = {**SETTINGS, "seed": 5.0, "raw": False}
    _, result = run_job(batch.run(JobContext(), ready, str(path), "Ask", "tiny", settings))
    assert [line["seed"] for line in results(ready, result["batch"]) if "seed" in line] == [6, 8, 9]


def test_a_table_that_was_changed_is_not_gone_on_with(ready, tmp_path):
    path = table(tmp_path, REVIEWS)
    _, result = run_job(begin(ready, path))
    path.write_text(REVIEWS + "5,new,new\n")
    with pytest.raises(BatchError, match="was changed since this batch began"):
        run_job(batch.resume(JobContext(), ready, result["batch"]))
    path.unlink()
    with pytest.raises(BatchError, match="is gone"):
        run_job(batch.resume(JobContext(), ready, result["batch"]))


def test_a_full_disk_is_told_and_keeps_what_there_is(ready, tmp_path):
    _, result = run_job(begin(ready, table(tmp_path, REVIEWS)))
    store = BatchStore(ready, result["batch"])
    store.results_path.unlink()
    store.results_path.symlink_to("/dev/full")
    with pytest.raises(WorkspaceError, match="the disk is full"), store.append_to() as writer:
        writer.add({"row": 1})


# Looking and passing on.


def test_a_row_is_replayed_and_a_difference_is_told(ready, tmp_path):
    _, result = run_job(begin(ready, table(tmp_path, REVIEWS)))
    made = result["batch"]
    assert run_job(batch.replay(JobContext(), ready, made, 3))[1]["same"]
    path = BatchStore(ready, made).results_path
    lines = results(ready, made)
    lines[2]["output"] = "quite another answer"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    _, again = run_job(batch.replay(JobContext(), ready, made, 3))
    assert not again["same"]
    assert "from character 1 on: it was “quite another answer”" in again["difference"]
    with pytest.raises(BatchError, match="Row 2 of this batch has no answer"):
        run_job(batch.replay(JobContext(), ready, made, 2))


def test_rows_are_told_page_by_page_also_of_one_kind(ready, tmp_path):
    _, result = run_job(begin(ready, table(tmp_path, REVIEWS), expected="label"))
    made = result["batch"]

    def page(**arguments):
        job = batch_views.results(JobContext(), ready, made, **arguments)
        return of_kind(run_job(job)[0], Sample)[0].data

    found = page(start=1, count=2)
    assert [row["row"] for row in found["rows"]] == [2, 3]
    assert (found["total"], found["failed"]) == (4, 1)
    assert [row["row"] for row in page(start=0, count=9, only="failed")["rows"]] == [2]
    wrong = [line["row"] for line in results(ready, made) if line.get("exact") is False]
    assert [row["row"] for row in page(start=0, count=9, only="wrong")["rows"]] == wrong
    (shown,) = of_kind(run_job(batch_views.result(JobContext(), ready, made, 3))[0], Sample)
    assert shown.data["settings"]["seed"] == 8


def test_results_are_exported_whole_or_not_at_all(ready, tmp_path):
    _, result = run_job(begin(ready, table(tmp_path, REVIEWS), expected="label"))
    made, to = result["batch"], tmp_path / "out.csv"
    run_job(batch_export.export(JobContext(), ready, made, str(to)))
    with to.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["done", "bad", "done", "done"]
    assert rows[0]["review"] == "good"
    assert rows[0]["output"] == results(ready, made)[0]["output"]
    before = to.read_bytes()
    halfway = batch_export.export(JobContext(), ready, made, str(to))
    next(halfway)
    halfway.close()
    assert to.read_bytes() == before
    assert [path.name for path in tmp_path.glob(".partial*")] == []
    run_job(batch_export.export(JobContext(), ready, made, str(tmp_path / "out.jsonl"), "failed"))
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["status"] == "bad"
    with pytest.raises(BatchError, match=r"\.csv or \.jsonl"):
        run_job(batch_export.export(JobContext(), ready, made, str(tmp_path / "out.txt")))


def test_a_spreadsheet_shows_every_column_and_computes_none(ready, tmp_path):
    cells = ["=1+1", "-5", "+49 30 1234", "@SUM(A1)", " =2", "-", "plain", "-2.5%"]
    (tmp_path / "odd.csv").write_text("".join(["ID,review,=name\n", *(f"{n},{c},{c}\n" for n, c in enumerate(cells))]))
    _, result = run_job(begin(ready, tmp_path / "odd.csv"))
    to = tmp_path / "out.csv"
    run_job(batch_export.export(JobContext(), ready, result["batch"], str(to)))
    with to.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["ID"] for row in rows] == [str(number) for number in range(len(cells))]
    assert [row["review"] for row in rows] == [row["'=name"] for row in rows]
    assert [row["review"] for row in rows] == [
        "'=1+1",
        "-5",
        "'+49 30 1234",
        "'@SUM(A1)",
        "' =2",
        "'-",
        "plain",
        "-2.5%",
    ]
    assert [line["variables"]["review"] for line in results(ready, result["batch"])] == cells


def test_a_batch_is_deleted_and_brought_back(ready, tmp_path):
    _, result = run_job(begin(ready, table(tmp_path, REVIEWS)))
    made = result["batch"]
    assert of_listing(ready)[0]["state"] == "complete"
    run_job(batch_views.delete(JobContext(), ready, made))
    assert of_listing(ready) == []
    run_job(batch_views.restore(JobContext(), ready, made))
    assert [each["id"] for each in of_listing(ready)] == [made]


def test_one_batch_is_worked_on_by_one_job(ready, tmp_path):
    job = begin(ready, table(tmp_path, REVIEWS))
    began = run_until(job, lambda event: isinstance(event, Sample))
    made = of_kind(began, Sample)[0].data["id"]
    assert of_listing(ready)[0]["state"] == "running"
    with pytest.raises(WorkspaceError, match="running already"):
        run_job(batch.resume(JobContext(), ready, made))
    with pytest.raises(WorkspaceError, match="is running; stop it"):
        run_job(batch_views.delete(JobContext(), ready, made))
    job.close()
