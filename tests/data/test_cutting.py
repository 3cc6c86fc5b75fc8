"""Long texts become documents at good places, and nothing is lost between them."""

import pytest

from fmstudio.data.cutting import Cutting, cut, documents_from


def chunked(text: str, size: int):
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [7, 1000, 10**9])
def test_pieces_join_to_the_text_and_do_not_depend_on_chunks(prose, size):
    text = prose(50_000)
    pieces = list(cut(chunked(text, size), Cutting(whole=1500, length=1000)))
    assert "".join(pieces) == text
    assert pieces == list(cut([text], Cutting(whole=1500, length=1000)))
    assert all(500 <= len(piece) <= 1500 for piece in pieces)
    # Paragraphs of a fifth of the length: every cut has a blank line near.
    assert all(piece.endswith("\n\n") for piece in pieces)


def test_a_short_text_stays_whole(prose):
    assert list(cut(chunked(prose(900), 50), Cutting(whole=1500, length=500))) == [prose(900)]


def test_a_heading_is_the_best_place(prose):
    acts = [f"ACT {number}\n\n{prose(900, number)}" for number in range(1, 6)]
    texts = documents_from(["".join(acts)], Cutting(whole=1000, length=1000), title="Play", source="play.txt")
    found = list(texts)
    assert [document.text for document in found] == [act.strip() for act in acts]
    assert [document.title for document in found] == [f"Play · ACT {number}" for number in range(1, 6)]


def test_a_text_without_any_blank_is_cut_all_the_same():
    assert [len(piece) for piece in cut(["x" * 2500], Cutting(whole=1000, length=1000))] == [1000, 1500]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_separator_lines(size):
    text = "one\nstill one\n---\ntwo --- not here\n---  \n\nthree\n---"
    found = documents_from(chunked(text, size), Cutting(separator="---"), title="t", source="s")
    assert [document.text for document in found if document] == ["one\nstill one", "two --- not here", "three"]


def test_a_file_of_middle_size_gives_documents_enough_to_split(workspace, add, tmp_path, prose):
    (tmp_path / "book.txt").write_text(prose(100_000), "utf-8")
    assert 15 <= add(tmp_path / "book.txt").result["documents"] <= 30
    assert add(tmp_path / "book.txt", name="whole", documents="file").result["documents"] == 1
    many = add(tmp_path / "book.txt", name="many", documents="paragraphs", length=500).result["documents"]
    assert 150 <= many <= 250
    assert "cut near 500 characters" in workspace.dataset("many").details["documents"]


def test_many_short_files_stay_whole(add, tmp_path, prose):
    (tmp_path / "many").mkdir()
    for number in range(25):
        (tmp_path / "many" / f"{number:02}.txt").write_text(prose(20_000, number), "utf-8")
    assert add(tmp_path / "many").result["documents"] == 25
