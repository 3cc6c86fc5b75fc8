"""Before a table of examples is imported one sees of which kind it is, what its rows become and what is left out."""

import json
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from fmstudio.data.errors import DataError
from fmstudio.data.tuning import table_preview
from fmstudio.jobs import JobContext
from tests.data.tuning.test_intake import ASKED, CHAT, PAIR, SAID, lines
from tests.driving import run_job


def look(path: Path, kind: str = "", **options: Any) -> dict[str, Any]:
    """What the job shows of a table."""
    told: dict[str, Any] = run_job(table_preview.preview(JobContext(), str(path), kind, options))[0][-1].data
    return told


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (CHAT, "instructions"),
        ({"instruction": "Sum up.", "input": "A text.", "output": "Short."}, "instructions"),
        (PAIR, "preferences"),
        ({"prompt": "Why?", "completion": "So.", "label": True}, "preferences"),
        ({"text": "Once upon a time."}, ""),
        ({"title": "A film", "review": "It was good.", "label": "good"}, ""),
    ],
)
def test_the_kind_is_told_by_the_shape_of_the_rows(tmp_path: Path, row: Any, kind: str) -> None:
    assert look(lines(tmp_path / "rows.jsonl", row, row))["kind"] == kind


def test_parquet_and_the_first_table_of_a_folder_are_told_too(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.txt").write_text("no table")
    parquet.write_table(arrow.Table.from_pylist([CHAT]), folder / "b.parquet")
    told = look(folder)
    assert (told["file"], told["kind"], told["counts"]) == ("b.parquet", "instructions", {"conversations": 1})
    assert look(folder / "a.txt")["file"] == ""


def test_first_rows_are_read_as_conversations_and_what_is_left_out_has_its_rows(tmp_path: Path) -> None:
    bad = {"messages": [*ASKED, *ASKED, *SAID]}
    empty = {"messages": [*ASKED, {"role": "assistant", "content": ""}]}
    told = look(lines(tmp_path / "rows.jsonl", CHAT, bad, "{broken", CHAT, empty, bad), "instructions")
    assert told["counts"] == {"conversations": 2}
    assert told["first"][0] == f"User\n{ASKED[0]['content']}\n\nAssistant\n{SAID[0]['content']}"
    sentences = "\n".join(told["left_out"])
    assert "it has two turns of the user in a row (rows 2, 5)" in sentences
    assert "1 row was left out because an answer is empty (row 4)" in sentences
    assert "(line 3)" in sentences, "the broken line is counted and named"
    assert (told["rows"], told["complete"]) == (5, True)


def test_columns_of_other_names_are_offered_and_can_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("frage,antwort\nWas?,Das.\nWo?,Da.\n")
    assert look(path)["kind"] == ""
    told = look(path, "instructions")
    assert (told["counts"], [each["name"] for each in told["columns"]]) == ({}, ["frage", "antwort"])
    assert told["columns"][0]["values"] == ["Was?", "Wo?"]
    told = look(path, "instructions", columns={"prompt": "frage", "completion": "antwort"})
    assert told["counts"] == {"conversations": 2}
    taken = {each["name"]: each["column"] for each in told["parts"]}
    assert taken == {"messages": "", "prompt": "frage", "input": "", "completion": "antwort", "system": ""}
    assert [each["name"] for each in look(path, "preferences")["parts"]] == [
        "prompt", "input", "chosen", "rejected", "completion", "label", "system",
    ]  # fmt: skip


def test_only_the_beginning_of_a_long_table_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_preview, "LOOKED_AT", 10)
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(CHAT)}\n" * 100)
    told = look(path, "instructions")
    assert (told["rows"], told["complete"], told["counts"]) == (10, False, {"conversations": 10})


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(DataError, match=r"bad\.json cannot be read: "):
        look(tmp_path / "bad.json", "instructions")
