"""The rows of a table: each is read or told by its line, and what is no table is refused."""

from pathlib import Path

import pytest

from fmstudio.adapt import batch_views
from fmstudio.adapt.batch_rows import BatchError, open_table
from fmstudio.jobs import JobContext, Sample
from tests.driving import of_kind, run_job


def table(tmp_path: Path, text: str | bytes, name: str = "reviews.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows_of(path):
    looking = open_table(path)
    while True:
        try:
            next(looking)
        except StopIteration as end:
            return [(row.line, dict(row.values), row.problem) for row in end.value.rows()]


def test_ragged_rows_and_broken_quotes_are_told_by_line(tmp_path):
    text = 'a,b\n1,2\n\n3\n"two\nlines",4\n"x"y,5\n6,7\n"open,8\n9,10\n'
    found = rows_of(table(tmp_path, text))
    assert [(line, values) for line, values, problem in found if not problem] == [
        (2, {"a": "1", "b": "2"}),
        (5, {"a": "two\nlines", "b": "4"}),
        (8, {"a": "6", "b": "7"}),
    ]
    wrong = {line: problem for line, _, problem in found if problem}
    assert wrong[4] == "it has 1 field, but the header names 2 columns"
    assert "not valid CSV" in wrong[7]
    assert "quote that is not closed" in wrong[9]


STRAYED = {
    "a delimiter in a quoted name": ('"id, old";text\n1;"one; two"\n', 2, {"id, old": "1", "text": "one; two"}),
    "a line that names the delimiter": ("sep=;\nid;text\n1;one, two\n", 3, {"id": "1", "text": "one, two"}),
    "blanks before quotes": ('id, text\n1, "one, two"\n2, "three"\n', 2, {"id": "1", "text": "one, two"}),
    "a delimiter behind each row": ("id,text\n1,one,\n2,two,\n", 2, {"id": "1", "text": "one"}),
    "comments above": ("# notes, here\nid,text\n1,one\n", 3, {"id": "1", "text": "one"}),
    "a report above": ("Of,2020\n\nid,text,x\n1,one,3\n2,two,4\n3,six,5\n", 4, {"id": "1", "text": "one", "x": "3"}),
    "commas in the only column": ("text\nOne, two\n", 2, {"text": "One, two"}),
}


@pytest.mark.parametrize("case", STRAYED)
def test_tables_are_read_as_datasets_are(tmp_path, case):
    text, line, values = STRAYED[case]
    assert rows_of(table(tmp_path, text))[0] == (line, values, "")


def test_bad_lines_of_json_are_told_by_line(tmp_path):
    text = '{"a": "x", "n": 1.5, "l": [1], "none": null}\nnot json\n\n[1, 2]\n"alone"\n'
    found = rows_of(table(tmp_path, text, "rows.jsonl"))
    assert found[0][1] == {"a": "x", "n": "1.5", "l": "[1]"}, "null is no value"
    assert [(line, problem[:17]) for line, _, problem in found if problem] == [
        (2, "it is not valid J"),
        (4, "it is no JSON obj"),
    ]
    assert found[3][1] == {"text": "alone"}


def test_too_many_digits_and_too_deep_a_nesting_are_told_apart(tmp_path):
    lines = ['{"a": 1' + "0" * 5000 + "}", '{"a": ' + "[" * 100_000, '{"a": "fine"}']
    found = rows_of(table(tmp_path, "\n".join(lines), "rows.jsonl"))
    assert [(line, problem) for line, _, problem in found] == [
        (1, "it has a number with too many digits"), (2, "it is nested too deeply"), (3, ""),
    ]  # fmt: skip


def test_whatever_its_depth_a_line_is_a_row_or_told(tmp_path):
    deep = ["[" * depth + "]" * depth for depth in range(700, 1000)]
    text = "".join(f'{{"a": {each}}}\n' for each in deep)
    found = rows_of(table(tmp_path, text, "rows.jsonl"))
    for each, (_, values, problem) in zip(deep, found, strict=True):
        assert problem == "it is nested too deeply" if not values else values == {"a": each}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        ("a.xlsx", b"x", "choose a file ending in .csv, .tsv, .jsonl or .ndjson"),
        ("a.csv", b"a,b\n", "no row that can be read"),
        ("a.jsonl", b"no\nno\n", "no row that can be read"),
    ],
)
def test_what_is_no_table_is_refused(workspace, tmp_path, name, content, told):
    with pytest.raises(BatchError, match=told):
        run_job(batch_views.inspect(JobContext(), workspace, str(table(tmp_path, content, name))))


def test_a_table_that_is_not_there_is_named(workspace, tmp_path):
    with pytest.raises(BatchError, match=r"There is no table at .*gone\.csv"):
        run_job(batch_views.inspect(JobContext(), workspace, str(tmp_path / "gone.csv")))


def test_a_table_is_looked_through_before_it_is_used(workspace, tmp_path):
    text = "name;wert\nMüller;größer\nJürgen;schöner, müder, früher\nnur eins\n" * 9
    events, _ = run_job(batch_views.inspect(JobContext(), workspace, str(table(tmp_path, text.encode("cp1252")))))
    found = of_kind(events, Sample)[-1].data
    assert (found["columns"], found["encoding"][:4], found["total"]) == (["name", "wert"], "cp12", 35)
    assert found["rows"][0] == {"name": "Müller", "wert": "größer"}
    assert (found["bad_total"], found["bad"][0]["line"]) == (9, 4)


@pytest.mark.parametrize(
    ("columns", "proposed"),
    [
        ("id,review,label", "label"),
        ("label,Answer,question", "Answer"),
        ("answer,EXPECTED", "EXPECTED"),
        ("q,expected_answer", "expected_answer"),
        ("q,unexpected", ""),
    ],
)
def test_a_column_is_proposed_for_the_right_answers(workspace, tmp_path, columns, proposed):
    path = tmp_path / "questions.csv"
    path.write_text(f"{columns}\n{','.join('x' for _ in columns.split(','))}\n", "utf-8")
    events, _ = run_job(batch_views.inspect(JobContext(), workspace, str(path)))
    assert of_kind(events, Sample)[-1].data["expected"] == proposed
