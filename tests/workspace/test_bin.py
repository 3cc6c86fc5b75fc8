"""What was deleted can be put back until the bin is emptied."""

import pytest

from fmstudio.workspace import WorkspaceError
from fmstudio.workspace.bin import Bin


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letters" / "one.json"
    path.parent.mkdir()
    path.write_text("Dear")
    return path


def test_a_file_goes_aside_and_comes_back(tmp_path, letter):
    kept = Bin(tmp_path)
    assert kept.size == 0
    kept.throw(letter)
    assert not letter.exists()
    assert kept.size == 4
    kept.put_back(letter)
    assert letter.read_text() == "Dear"
    assert kept.size == 0


def test_what_is_not_there_needs_no_throwing(tmp_path):
    Bin(tmp_path).throw(tmp_path / "letters" / "none.json")
    assert not (tmp_path / "bin").exists()


def test_an_emptied_bin_gives_nothing_back(tmp_path, letter):
    kept = Bin(tmp_path)
    kept.throw(letter)
    kept.empty()
    assert kept.size == 0
    with pytest.raises(WorkspaceError, match=r"one.json is not in the bin any more"):
        kept.put_back(letter)


def test_nothing_is_written_over(tmp_path, letter):
    kept = Bin(tmp_path)
    kept.throw(letter)
    letter.write_text("Another")
    with pytest.raises(WorkspaceError, match=r"There is a one.json again"):
        kept.put_back(letter)
    assert letter.read_text() == "Another"
