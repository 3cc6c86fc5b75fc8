"""The rows of a table are those that a person sees in it, whatever wrote it; what was taken is told."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from fmstudio import cli
from fmstudio.data.documents import open_documents
from fmstudio.errors import StudioError
from fmstudio.jobs import Note

LONG = "a text that is long enough to be taken"


@pytest.fixture
def rows(workspace, add, tmp_path):
    """Import one table and return the texts of its rows."""

    def rows(name: str, content: str | bytes, **options) -> list[str]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        rows.said = add(path, name=f"set-{len(workspace.datasets())}", **options)
        with open_documents(workspace, rows.said.result["dataset"]) as documents:
            return [document.text for document in documents]

    return rows


CSV = {
    "commas in the only column": ("a.csv", "sentence\nFirst, and more\nSecond, and, more\nThird\n",
                                  ["First, and more", "Second, and, more", "Third"]),
    "one column, quoted where needed": ("a.csv",
                                        'text\n"First, and ""more"""\nSecond\n', ['First, and "more"', "Second"]),
    "commas not quoted in the last column": ("a.csv", "id,text\n1,First, and more\n2,Second\n3,Third, a, b\n",
                                             ["First, and more", "Second", "Third, a, b"]),
    "backslashes": ("a.csv", 'id,text\n1,"He said \\"come\\", and left"\n2,"\\"Quoted\\""\n3,"C:\\new\\"\n',
                    ['He said "come", and left', '"Quoted"', "C:\\new\\"]),
    "backslashes over lines": (
                              "a.csv", 'id,text\n1,"He said\n\\"come\\", and\nleft"\n2,x\n', [
                               'He said\n"come", and\nleft', "x"]),
    "quotes that are not doubled": (
                              "a.csv", 'id,text\n1,"the "best" film"\n2,"so, so"\n', ['the "best" film', "so, so"]),
    "quotes inside": ("a.csv", 'id,text\n1,a 5" disk\n2,"she, ""well"""\n', ['a 5" disk', 'she, "well"']),
    "a comma in a quoted name": ("a.csv", '"id, old";text\n1;"one; two"\n2;three, four\n', ["one; two", "three, four"]),
    "sep": ("a.csv", "sep=;\nid;text\n1;one, two\n2;three\n", ["one, two", "three"]),
    "bars": ("a.csv", "id|text\n1|one, two\n2|three\n", ["one, two", "three"]),
    "lines within": ("a.csv", 'id,text\n1,"one,\n\ntwo, three\nfour"\n2,five\n', ["one,\n\ntwo, three\nfour", "five"]),
    "a quote that stays open": ("a.csv", 'id,text\n1,one\n2,"two\n3,three\n', ["one", '"two', "three"]),
    "stray quotes": ("a.tsv", 'id\ttext\n1\tone\n2\t"two\n3\tthree\n4\t"four\n5\tfive\n',
                     ["one", '"two', "three", '"four', "five"]),
    "stray quotes that seem to close": ("a.tsv", 'id\ttext\n1\t"one\n2\ttwo\n3\tthree"\n', ['"one', "two", 'three"']),
    "a quoted beginning": ("a.tsv", 'id\ttext\n1\t"Great" film\n2\t"all"\n3\tso\n', ['"Great" film', "all", "so"]),
    "lines within tabs": ("a.tsv", 'id\ttext\n1\t"one\nmore"\n2\ttwo\n', ["one\nmore", "two"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CSV)
def test_delimited_text(rows, case):
    name, content, expected = CSV[case]
    assert rows(name, content) == expected


def test_a_stray_quote_in_a_long_table_costs_no_row(rows):
    lines = [f"{number}\t{chr(34) if number == 3 else ''}Line {number} goes on" for number in range(1, 15_001)]
    found = rows("a.tsv", "id\ttext\n" + "\n".join(lines))
    assert len(found) == 15_000
    assert found[2] == '"Line 3 goes on'
    assert "rows with a quotation mark that opens nothing, which was read as text: 1" in rows.said.notes


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f'"3","Wall","{LONG} one."\n"4","Street","{LONG} two."\n"1","Oil","{LONG} three."\n', 3),
        (f"{LONG} one.,positive\n{LONG} two.,negative\n{LONG} three.,positive\n" * 3, 9),
        ("The first of all sentences here.\nThe second one.\nThe third one.\n", 3),
        ("sentence\nThe first of all sentences here.\nThe second one.\n", 2),
        ("year,text\n1990,It was\n1991,It is\n", 2),
        ("2019,2020\nfew words here and there,other words here\nmore words than this,and more\n", 2),
    ],
)
def test_a_first_row_that_names_no_columns_is_a_row(rows, content, expected):
    assert len(rows("a.csv", content)) == expected
    assert ("its first row names no columns" in rows.said.notes) == (len(content.strip().split("\n")) == expected)


