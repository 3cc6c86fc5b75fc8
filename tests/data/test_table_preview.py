"""Before a table is imported its columns are shown, and the one that an import takes."""

import pyarrow
import pyarrow.parquet
import pytest

from fmstudio.data import table_preview
from fmstudio.errors import StudioError
from fmstudio.jobs import JobContext
from tests.driving import run_job

ROWS = {"id": [1, 2], "review": ["A film that was worth the long way.", "So so, and much too long."], "mark": ["", ""]}


def look(path, **options):
    """What the job shows of a table."""
    return run_job(table_preview.columns(JobContext(), str(path), options))[0][-1].data


@pytest.fixture
def csv(tmp_path):
    """A table of reviews."""
    made = tmp_path / "reviews.csv"
    lines = [",".join(ROWS), *(f'{n},"{review}",' for n, review in zip(ROWS["id"], ROWS["review"], strict=True))]
    made.write_text("\n".join(lines))
    return made


def test_the_columns_of_a_table_have_values_and_one_is_chosen(csv):
    shown = look(csv)
    assert (shown["file"], shown["column"], shown["problem"]) == ("reviews.csv", "review", "")
    assert [(each["name"], each["values"]) for each in shown["columns"]] == [
        ("id", ["1", "2"]), ("review", ROWS["review"]), ("mark", [])
    ]  # fmt: skip


def test_a_column_can_be_wanted_and_one_without_text_is_refused_with_a_reason(csv):
    assert look(csv, column="ID")["column"] == "id"
    shown = look(csv, column="mark")
    assert shown["column"] == ""
    assert shown["problem"].startswith("Its column 'mark' holds no text")


def test_parquet_and_the_first_table_of_a_folder_are_shown_too(csv, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.txt").write_text("no table")
    pyarrow.parquet.write_table(pyarrow.table({name: ROWS[name] for name in ("id", "review")}), folder / "b.parquet")
    shown = look(folder)
    assert (shown["file"], shown["column"]) == ("b.parquet", "review")
    assert look(tmp_path / "tables" / "a.txt")["file"] == ""


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(StudioError, match=r"bad\.json cannot be read: "):
        look(tmp_path / "bad.json")
