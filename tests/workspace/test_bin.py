"""What was deleted lies in the bin with a record of itself, and can be put back until the bin is emptied."""

import pytest

from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.bin import Bin


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letters" / "one.json"
    path.parent.mkdir()
    path.write_text("Dear")
    return path


@pytest.fixture
def kept(tmp_path):
    return Bin(tmp_path)


def test_a_file_goes_aside_with_a_record_of_what_it_was_and_comes_back(kept, letter):
    assert (kept.size, kept.entries()) == (0, [])
    kept.throw("letter", "one", letter, "To you")
    (entry,) = kept.entries()
    assert not letter.exists()
    assert (entry.kind, entry.name, entry.title, entry.place, entry.bytes) == (
        "letter", "one", "To you", "letters/one.json", 4,
    )  # fmt: skip
    assert kept.size > 4
    kept.take_out(entry, letter)
    assert letter.read_text() == "Dear"
    assert (kept.size, kept.entries()) == (0, [])


def test_the_latest_comes_first_and_is_meant_by_its_name(kept, letter):
    for text in ("first", "second"):
        letter.write_text(text)
        kept.throw("letter", "one", letter)
    second, first = kept.entries()
    assert (kept.latest("letter", "one"), kept.entry("one"), kept.entry(first.id)) == (second, second, first)
    assert kept.content(first).read_text() == "first"


def test_what_is_not_there_is_told_with_what_is(kept, letter):
    with pytest.raises(WorkspaceError, match=r"'two' is not in the bin any more.*it is empty"):
        kept.entry("two")
    kept.throw("letter", "one", letter)
    with pytest.raises(WorkspaceError, match=r"it has one \(letter\)"):
        kept.entry("two")
    with pytest.raises(WorkspaceError, match="The letter 'two' is not in the bin any more"):
        kept.latest("letter", "two")


def test_an_emptied_bin_gives_nothing_back(kept, letter):
    kept.throw("letter", "one", letter)
    kept.empty()
    assert kept.size == 0
    with pytest.raises(WorkspaceError, match="not in the bin any more"):
        kept.latest("letter", "one")


def test_nothing_is_written_over(kept, letter):
    entry = kept.throw("letter", "one", letter)
    letter.write_text("Another")
    with pytest.raises(WorkspaceError, match=r"There is a one.json again"):
        kept.take_out(entry, letter)
    assert letter.read_text() == "Another"
    assert kept.entries() == [entry]


def test_what_says_nothing_of_itself_is_passed_over_and_emptied(kept, letter):
    entry = kept.throw("letter", "one", letter)
    (kept.folder / "strange").mkdir()
    (kept.folder / "strange" / "entry.toml").write_text("id = [")
    half = kept.throw("letter", "two", kept.folder / "strange" / "entry.toml")
    kept.content(half).unlink()  # a kill between its record and its move
    assert kept.entries() == [entry]
    kept.empty()
    assert not kept.folder.exists()