def test_what_the_first_row_is_can_be_chosen(rows):
    content = "hello there\nwhat is it\n"
    assert rows("a.csv", content, header="none", column="column 1") == ["hello there", "what is it"]
    assert rows("a.csv", "2\n" + content, header="first", column="2") == ["hello there", "what is it"]


ROWS = [{"label": 1, "text": "one is here"}, {"label": 0, "text": "two is here"}]
TEXTS = [row["text"] for row in ROWS]
JSON = {
    "a list": ROWS,
    "under a name": {"version": "1.0", "data": ROWS},
    "beside other lists": {"tags": ["news", "sport"], "errors": [], "data": ROWS},
    "columns": {"label": [1, 0], "text": TEXTS},
    "splits": {"train": ROWS[:1], "test": ROWS[1:]},
    "pandas, columns": {"label": {"0": 1, "1": 0}, "text": {"0": TEXTS[0], "1": TEXTS[1]}},
    "pandas, index": {"a": ROWS[0], "b": ROWS[1]},
    "pandas, split": {"columns": ["label", "text"], "index": [0, 1], "data": [[1, TEXTS[0]], [0, TEXTS[1]]]},
    "pandas, table": {"schema": {"fields": [{"name": "label"}, {"name": "text"}]}, "data": ROWS},
    "nested": {"response": {"status": "ok", "items": ROWS}},
    "plain texts": TEXTS,
    "splits of plain texts": {"train": TEXTS[:1], "test": TEXTS[1:]},
    "cells beneath their names": [["label", "text"], [1, TEXTS[0]], [0, TEXTS[1]]],
    "documents in parts": {"data": [{"title": "A", "paragraphs": [{"context": text, "qas": []}]} for text in TEXTS]},
    "plain texts under a name": {"texts": TEXTS, "count": 2},
    "lists of cells": [[1, "one is here and there"], [0, "two is here and there"]],
    "beside a list of other objects": {"authors": [{"name": "A"}, {"name": "B"}], "articles": ROWS},
}  # fmt: skip


@pytest.mark.parametrize("shape", JSON)
def test_json_in_its_usual_shapes(rows, shape):
    found = rows("a.json", json.dumps(JSON[shape]))
    assert [text.removesuffix(" and there") for text in found] == TEXTS


def test_one_object_is_one_row(rows):
    one = {"title": "T", "text": "The text itself.", "tags": ["x", "y"], "comments": [{"text": "no"}]}
    assert rows("a.json", json.dumps(one)) == ["The text itself."]
    assert rows("b.json", json.dumps({"messages": [{"role": "user", "content": "Hi"}]})) == ["Hi"]


def test_splits_and_what_was_passed_over_are_told(rows):
    rows("a.json", json.dumps({"train": ROWS, "test": ROWS, "authors": [{"name": "A"}]}))
    assert "the rows of 'train', 'test' were taken, those of 'authors' were not." in rows.said.notes


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_json_lines_and_json_whatever_their_ending(rows, name):
    assert rows(name, "\n".join(json.dumps(row) for row in ROWS)) == TEXTS
    assert rows(name, json.dumps(ROWS)) == TEXTS
    assert rows(name, json.dumps(ROWS, indent=2)) == TEXTS
    assert rows(name, "\n".join(json.dumps(row, indent=1) for row in ROWS)) == TEXTS


def test_broken_json_names_the_line(rows):
    with pytest.raises(StudioError, match=r"it is not valid JSON \(Expecting value in line 3\)"):
        rows("a.json", '[\n{"text": "one"},\n oh]')


def test_a_column_that_comes_late(rows):
    lines = [{"url": f"https://example.org/a/long/path/to/a/page/{number}"} for number in range(300)]
    content = "\n".join(map(json.dumps, [*lines, *ROWS]))
    assert rows("a.jsonl", content) == TEXTS
    assert rows("a.jsonl", content, column="TEXT") == TEXTS
    note = "column 'text' was taken, of the columns url, label, text; 302 rows read, 2 kept, 300 left out because"
    assert note in rows.said.notes


def test_addresses_and_keys_are_no_texts(rows):
    table = "\n".join(json.dumps({"url": "https://example.org/" + "x" * 60, "note": f"{LONG} {n}"}) for n in range(3))
    assert rows("a.jsonl", table) == [f"{LONG} {n}" for n in range(3)]
    with pytest.raises(StudioError, match="no column looks like text; choose one of its columns: url"):
        rows("b.jsonl", json.dumps({"url": "https://example.org/" + "x" * 60}))
    with pytest.raises(StudioError, match="its column 'label' holds no text; its columns are: label, text"):
        rows("c.jsonl", json.dumps(ROWS[0]), column="label")


def test_conversations_become_texts(rows):
    talk = [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Me."}]
    table = [{"id": "number-1-of-all-conversations", "conversations": talk}]
    assert rows("a.json", json.dumps(table)) == ["Who?\n\nMe."]


ARROW = {
    "dictionary": pyarrow.array(TEXTS).dictionary_encode(),
    "view": pyarrow.array(TEXTS, pyarrow.string_view()),
    "large": pyarrow.array(TEXTS, pyarrow.large_string()),
    "binary": pyarrow.array([text.encode() for text in TEXTS], pyarrow.binary()),
    "list": pyarrow.array([[text] for text in TEXTS]),
    "messages": pyarrow.array([[{"role": "user", "content": text}] for text in TEXTS]),
}


@pytest.mark.parametrize("chosen", ["", "text"])
@pytest.mark.parametrize("kind", ARROW)
def test_parquet_columns_of_every_kind(rows, tmp_path, kind, chosen):
    links = [f"https://example.org/a/long/path/to/a/page/{number}" for number in range(2)]
    table = pyarrow.table({"text": ARROW[kind], "url": links, "raw": [b"\xff\xfe\x00", b"\xff"], "number": [1, 2]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert rows("b.parquet", (tmp_path / "a.parquet").read_bytes(), column=chosen) == TEXTS


def test_rows_are_cut_where_a_length_is_asked_for(rows, prose):
    content = json.dumps({"text": prose(5000)})
    assert len(rows("a.jsonl", content)) == 1
    assert len(rows("b.jsonl", content, documents="paragraphs", length=1000)) > 3


def test_the_command_line_tells_the_column_and_the_rows(workspace, tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("label,text\ngood,one\nbad,\n", "utf-8")
    arguments = ["--workspace", str(workspace.path), "datasets", "add", str(path), "--name", "told"]
    assert cli.main([*arguments, "--json"]) == 0
    assert (
        "column 'text' was taken, of the columns label, text; 2 rows read, 1 kept, 1 left out"
        in capsys.readouterr().out
    )
    assert cli.main([*arguments[:-1], "other", "--column", "label"]) == 0
    with open_documents(workspace, "other") as documents:
        assert [document.text for document in documents] == ["good", "bad"]


def test_how_tables_were_read_is_no_warning(rows):
    rows("a.csv", "label,text\n1,one\n2,two\n")
    (note,) = rows.said.of(Note)
    assert note.level == "info"
    assert rows.said.result["facts"] == [note.text]


STRAYED = {
    "comments above": ("a.csv", "# notes\n# more, notes\nid,text\n1,one\n2,two\n", ["one", "two"]),
    "names behind a number sign": ("a.csv", "# of 2020\n#id,text\n1,one\n2,two\n", ["one", "two"]),
    "a report above": ("a.csv", "Report,Sales\nDate,2020\n\nid,text,x\n1,one,3\n2,two,4\n3,six,5\n",
                       ["one", "two", "six"]),
    "rows without content above": ("a.csv", " ;;\n;;\nid;text;x\n1;one;2\n2;two;4\n", ["one", "two"]),
    "prose with a blank line": ("a.csv", "A day\n\nSun, wind, rain\nHail, snow, ice\nFog, mist, dew\n",
                                ["Sun, wind, rain", "Hail, snow, ice", "Fog, mist, dew"]),
    "a comma behind each row": ("a.csv", "id,text\n1,one,\n2,two,\n", ["one", "two"]),
    "a comma behind one row": ("a.csv", "id,text\n1,one\n2,two, \n", ["one", "two"]),
    "names of rows": ("a.csv", '"id","text"\n"a",5,"one"\n"b",6,"two"\n', ["one", "two"]),
    "names of rows between tabs": ("a.tsv", "id\ttext\na\t5\tone\nb\t6\ttwo\n", ["one", "two"]),
    "a comma in each text": ("a.csv", "id,text\n1,one,two\n2,three,four\n", ["one,two", "three,four"]),
    "blanks before quotes": ("a.csv", 'id, text, x\n1, "one, two" , 3\n2, "so ""so"", so", 5\n',
                             ["one, two", 'so "so", so']),
    "blanks before quotes over lines": ("a.csv", 'id, text\n1, "one,\n "", two"\n2, "so, so"\n',
                                        ['one,\n ", two', "so, so"]),
}  # fmt: skip


@pytest.mark.parametrize("case", STRAYED)
def test_delimited_text_that_strays(rows, case):
    name, content, expected = STRAYED[case]
    assert rows(name, content, column="" if "prose" in case else "text") == expected


def test_lines_above_a_table_are_told(rows):
    rows("a.csv", "# notes\nid,text\n1,one\n2,two\n", column="text")
    assert "a.csv: lines above the table, which were left out: 1." in rows.said.notes


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_texts_that_come_late_are_found(rows, tmp_path, ending):
    blank, late = [{"url": "http://x.org", "text": None}] * 150, [{"url": "http://x.org", "text": LONG}]
    if ending == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(blank + late), tmp_path / "made")
        content: str | bytes = (tmp_path / "made").read_bytes()
    elif ending == "csv":
        content = "url,text\n" + "http://x.org,\n" * 150 + f"http://x.org,{LONG}\n"
    else:
        content = "".join(json.dumps(row) + "\n" for row in blank + late)
    assert rows(f"a.{ending}", content) == [LONG]
    assert "151 rows read, 1 kept, 150 left out" in rows.said.notes


def test_columns_of_one_name_are_told_apart(rows, tmp_path):
    arrays = [pyarrow.array(each) for each in (["k", "l"], ["one", "two"], ["three", "four"])]
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, ["text.id", "text", "text"]), tmp_path / "made")
    content = (tmp_path / "made").read_bytes()
    assert rows("a.parquet", content) == ["one", "two"]
    assert "of the columns text.id, text, text (3)" in rows.said.notes
    assert rows("b.parquet", content, column="text (3)") == ["three", "four"]
    assert rows("c.parquet", content, column="text.id") == ["k", "l"]


def test_a_text_within_a_column_of_fields_is_taken(rows, tmp_path):
    table = pyarrow.table({"id": [1], "document": [{"text": LONG, "words": 9}]})
    pyarrow.parquet.write_table(table, tmp_path / "made")
    assert rows("a.parquet", (tmp_path / "made").read_bytes()) == [LONG]
